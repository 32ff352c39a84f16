// RSA private operations by the Chinese remainder theorem (RFC 8017 5.1.2), checked by the public one. Needs lanes.inl
// before it.

namespace {

using handsel::crypto::RsaBatch2048;
using handsel::crypto::RsaPrime;

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

/// 64-bit words from `first` on to limbs, of which the last may have fewer bits.
template <size_t Limbs, size_t Words>
Number<Limbs> from_words(const uint64_t (*words)[8]) {
  Number<Limbs> r;
  for (size_t i = 0; i < Limbs; ++i) {
    const size_t word = 52 * i / 64;
    const size_t shift = 52 * i % 64;
    Vec bits = shift_right_by(load(words[word]), splat(shift));
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
/// Limbs rounds and gets four halves below 2^52 in each: below 160·2^52 < 2^60.
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
/// added as in a product. A column has at most 42 halves before that and 82 after: below 2^59.
[[gnu::noinline]] void square(Number<20>& out, const Number<20>& a, const Modulus<20>& modulus) {
  Vec column[40];
  Vec high_before = zero();  // of the column below
#pragma GCC unroll 40
  for (size_t k = 0; k < 39; ++k) {
    Vec low = zero();
    Vec high = zero();
#pragma GCC unroll 20
    for (size_t i = k < 20 ? 0 : k - 19; 2 * i < k; ++i) {
      low = madd_low(low, a.limb[i], a.limb[k - i]);
      high = madd_high(high, a.limb[i], a.limb[k - i]);
    }
    const Vec half = add(low, high_before);
    const Vec doubled = add(half, half);
    const Vec& like = a.limb[k / 2];
    column[k] = k % 2 == 0 ? madd_low(doubled, like, like) : madd_high(doubled, like, like);
    high_before = high;
  }
  column[39] = madd_high(add(high_before, high_before), a.limb[19], a.limb[19]);

  Number<20> sum;
#pragma GCC unroll 40
  for (size_t j = 0; j < 20; ++j) sum.limb[j] = column[j];
#pragma GCC unroll 1
  for (size_t i = 0; i < 20; ++i) {
    const Vec q = madd_low(zero(), sum.limb[0], modulus.negated_inverse);
    const Vec gone = shift_right<52>(madd_low(sum.limb[0], modulus.m.limb[0], q));
#pragma GCC unroll 40
    for (size_t j = 1; j < 20; ++j)
      sum.limb[j - 1] = madd_high(madd_low(sum.limb[j], modulus.m.limb[j], q), modulus.m.limb[j - 1], q);
    sum.limb[0] = add(sum.limb[0], gone);
    sum.limb[19] = madd_high(column[i + 20], modulus.m.limb[19], q);
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

/// input^exponent modulo one prime, in Montgomery form. input = high·2^1024 + low, and both halves are below twice the
/// prime.
void power_modulo_prime(Number<20>& result, const RsaPrime& prime, const Modulus<20>& modulus,
                        const uint64_t (&input)[32][8]) {
  const Number<20> r_squared = load_limbs(prime.r_squared);
  Number<20> low;
  Number<20> high;
  multiply(low, from_words<20, 16>(input), r_squared, modulus);
  multiply(high, from_words<20, 16>(input + 16), load_limbs(prime.r_squared_shifted), modulus);
  for (size_t i = 0; i < 20; ++i) low.limb[i] = add(low.limb[i], high.limb[i]);
  carry(low);
  power(result, low, prime.exponent, r_squared, modulus);
}

/// second + factor·q: forty limbs.
Number<40> recombine(const Number<20>& second, const Number<20>& factor, const Number<20>& q) {
  Number<40> sum;
  for (size_t i = 0; i < 40; ++i) sum.limb[i] = i < 20 ? second.limb[i] : zero();
  for (size_t i = 0; i < 20; ++i) {
    for (size_t j = 0; j < 20; ++j) {
      sum.limb[i + j] = madd_low(sum.limb[i + j], factor.limb[i], q.limb[j]);
      sum.limb[i + j + 1] = madd_high(sum.limb[i + j + 1], factor.limb[i], q.limb[j]);
    }
  }
  carry(sum);
  return sum;
}

/// The lanes in which signature^65537 is the input: anything else would tell a prime to whoever sees it (Boneh,
/// DeMillo, Lipton 1997).
Mask verify(const Number<40>& signature, const RsaBatch2048& batch) {
  const Modulus<40> modulus{load_limbs(batch.modulus), load(batch.modulus_negated_inverse)};
  Number<40> base;
  Number<40> result;
  multiply(base, signature, load_limbs(batch.modulus_r_squared), modulus);
  result = base;
  for (int i = 0; i < 16; ++i) square(result, result, modulus);
  multiply(result, result, base, modulus);
  multiply(result, result, small_number<40>(1), modulus);
  const Number<40> wanted = from_words<40, 32>(batch.input);
  Vec difference = zero();
  for (size_t i = 0; i < 40; ++i) difference = either(difference, differing(result.limb[i], wanted.limb[i]));
  return equal(difference, zero());
}

uint8_t rsa_private_2048(const RsaBatch2048& batch, uint64_t (&output)[32][8]) {
  const Modulus<20> p{load_limbs(batch.p.modulus), load(batch.p.negated_inverse)};
  const Modulus<20> q{load_limbs(batch.q.modulus), load(batch.q.negated_inverse)};
  Number<20> first;
  Number<20> second;
  power_modulo_prime(first, batch.p, p, batch.input);
  power_modulo_prime(second, batch.q, q, batch.input);
  multiply(second, second, small_number<20>(1), q);
  reduce(second, q);

  // Garner: factor = (first - second)/q modulo p.
  Number<20> factor;
  multiply(factor, second, load_limbs(batch.p.r_squared), p);
  for (size_t i = 0; i < 20; ++i)
    factor.limb[i] = add(sub(first.limb[i], factor.limb[i]), add(p.m.limb[i], p.m.limb[i]));
  carry(factor);
  multiply(factor, factor, load_limbs(batch.q_inverse), p);
  reduce(factor, p);
  const Number<40> signature = recombine(second, factor, q.m);

  for (size_t word = 0; word < 32; ++word) {
    const size_t limb = 64 * word / 52;
    const size_t shift = 64 * word % 52;
    Vec bits = shift_right_by(signature.limb[limb], splat(shift));
    bits = either(bits, shift_left_by(signature.limb[limb + 1], splat(52 - shift)));
    if (shift > 40) bits = either(bits, shift_left_by(signature.limb[limb + 2], splat(104 - shift)));
    store(output[word], bits);
  }
  wipe(&first, sizeof first);
  wipe(&second, sizeof second);
  wipe(&factor, sizeof factor);
  return verify(signature, batch);
}

}  // namespace
