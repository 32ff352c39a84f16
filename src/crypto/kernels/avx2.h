#pragma once
/// The vocabulary of the generic kernels, spoken in AVX2: a Vec is one 64-bit number of each of eight lanes, in two
/// registers. There is no multiplication of 52 bits here, but one of 32 (field25519_avx2.inl).

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

namespace {

using Half = __m256i;
struct Vec {
  Half half[2];
};
using Mask = uint8_t;  // one bit a lane

/// Does the same to both halves.
template <class Operation>
[[gnu::always_inline]] inline Vec each(Operation operation) {
  return {{operation(0), operation(1)}};
}

[[gnu::always_inline]] inline Vec splat(uint64_t value) {
  const Half all = _mm256_set1_epi64x(static_cast<long long>(value));
  return {{all, all}};
}
[[gnu::always_inline]] inline Vec zero() { return {{_mm256_setzero_si256(), _mm256_setzero_si256()}}; }
[[gnu::always_inline]] inline Vec load(const uint64_t* eight) {
  return each([&](int i) { return _mm256_loadu_si256(reinterpret_cast<const Half*>(eight + 4 * i)); });
}
[[gnu::always_inline]] inline void store(uint64_t* eight, const Vec& value) {
  _mm256_storeu_si256(reinterpret_cast<Half*>(eight), value.half[0]);
  _mm256_storeu_si256(reinterpret_cast<Half*>(eight + 4), value.half[1]);
}

[[gnu::always_inline]] inline Vec add(const Vec& a, const Vec& b) {
  return each([&](int i) { return _mm256_add_epi64(a.half[i], b.half[i]); });
}
[[gnu::always_inline]] inline Vec sub(const Vec& a, const Vec& b) {
  return each([&](int i) { return _mm256_sub_epi64(a.half[i], b.half[i]); });
}
[[gnu::always_inline]] inline Vec both(const Vec& a, const Vec& b) {
  return each([&](int i) { return _mm256_and_si256(a.half[i], b.half[i]); });
}
[[gnu::always_inline]] inline Vec either(const Vec& a, const Vec& b) {
  return each([&](int i) { return _mm256_or_si256(a.half[i], b.half[i]); });
}
/// Of the low 32 bits.
[[gnu::always_inline]] inline Vec multiply32(const Vec& a, const Vec& b) {
  return each([&](int i) { return _mm256_mul_epu32(a.half[i], b.half[i]); });
}

template <unsigned Bits>
[[gnu::always_inline]] inline Vec shift_left(const Vec& a) {
  return each([&](int i) { return _mm256_slli_epi64(a.half[i], Bits); });
}
template <unsigned Bits>
[[gnu::always_inline]] inline Vec shift_right(const Vec& a) {
  return each([&](int i) { return _mm256_srli_epi64(a.half[i], Bits); });
}
/// A shift by 64 gives zero.
[[gnu::always_inline]] inline Vec shift_left_by(const Vec& a, const Vec& bits) {
  return each([&](int i) { return _mm256_sllv_epi64(a.half[i], bits.half[i]); });
}
[[gnu::always_inline]] inline Vec shift_right_by(const Vec& a, const Vec& bits) {
  return each([&](int i) { return _mm256_srlv_epi64(a.half[i], bits.half[i]); });
}

/// The highest bits of the lanes.
[[gnu::always_inline]] inline Mask signs(const Vec& a) {
  const int low = _mm256_movemask_pd(_mm256_castsi256_pd(a.half[0]));
  return static_cast<Mask>(low | _mm256_movemask_pd(_mm256_castsi256_pd(a.half[1])) << 4);
}
[[gnu::always_inline]] inline Mask equal(const Vec& a, const Vec& b) {
  return signs(each([&](int i) { return _mm256_cmpeq_epi64(a.half[i], b.half[i]); }));
}
/// For numbers below 2^63.
[[gnu::always_inline]] inline Mask below(const Vec& a, const Vec& b) { return signs(sub(a, b)); }
/// The lanes whose a & b is not zero.
[[gnu::always_inline]] inline Mask test(const Vec& a, const Vec& b) {
  return static_cast<Mask>(~equal(both(a, b), zero()));
}
/// All ones in the lanes of the mask.
[[gnu::always_inline]] inline Vec spread(Mask mask) {
  const Half bits = _mm256_set1_epi64x(mask);
  const Half low = _mm256_set_epi64x(8, 4, 2, 1);
  const Half high = _mm256_set_epi64x(128, 64, 32, 16);
  return {
      {_mm256_cmpeq_epi64(_mm256_and_si256(bits, low), low), _mm256_cmpeq_epi64(_mm256_and_si256(bits, high), high)}};
}
/// Lane by lane: yes where the mask has a one, no elsewhere.
[[gnu::always_inline]] inline Vec select(Mask mask, const Vec& yes, const Vec& no) {
  const Vec wide = spread(mask);
  return each([&](int i) { return _mm256_blendv_epi8(no.half[i], yes.half[i], wide.half[i]); });
}

/// A table's numbers have at most 32 bits.
using TableWord = uint32_t;
/// Lane by lane the number at index, from 0 to 15. All four registers are read whatever the index is.
[[gnu::always_inline]] inline Vec lookup16(const TableWord* sixteen, const Vec& index) {
  const Half low = _mm256_loadu_si256(reinterpret_cast<const Half*>(sixteen));
  const Half high = _mm256_loadu_si256(reinterpret_cast<const Half*>(sixteen + 8));
  return each([&](int i) {
    const Half at = index.half[i];
    const Half upper = _mm256_cmpgt_epi64(at, _mm256_set1_epi64x(7));
    const Half found =
        _mm256_blendv_epi8(_mm256_permutevar8x32_epi32(low, at), _mm256_permutevar8x32_epi32(high, at), upper);
    return _mm256_blend_epi32(found, _mm256_setzero_si256(), 0xaa);
  });
}

/// Lane i takes lane i + Count's number, counted round.
template <int Count>
[[gnu::always_inline]] inline Vec rotate_lanes(const Vec& a) {
  uint64_t lanes[16];
  store(lanes, a);
  store(lanes + 8, a);
  const Vec rotated = load(lanes + Count);
  __builtin_memset(lanes, 0, sizeof lanes);
  __asm__ __volatile__("" : : "r"(lanes) : "memory");
  return rotated;
}

}  // namespace
