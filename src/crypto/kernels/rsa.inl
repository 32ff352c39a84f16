// RSA private operations by the Chinese remainder theorem (RFC 8017 5.1.2), checked by the public one. Needs lanes.inl
// before it.

namespace {

using handsel::crypto::RsaBatch;
using handsel::crypto::RsaPrime;
using handsel::crypto::RsaShape;

constexpr uint64_t kMask52 = (uint64_t{1} << 52) - 1;

/// A number in limbs of radix 2^52. Modulo m it is kept below 2m: "almost" reduced, as R = 2^(52·Limbs) is above
/// 2^16·m, so that Montgomery's product of two numbers below 16m needs no subtraction to be below 2m.
template <size_t Limbs>
struct Number {
  Vec limb[Limbs];
};

template <size_t Limbs>
[[gnu::always_inline]] inline Number<Limbs> load_limbs(const uint64_t (&source)[Limbs][8]) {
  Number<Limbs> r;
  for (size_t i = 0; i < Limbs; ++i) r.limb[i] = load(source[i]);
  return r;
}

/// So many 64-bit words to limbs, of which the last may have fewer bits, or none.
template <size_t Limbs, size_t Words>
Number<Limbs> from_words(const uint64_t (*words)[8]) {
  Number<Limbs> r;
  for (size_t i = 0; i < Limbs; ++i) {
    const size_t word = 52 * i / 64;
    const size_t shift = 52 * i % 64;
    Vec bits = word < Words ? shift_right_by(load(words[word]), splat(shift)) : zero();
    if (shift > 12 && word + 1 < Words) bits = either(bits, shift_left_by(load(words[word + 1]), splat(64 - shift)));
    r.limb[i] = both(bits, splat(kMask52));
  }
  return r;
}

/// Limbs below 2^52, the sign in the last.
template <size_t Limbs>
[[gnu::always_inline]] inline void carry(Number<Limbs>& a) {
  const Vec mask = splat(kMask52);
#pragma GCC unroll 40
  for (size_t i = 0; i + 1 < Limbs; ++i) {
    a.limb[i + 1] = add(a.limb[i + 1], shift_right_signed<52>(a.limb[i]));
    a.limb[i] = both(a.limb[i], mask);
  }
}

/// A modulus with -1/m modulo 2^52.
template <size_t Limbs>
struct Modulus {
  Number<Limbs> m;
  Vec negated_inverse;
};

/// a·b/R modulo m. Limb by limb of b, with the lowest limb shifted out each time; an accumulator takes part in at most
/// Limbs rounds and gets four halves below 2^52 in each: below 320·2^52 < 2^61.
template <size_t Limbs>
[[gnu::noinline]] void multiply(Number<Limbs>& out, const Number<Limbs>& a, const Number<Limbs>& b,
                                const Modulus<Limbs>& modulus) {
  Number<Limbs> sum;
#pragma GCC unroll 40
  for (size_t j = 0; j < Limbs; ++j) sum.limb[j] = zero();
#pragma GCC unroll 1
  for (size_t i = 0; i < Limbs; ++i) {
    const Vec by = b.limb[i];
    const Vec lowest = madd_low(sum.limb[0], a.limb[0], by);
    const Vec q = madd_low(zero(), lowest, modulus.negated_inverse);
    const Vec gone = shift_right<52>(madd_low(lowest, modulus.m.limb[0], q));
#pragma GCC unroll 40
    for (size_t j = 1; j < Limbs; ++j) {
      const Vec low = madd_low(madd_low(sum.limb[j], a.limb[j], by), modulus.m.limb[j], q);
      sum.limb[j - 1] = madd_high(madd_high(low, a.limb[j - 1], by), modulus.m.limb[j - 1], q);
    }
    sum.limb[0] = add(sum.limb[0], gone);
    sum.limb[Limbs - 1] = madd_high(madd_high(zero(), a.limb[Limbs - 1], by), modulus.m.limb[Limbs - 1], q);
  }
  carry(sum);
  out = sum;
}

/// a²/R modulo m. The halves of unlike limbs are collected once and doubled, column by column; then m's multiples are
/// added as in a product. A column has at most 2·Limbs + 2 halves before that and 4·Limbs + 2 after: below 2^60.
template <size_t Limbs>
[[gnu::noinline]] void square(Number<Limbs>& out, const Number<Limbs>& a, const Modulus<Limbs>& modulus)
  requires(Limbs <= 40)
{
  Vec column[2 * Limbs];
  Vec high_before = zero();  // of the column below
#pragma GCC unroll 80
  for (size_t k = 0; k < 2 * Limbs - 1; ++k) {
    Vec low = zero();
    Vec high = zero();
#pragma GCC unroll 40
    for (size_t i = k < Limbs ? 0 : k - (Limbs - 1); 2 * i < k; ++i) {
      low = madd_low(low, a.limb[i], a.limb[k - i]);
      high = madd_high(high, a.limb[i], a.limb[k - i]);
    }
    const Vec half = add(low, high_before);
    const Vec doubled = add(half, half);
    const Vec& like = a.limb[k / 2];
    column[k] = k % 2 == 0 ? madd_low(doubled, like, like) : madd_high(doubled, like, like);
    high_before = high;
  }
  column[2 * Limbs - 1] = madd_high(add(high_before, high_before), a.limb[Limbs - 1], a.limb[Limbs - 1]);

  Number<Limbs> sum;
#pragma GCC unroll 40
  for (size_t j = 0; j < Limbs; ++j) sum.limb[j] = column[j];
#pragma GCC unroll 1
  for (size_t i = 0; i < Limbs; ++i) {
    const Vec q = madd_low(zero(), sum.limb[0], modulus.negated_inverse);
    const Vec gone = shift_right<52>(madd_low(sum.limb[0], modulus.m.limb[0], q));
#pragma GCC unroll 40
    for (size_t j = 1; j < Limbs; ++j)
      sum.limb[j - 1] = madd_high(madd_low(sum.limb[j], modulus.m.limb[j], q), modulus.m.limb[j - 1], q);
    sum.limb[0] = add(sum.limb[0], gone);
    sum.limb[Limbs - 1] = madd_high(column[i + Limbs], modulus.m.limb[Limbs - 1], q);
  }
  carry(sum);
  out = sum;
}

/// Longer numbers are only squared to check a result.
template <size_t Limbs>
void square(Number<Limbs>& out, const Number<Limbs>& a, const Modulus<Limbs>& modulus) {
  multiply(out, a, a, modulus);
}

template <size_t Limbs>
Number<Limbs> small_number(uint64_t value) {
  Number<Limbs> r;
  for (size_t i = 0; i < Limbs; ++i) r.limb[i] = zero();
  r.limb[0] = splat(value);
  return r;
}

/// The representative below m of a number below 2m.
template <size_t Limbs>
void reduce(Number<Limbs>& a, const Modulus<Limbs>& modulus) {
  Number<Limbs> less;
  for (size_t i = 0; i < Limbs; ++i) less.limb[i] = sub(a.limb[i], modulus.m.limb[i]);
  carry(less);
  const Mask was_below = test(less.limb[Limbs - 1], splat(uint64_t{1} << 63));
  for (size_t i = 0; i < Limbs; ++i) a.limb[i] = select(was_below, a.limb[i], less.limb[i]);
}

/// base^exponent in Montgomery form, by fixed windows of four bits; every table entry is read for every window.
template <size_t Limbs, size_t Words>
void power(Number<Limbs>& result, const Number<Limbs>& base, const uint64_t (&exponent)[Words][8],
           const Number<Limbs>& r_squared, const Modulus<Limbs>& modulus) {
  Number<Limbs> table[16];
  multiply(table[0], r_squared, small_number<Limbs>(1), modulus);
  table[1] = base;
  for (size_t i = 2; i < 16; ++i) multiply(table[i], table[i - 1], base, modulus);
  result = table[0];
  Number<Limbs> entry;
  for (size_t window = 16 * Words; window-- > 0;) {
    const Vec digit = both(shift_right_by(load(exponent[window / 16]), splat(4 * (window % 16))), splat(15));
    entry = table[0];
    for (size_t i = 1; i < 16; ++i) {
      const Mask here = equal(digit, splat(i));
      for (size_t j = 0; j < Limbs; ++j) entry.limb[j] = select(here, table[i].limb[j], entry.limb[j]);
    }
    for (int i = 0; i < 4; ++i) square(result, result, modulus);
    multiply(result, result, entry, modulus);
  }
  wipe(table, sizeof table);
  wipe(&entry, sizeof entry);
}

/// input^exponent modulo one prime, in Montgomery form. input = high·2^kPrimeBits + low, and both halves are below
/// twice the prime.
template <size_t Bits>
void power_modulo_prime(Number<RsaShape<Bits>::kPrimeLimbs>& result, const RsaPrime<Bits>& prime,
                        const Modulus<RsaShape<Bits>::kPrimeLimbs>& modulus,
                        const uint64_t (&input)[RsaShape<Bits>::kWords][8]) {
  constexpr size_t kLimbs = RsaShape<Bits>::kPrimeLimbs;
  constexpr size_t kWords = RsaShape<Bits>::kPrimeWords;
  const Number<kLimbs> r_squared = load_limbs(prime.r_squared);
  Number<kLimbs> low;
  Number<kLimbs> high;
  multiply(low, from_words<kLimbs, kWords>(input), r_squared, modulus);
  multiply(high, from_words<kLimbs, kWords>(input + kWords), load_limbs(prime.r_squared_shifted), modulus);
  for (size_t i = 0; i < kLimbs; ++i) low.limb[i] = add(low.limb[i], high.limb[i]);
  carry(low);
  power(result, low, prime.exponent, r_squared, modulus);
  wipe(&low, sizeof low);
  wipe(&high, sizeof high);
}

/// second + factor·q, in twice as many limbs.
template <size_t Limbs>
Number<2 * Limbs> recombine(const Number<Limbs>& second, const Number<Limbs>& factor, const Number<Limbs>& q) {
  Number<2 * Limbs> sum;
  for (size_t i = 0; i < 2 * Limbs; ++i) sum.limb[i] = i < Limbs ? second.limb[i] : zero();
#pragma GCC unroll 1
  for (size_t i = 0; i < Limbs; ++i) {
#pragma GCC unroll 4
    for (size_t j = 0; j < Limbs; ++j) {
      sum.limb[i + j] = madd_low(sum.limb[i + j], factor.limb[i], q.limb[j]);
      sum.limb[i + j + 1] = madd_high(sum.limb[i + j + 1], factor.limb[i], q.limb[j]);
    }
  }
  carry(sum);
  return sum;
}

/// The lanes in which number^65537 is the input: anything else would tell a prime to whoever sees it (Boneh, DeMillo,
/// Lipton 1997).
template <size_t Bits>
Mask verify(const Number<RsaShape<Bits>::kLimbs>& number, const RsaBatch<Bits>& batch) {
  constexpr size_t kLimbs = RsaShape<Bits>::kLimbs;
  const Modulus<kLimbs> modulus{load_limbs(batch.modulus), load(batch.modulus_negated_inverse)};
  Number<kLimbs> base;
  Number<kLimbs> result;
  multiply(base, number, load_limbs(batch.modulus_r_squared), modulus);
  result = base;
  for (int i = 0; i < 16; ++i) square(result, result, modulus);
  multiply(result, result, base, modulus);
  wipe(&base, sizeof base);
  multiply(result, result, small_number<kLimbs>(1), modulus);
  const Number<kLimbs> wanted = from_words<kLimbs, RsaShape<Bits>::kWords>(batch.input);
  Vec difference = zero();
  for (size_t i = 0; i < kLimbs; ++i) difference = either(difference, differing(result.limb[i], wanted.limb[i]));
  return equal(difference, zero());
}

/// Limbs to 64-bit words.
template <size_t Words, size_t Limbs>
void to_words(const Number<Limbs>& number, uint64_t (&words)[Words][8]) {
  for (size_t word = 0; word < Words; ++word) {
    const size_t limb = 64 * word / 52;
    const size_t shift = 64 * word % 52;
    Vec bits = shift_right_by(number.limb[limb], splat(shift));
    bits = either(bits, shift_left_by(number.limb[limb + 1], splat(52 - shift)));
    if (shift > 40) bits = either(bits, shift_left_by(number.limb[limb + 2], splat(104 - shift)));
    store(words[word], bits);
  }
}

template <size_t Bits>
uint8_t rsa_private(const RsaBatch<Bits>& batch, uint64_t (&output)[Bits / 64][8]) {
  constexpr size_t kLimbs = RsaShape<Bits>::kPrimeLimbs;
  Modulus<kLimbs> p{load_limbs(batch.p.modulus), load(batch.p.negated_inverse)};
  Modulus<kLimbs> q{load_limbs(batch.q.modulus), load(batch.q.negated_inverse)};
  Number<kLimbs> first;
  Number<kLimbs> second;
  power_modulo_prime<Bits>(first, batch.p, p, batch.input);
  power_modulo_prime<Bits>(second, batch.q, q, batch.input);
  multiply(second, second, small_number<kLimbs>(1), q);
  reduce(second, q);

  // Garner: factor = (first - second)/q modulo p.
  Number<kLimbs> factor;
  multiply(factor, second, load_limbs(batch.p.r_squared), p);
  for (size_t i = 0; i < kLimbs; ++i)
    factor.limb[i] = add(sub(first.limb[i], factor.limb[i]), add(p.m.limb[i], p.m.limb[i]));
  carry(factor);
  multiply(factor, factor, load_limbs(batch.q_inverse), p);
  reduce(factor, p);
  Number<2 * kLimbs> result = recombine(second, factor, q.m);
  to_words(result, output);
  wipe(&first, sizeof first);
  wipe(&second, sizeof second);
  wipe(&factor, sizeof factor);
  wipe(&p, sizeof p);
  wipe(&q, sizeof q);
  const Mask sound = verify<Bits>(result, batch);
  wipe(&result, sizeof result);
  return sound;
}

}  // namespace
