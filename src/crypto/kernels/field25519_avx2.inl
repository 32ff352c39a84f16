// Integers modulo p = 2^255 - 19, eight at a time, in ten limbs of 26 and 25 bits in turn (Bernstein, "Curve25519",
// 2006), which leave vpmuludq's 32 bits room. Bounds: README.md. Needs avx2.h, lanes.inl and safegcd.inl before it.

namespace {

constexpr size_t kFieldLimbs = 10;
constexpr uint64_t kMask26 = (uint64_t{1} << 26) - 1;
constexpr uint64_t kMask25 = (uint64_t{1} << 25) - 1;
constexpr Modulus kModulus = make_modulus({0xffffffffffffffed, ~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0} >> 1});

/// Limb i has 26 bits where i is even, else 25. "Reduced" means no more than 2^13 above that.
struct Fe {
  Vec limb[kFieldLimbs];
};

[[gnu::always_inline]] inline Fe fe_small(uint64_t value) {
  Fe r;
  r.limb[0] = splat(value);
  for (size_t i = 1; i < kFieldLimbs; ++i) r.limb[i] = zero();
  return r;
}

/// Ten sums in one half of the lanes, below 2^63, to reduced limbs: two chains of carries side by side.
[[gnu::always_inline]] inline void carry_half(Half (&r)[kFieldLimbs]) {
  const Half mask26 = _mm256_set1_epi64x(kMask26);
  const Half mask25 = _mm256_set1_epi64x(kMask25);
  const auto step = [&](size_t i) __attribute__((always_inline)) {
    const Half over = i % 2 == 0 ? _mm256_srli_epi64(r[i], 26) : _mm256_srli_epi64(r[i], 25);
    r[i] = _mm256_and_si256(r[i], i % 2 == 0 ? mask26 : mask25);
    r[i + 1] = _mm256_add_epi64(r[i + 1], over);
  };
  step(0);
  step(4);
  step(1);
  step(5);
  step(2);
  step(6);
  step(3);
  step(7);
  step(4);
  step(8);
  // What is above 2^255 counts 19 times; it may have more than 32 bits.
  const Half over = _mm256_srli_epi64(r[9], 25);
  r[9] = _mm256_and_si256(r[9], mask25);
  r[0] = _mm256_add_epi64(
      r[0], _mm256_add_epi64(_mm256_add_epi64(_mm256_slli_epi64(over, 4), _mm256_slli_epi64(over, 1)), over));
  step(0);
}

/// Limbs may be up to three times as large as reduced ones.
[[gnu::noinline]] void multiply(Fe& out, const Fe& a, const Fe& b) {
  const Half nineteen = _mm256_set1_epi64x(19);
#pragma GCC unroll 1
  for (size_t h = 0; h < 2; ++h) {
    Half by[kFieldLimbs];    // b
    Half by19[kFieldLimbs];  // 19 times b, for what is above 2^255
    Half r[kFieldLimbs];
#pragma GCC unroll 10
    for (size_t j = 0; j < kFieldLimbs; ++j) {
      by[j] = b.limb[j].half[h];
      by19[j] = _mm256_mul_epu32(by[j], nineteen);
      r[j] = _mm256_setzero_si256();
    }
#pragma GCC unroll 10
    for (size_t i = 0; i < kFieldLimbs; ++i) {
      const Half once = a.limb[i].half[h];
      const Half twice = _mm256_add_epi64(once, once);  // two odd limbs meet half a bit too low
#pragma GCC unroll 10
      for (size_t j = 0; j < kFieldLimbs; ++j) {
        const Half left = i % 2 == 1 && j % 2 == 1 ? twice : once;
        const Half product = _mm256_mul_epu32(left, i + j < kFieldLimbs ? by[j] : by19[j]);
        r[(i + j) % kFieldLimbs] = _mm256_add_epi64(r[(i + j) % kFieldLimbs], product);
      }
    }
    carry_half(r);
    for (size_t j = 0; j < kFieldLimbs; ++j) out.limb[j].half[h] = r[j];
  }
}

[[gnu::noinline]] void square(Fe& out, const Fe& a) {
  const Half nineteen = _mm256_set1_epi64x(19);
#pragma GCC unroll 1
  for (size_t h = 0; h < 2; ++h) {
    Half once[kFieldLimbs];
    Half twice[kFieldLimbs];
    Half by19[kFieldLimbs];
    Half by38[kFieldLimbs];
    Half r[kFieldLimbs];
#pragma GCC unroll 10
    for (size_t j = 0; j < kFieldLimbs; ++j) {
      once[j] = a.limb[j].half[h];
      twice[j] = _mm256_add_epi64(once[j], once[j]);
      by19[j] = _mm256_mul_epu32(once[j], nineteen);
      by38[j] = _mm256_add_epi64(by19[j], by19[j]);
      r[j] = _mm256_setzero_si256();
    }
#pragma GCC unroll 10
    for (size_t i = 0; i < kFieldLimbs; ++i) {
#pragma GCC unroll 10
      for (size_t j = i; j < kFieldLimbs; ++j) {
        const bool odd = i % 2 == 1 && j % 2 == 1;
        const Half left = i == j ? once[i] : twice[i];
        const Half right = i + j < kFieldLimbs ? (odd ? twice[j] : once[j]) : (odd ? by38[j] : by19[j]);
        r[(i + j) % kFieldLimbs] = _mm256_add_epi64(r[(i + j) % kFieldLimbs], _mm256_mul_epu32(left, right));
      }
    }
    carry_half(r);
    for (size_t j = 0; j < kFieldLimbs; ++j) out.limb[j].half[h] = r[j];
  }
}

[[gnu::always_inline]] inline Fe operator*(const Fe& a, const Fe& b) {
  Fe r;
  multiply(r, a, b);
  return r;
}
[[gnu::always_inline]] inline Fe square(const Fe& a) {
  Fe r;
  square(r, a);
  return r;
}

/// Not carried: a sum of two or three reduced elements may be multiplied.
[[gnu::always_inline]] inline Fe operator+(const Fe& a, const Fe& b) {
  Fe r;
  for (size_t i = 0; i < kFieldLimbs; ++i) r.limb[i] = add(a.limb[i], b.limb[i]);
  return r;
}

/// a - b + 4p, reduced, where no limb is more than three times as large as a reduced one: each carries to the next.
[[gnu::always_inline]] inline Fe operator-(const Fe& a, const Fe& b) {
  const Vec even = splat(4 * kMask26);
  const Vec odd = splat(4 * kMask25);
  Fe r;
  Vec over[kFieldLimbs];
  for (size_t i = 0; i < kFieldLimbs; ++i) {
    const Vec more = i == 0 ? splat(4 * (kMask26 - 18)) : i % 2 == 0 ? even : odd;
    const Vec difference = sub(add(a.limb[i], more), b.limb[i]);
    over[i] = i % 2 == 0 ? shift_right<26>(difference) : shift_right<25>(difference);
    r.limb[i] = both(difference, splat(i % 2 == 0 ? kMask26 : kMask25));
  }
  for (size_t i = 1; i < kFieldLimbs; ++i) r.limb[i] = add(r.limb[i], over[i - 1]);
  r.limb[0] = add(r.limb[0], multiply32(over[9], splat(19)));
  return r;
}

/// a + b·factor, for a factor below 2^18 and reduced elements.
[[gnu::always_inline]] inline Fe multiply_add_small(const Fe& a, const Fe& b, uint64_t factor) {
  Fe r;
  for (size_t i = 0; i < kFieldLimbs; ++i) r.limb[i] = add(a.limb[i], multiply32(b.limb[i], splat(factor)));
  for (size_t h = 0; h < 2; ++h) {
    Half sums[kFieldLimbs];
    for (size_t i = 0; i < kFieldLimbs; ++i) sums[i] = r.limb[i].half[h];
    carry_half(sums);
    for (size_t i = 0; i < kFieldLimbs; ++i) r.limb[i].half[h] = sums[i];
  }
  return r;
}

[[gnu::always_inline]] inline Fe select(Mask mask, const Fe& yes, const Fe& no) {
  Fe r;
  for (size_t i = 0; i < kFieldLimbs; ++i) r.limb[i] = select(mask, yes.limb[i], no.limb[i]);
  return r;
}

/// Exchanges the lanes of the mask.
[[gnu::always_inline]] inline void swap_if(Mask mask, Fe& a, Fe& b) {
  const Vec wide = spread(mask);
  for (size_t i = 0; i < kFieldLimbs; ++i) {
    for (size_t h = 0; h < 2; ++h) {
      const Half x = a.limb[i].half[h];
      const Half y = b.limb[i].half[h];
      const Half change = _mm256_and_si256(_mm256_xor_si256(x, y), wide.half[h]);
      a.limb[i].half[h] = _mm256_xor_si256(x, change);
      b.limb[i].half[h] = _mm256_xor_si256(y, change);
    }
  }
}

/// Carries from limb 0 up, and what is above 2^255 to `over`.
[[gnu::always_inline]] inline Fe carry_up(const Fe& a, Vec& over) {
  Fe r;
  over = zero();
  for (size_t i = 0; i < kFieldLimbs; ++i) {
    const Vec sum = add(a.limb[i], over);
    over = i % 2 == 0 ? shift_right<26>(sum) : shift_right<25>(sum);
    r.limb[i] = both(sum, splat(i % 2 == 0 ? kMask26 : kMask25));
  }
  return r;
}

/// A reduced element to the one below p.
[[gnu::noinline]] Fe canonical(const Fe& a) {
  Vec over;
  Fe r = carry_up(a, over);
  r.limb[0] = add(r.limb[0], multiply32(over, splat(19)));
  Fe more = r;  // below 2^255 + 2^10
  more.limb[0] = add(r.limb[0], splat(19));
  carry_up(more, over);  // 1 when a + 19 reaches 2^255
  r.limb[0] = add(r.limb[0], multiply32(over, splat(19)));
  return carry_up(r, over);
}

/// Four little-endian words a lane to limbs; the top bit is ignored (RFC 7748 5).
[[gnu::always_inline]] inline Fe from_words(const Vec (&w)[4]) {
  const Vec even = splat(kMask26);
  const Vec odd = splat(kMask25);
  return {{both(w[0], even), both(shift_right<26>(w[0]), odd),
           both(either(shift_right<51>(w[0]), shift_left<13>(w[1])), even), both(shift_right<13>(w[1]), odd),
           shift_right<38>(w[1]), both(w[2], odd), both(shift_right<25>(w[2]), even),
           both(either(shift_right<51>(w[2]), shift_left<13>(w[3])), odd), both(shift_right<12>(w[3]), even),
           both(shift_right<38>(w[3]), odd)}};
}
[[gnu::always_inline]] inline void to_words(const Fe& canonical_a, Vec (&w)[4]) {
  const Vec(&l)[kFieldLimbs] = canonical_a.limb;
  w[0] = either(either(l[0], shift_left<26>(l[1])), shift_left<51>(l[2]));
  w[1] = either(either(shift_right<13>(l[2]), shift_left<13>(l[3])), shift_left<38>(l[4]));
  w[2] = either(either(l[5], shift_left<25>(l[6])), shift_left<51>(l[7]));
  w[3] = either(either(shift_right<13>(l[7]), shift_left<12>(l[8])), shift_left<38>(l[9]));
}

template <int Count>
[[gnu::always_inline]] inline Fe rotated(const Fe& a) {
  Fe r;
  for (size_t i = 0; i < kFieldLimbs; ++i) r.limb[i] = rotate_lanes<Count>(a.limb[i]);
  return r;
}

/// The lanes in which a canonical element is zero.
[[gnu::always_inline]] inline Mask is_zero(const Fe& a) {
  Vec any = a.limb[0];
  for (size_t i = 1; i < kFieldLimbs; ++i) any = either(any, a.limb[i]);
  return equal(any, zero());
}

}  // namespace
