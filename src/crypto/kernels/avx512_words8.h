#pragma once
/// The vocabulary of SHA-256 by lanes, spoken in AVX-512 VL on half registers, where three units
/// instead of two compute: a Vec is one 32-bit word of each of eight lanes.

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

namespace {

using Vec = __m256i;
constexpr size_t kWordLanes = 8;

[[gnu::always_inline]] inline Vec splat(uint32_t value) { return _mm256_set1_epi32(static_cast<int>(value)); }
[[gnu::always_inline]] inline Vec load(const uint32_t* eight) {
  return _mm256_loadu_si256(reinterpret_cast<const Vec*>(eight));
}
[[gnu::always_inline]] inline void store(uint32_t* eight, Vec value) {
  _mm256_storeu_si256(reinterpret_cast<Vec*>(eight), value);
}
[[gnu::always_inline]] inline Vec add(Vec a, Vec b) { return _mm256_add_epi32(a, b); }

/// Bit by bit: the sum without carry, the choice of b or c by a, and what most of the three are (FIPS 180-4 4.1.2).
[[gnu::always_inline]] inline Vec parity(Vec a, Vec b, Vec c) { return _mm256_ternarylogic_epi32(a, b, c, 0x96); }
[[gnu::always_inline]] inline Vec choose(Vec a, Vec b, Vec c) { return _mm256_ternarylogic_epi32(a, b, c, 0xca); }
[[gnu::always_inline]] inline Vec majority(Vec a, Vec b, Vec c) { return _mm256_ternarylogic_epi32(a, b, c, 0xe8); }

template <unsigned Bits>
[[gnu::always_inline]] inline Vec shift_right(Vec a) {
  return _mm256_srli_epi32(a, Bits);
}
template <int Bits>
[[gnu::always_inline]] inline Vec rotate_right(Vec a) {
  return _mm256_ror_epi32(a, Bits);
}

}  // namespace
