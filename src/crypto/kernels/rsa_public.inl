// RSA's public operation with the exponent 65537 (RFC 8017 5.2.2). All of it is public. Needs rsa.inl before it.

namespace {

using handsel::crypto::RsaPublicBatch;

/// -1/odd modulo 2^52, by Newton's iteration: an odd number is its own inverse modulo 8, and each step doubles the
/// bits. What multiplies takes the low 52 bits of anything.
inline Vec negated_inverse_of(Vec odd) {
  Vec inverse = odd;
  for (int i = 0; i < 5; ++i) inverse = madd_low(zero(), inverse, sub(splat(2), madd_low(zero(), odd, inverse)));
  return sub(zero(), inverse);
}

/// a·2^Times modulo m, for a from -m to m: doubled, and m subtracted or, where a is negative, added, which leaves it in
/// that range. The result is from 0 to m.
template <int Times, size_t Limbs>
void double_often(Number<Limbs>& a, const Modulus<Limbs>& modulus) {
  const Vec sign = splat(uint64_t{1} << 63);
#pragma GCC unroll 1
  for (int i = 0; i < Times; ++i) {
    const Mask negative = test(a.limb[Limbs - 1], sign);
#pragma GCC unroll 4
    for (size_t j = 0; j < Limbs; ++j) {
      const Vec twice = add(a.limb[j], a.limb[j]);
      a.limb[j] = select(negative, add(twice, modulus.m.limb[j]), sub(twice, modulus.m.limb[j]));
    }
    carry(a);
  }
  const Mask negative = test(a.limb[Limbs - 1], sign);
  for (size_t j = 0; j < Limbs; ++j) a.limb[j] = select(negative, add(a.limb[j], modulus.m.limb[j]), a.limb[j]);
  carry(a);
}

/// R² modulo m. R = 2^(65·kSpare), and kSpare of those bits are more than m has: 2^Bits - m, doubled 2·kSpare times, is
/// R·2^kSpare, and Montgomery's product adds the exponents that stand beside R: six squares make 64 times kSpare of it,
/// one more product 65 times, which is R.
template <size_t Bits>
void r_squared_modulo(Number<RsaShape<Bits>::kLimbs>& result, const Modulus<RsaShape<Bits>::kLimbs>& modulus) {
  constexpr size_t kLimbs = RsaShape<Bits>::kLimbs;
  constexpr size_t kSpare = 52 * kLimbs - Bits;
  static_assert(52 * kLimbs == 65 * kSpare);
  Number<kLimbs> shifted = small_number<kLimbs>(0);
  shifted.limb[Bits / 52] = splat(uint64_t{1} << Bits % 52);
  for (size_t i = 0; i < kLimbs; ++i) shifted.limb[i] = sub(shifted.limb[i], modulus.m.limb[i]);
  carry(shifted);
  double_often<2 * kSpare>(shifted, modulus);
  result = shifted;
  for (int i = 0; i < 6; ++i) square(result, result, modulus);
  multiply(result, result, shifted, modulus);
}

template <size_t Bits>
void rsa_public(const RsaPublicBatch<Bits>& batch, uint64_t (&output)[Bits / 64][8]) {
  constexpr size_t kLimbs = RsaShape<Bits>::kLimbs;
  constexpr size_t kWords = RsaShape<Bits>::kWords;
  Modulus<kLimbs> modulus{from_words<kLimbs, kWords>(batch.modulus), {}};
  modulus.negated_inverse = negated_inverse_of(modulus.m.limb[0]);
  const Number<kLimbs> input = from_words<kLimbs, kWords>(batch.input);
  Number<kLimbs> result;
  r_squared_modulo<Bits>(result, modulus);
  multiply(result, result, input, modulus);
  for (int i = 0; i < 16; ++i) square(result, result, modulus);
  multiply(result, result, input, modulus);  // by the plain number, which takes R away
  reduce(result, modulus);
  to_words(result, output);
}

}  // namespace
