#pragma once
/// The vocabulary of the generic kernels, spoken in AVX-512: a Vec is one 64-bit number a lane.

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

namespace {

using Vec = __m512i;
using Mask = __mmask8;  // one bit a lane

[[gnu::always_inline]] inline Vec splat(uint64_t value) { return _mm512_set1_epi64(static_cast<long long>(value)); }
[[gnu::always_inline]] inline Vec zero() { return _mm512_setzero_si512(); }
[[gnu::always_inline]] inline Vec load(const uint64_t* eight) { return _mm512_loadu_si512(eight); }
[[gnu::always_inline]] inline void store(uint64_t* eight, Vec value) { _mm512_storeu_si512(eight, value); }

[[gnu::always_inline]] inline Vec add(Vec a, Vec b) { return _mm512_add_epi64(a, b); }
[[gnu::always_inline]] inline Vec sub(Vec a, Vec b) { return _mm512_sub_epi64(a, b); }
[[gnu::always_inline]] inline Vec both(Vec a, Vec b) { return _mm512_and_si512(a, b); }
[[gnu::always_inline]] inline Vec either(Vec a, Vec b) { return _mm512_or_si512(a, b); }
/// Zero where the two are equal.
[[gnu::always_inline]] inline Vec differing(Vec a, Vec b) { return _mm512_xor_si512(a, b); }
/// Bit by bit: the sum without carry, the choice of b or c by a, and what most of the three are (FIPS 180-4 4.1.3).
[[gnu::always_inline]] inline Vec parity(Vec a, Vec b, Vec c) { return _mm512_ternarylogic_epi64(a, b, c, 0x96); }
[[gnu::always_inline]] inline Vec choose(Vec a, Vec b, Vec c) { return _mm512_ternarylogic_epi64(a, b, c, 0xca); }
[[gnu::always_inline]] inline Vec majority(Vec a, Vec b, Vec c) { return _mm512_ternarylogic_epi64(a, b, c, 0xe8); }

template <unsigned Bits>
[[gnu::always_inline]] inline Vec shift_left(Vec a) {
  return _mm512_slli_epi64(a, Bits);
}
template <unsigned Bits>
[[gnu::always_inline]] inline Vec shift_right(Vec a) {
  return _mm512_srli_epi64(a, Bits);
}
/// Keeps the sign.
template <unsigned Bits>
[[gnu::always_inline]] inline Vec shift_right_signed(Vec a) {
  return _mm512_srai_epi64(a, Bits);
}
template <int Bits>
[[gnu::always_inline]] inline Vec rotate_right(Vec a) {
  return _mm512_ror_epi64(a, Bits);
}
[[gnu::always_inline]] inline Vec shift_left_by(Vec a, Vec bits) { return _mm512_sllv_epi64(a, bits); }
[[gnu::always_inline]] inline Vec shift_right_by(Vec a, Vec bits) { return _mm512_srlv_epi64(a, bits); }

/// sum + the low, or the high, 52 bits of a·b, where only the low 52 bits of a and of b count.
[[gnu::always_inline]] inline Vec madd_low(Vec sum, Vec a, Vec b) { return _mm512_madd52lo_epu64(sum, a, b); }
[[gnu::always_inline]] inline Vec madd_high(Vec sum, Vec a, Vec b) { return _mm512_madd52hi_epu64(sum, a, b); }

/// The lanes whose a & b is not zero.
[[gnu::always_inline]] inline Mask test(Vec a, Vec b) { return _mm512_test_epi64_mask(a, b); }
/// Lane by lane: yes where the mask has a one, no elsewhere.
[[gnu::always_inline]] inline Vec select(Mask mask, Vec yes, Vec no) { return _mm512_mask_blend_epi64(mask, no, yes); }

[[gnu::always_inline]] inline Mask equal(Vec a, Vec b) { return _mm512_cmpeq_epi64_mask(a, b); }
[[gnu::always_inline]] inline Mask below(Vec a, Vec b) { return _mm512_cmplt_epu64_mask(a, b); }

using TableWord = uint64_t;
/// Lane by lane the number at index mod 16. Both registers are read whatever the index is, so it leaves no trace in a
/// cache.
[[gnu::always_inline]] inline Vec lookup16(const TableWord* sixteen, Vec index) {
  return _mm512_permutex2var_epi64(load(sixteen), index, load(sixteen + 8));
}

/// Lane i takes lane i + Count's number, counted round.
template <int Count>
[[gnu::always_inline]] inline Vec rotate_lanes(Vec a) {
  return _mm512_alignr_epi64(a, a, Count);
}

}  // namespace
