#pragma once
/// The vocabulary of SHA-256 by lanes, spoken in AVX-512: a Vec is one 32-bit word of each of sixteen lanes.

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

namespace {

using Vec = __m512i;
constexpr size_t kWordLanes = 16;

[[gnu::always_inline]] inline Vec splat(uint32_t value) { return _mm512_set1_epi32(static_cast<int>(value)); }
[[gnu::always_inline]] inline Vec load(const uint32_t* sixteen) { return _mm512_loadu_si512(sixteen); }
[[gnu::always_inline]] inline void store(uint32_t* sixteen, Vec value) { _mm512_storeu_si512(sixteen, value); }
[[gnu::always_inline]] inline Vec add(Vec a, Vec b) { return _mm512_add_epi32(a, b); }

/// Bit by bit: the sum without carry, the choice of b or c by a, and what most of the three are (FIPS 180-4 4.1.2).
[[gnu::always_inline]] inline Vec parity(Vec a, Vec b, Vec c) { return _mm512_ternarylogic_epi32(a, b, c, 0x96); }
[[gnu::always_inline]] inline Vec choose(Vec a, Vec b, Vec c) { return _mm512_ternarylogic_epi32(a, b, c, 0xca); }
[[gnu::always_inline]] inline Vec majority(Vec a, Vec b, Vec c) { return _mm512_ternarylogic_epi32(a, b, c, 0xe8); }

template <unsigned Bits>
[[gnu::always_inline]] inline Vec shift_right(Vec a) {
  return _mm512_srli_epi32(a, Bits);
}
template <int Bits>
[[gnu::always_inline]] inline Vec rotate_right(Vec a) {
  return _mm512_ror_epi32(a, Bits);
}

}  // namespace
