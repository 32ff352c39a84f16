// Integers modulo p = 2^255 - 19, eight at a time, in five limbs of radix 2^52. Bounds: README.md.
// Needs a vocabulary (avx512.h), lanes.inl and safegcd.inl before it.

namespace {

constexpr size_t kFieldLimbs = 5;
constexpr uint64_t kMask52 = (uint64_t{1} << 52) - 1;
constexpr uint64_t kMask47 = (uint64_t{1} << 47) - 1;
constexpr Modulus kModulus = make_modulus({0xffffffffffffffed, ~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0} >> 1});

/// Limbs 0 to 3 below 2^52, limb 4 below 2^52. "Reduced" means that limb 4 is below 2^47 + 2^5, as products are.
struct Fe {
  Vec limb[5];
};

[[gnu::always_inline]] inline Fe fe_small(uint64_t value) { return {{splat(value), zero(), zero(), zero(), zero()}}; }

/// Carries, signed, from limb 0 up to limb 4, which takes what comes.
[[gnu::always_inline]] inline Fe carry(Vec r0, Vec r1, Vec r2, Vec r3, Vec r4) {
  const Vec mask = splat(kMask52);
  r1 = add(r1, shift_right_signed<52>(r0));
  r2 = add(r2, shift_right_signed<52>(r1));
  r3 = add(r3, shift_right_signed<52>(r2));
  r4 = add(r4, shift_right_signed<52>(r3));
  return {{both(r0, mask), both(r1, mask), both(r2, mask), both(r3, mask), r4}};
}

/// The same for limbs below 2^63, after folding what lies above 2^255 (which is 19 modulo p).
[[gnu::always_inline]] inline Fe carry_and_fold(Vec r0, Vec r1, Vec r2, Vec r3, Vec r4) {
  r0 = madd_low(r0, shift_right<47>(r4), splat(19));
  return carry(r0, r1, r2, r3, both(r4, splat(kMask47)));
}

[[gnu::always_inline]] inline Fe operator+(const Fe& a, const Fe& b) {
  return carry(add(a.limb[0], b.limb[0]), add(a.limb[1], b.limb[1]), add(a.limb[2], b.limb[2]),
               add(a.limb[3], b.limb[3]), add(a.limb[4], b.limb[4]));
}

/// a - b + 4p, for b below 4p.
[[gnu::always_inline]] inline Fe operator-(const Fe& a, const Fe& b) {
  const Vec middle = splat(kMask52);
  return carry(add(sub(a.limb[0], b.limb[0]), splat(kMask52 + 1 - 4 * 19)), add(sub(a.limb[1], b.limb[1]), middle),
               add(sub(a.limb[2], b.limb[2]), middle), add(sub(a.limb[3], b.limb[3]), middle),
               add(sub(a.limb[4], b.limb[4]), splat((uint64_t{1} << 49) - 1)));
}

/// A sum whose limbs are not carried: good only for subtracting.
[[gnu::always_inline]] inline Fe sum_uncarried(const Fe& a, const Fe& b) {
  Fe r;
  for (size_t i = 0; i < 5; ++i) r.limb[i] = add(a.limb[i], b.limb[i]);
  return r;
}

/// Any element to a reduced one of the same value.
[[gnu::always_inline]] inline Fe reduced(const Fe& a) {
  return carry_and_fold(a.limb[0], a.limb[1], a.limb[2], a.limb[3], a.limb[4]);
}

/// The ten limbs of a product, each below 2^56, the last below 2^52, to a reduced element: 2^260 is 608 modulo p.
[[gnu::always_inline]] inline Fe reduce(const Vec (&t)[10]) {
  const Vec fold = splat(608);
  Vec r0 = madd_low(t[0], t[5], fold);
  Vec r1 = madd_low(t[1], t[6], fold);
  Vec r2 = madd_low(t[2], t[7], fold);
  Vec r3 = madd_low(t[3], t[8], fold);
  Vec r4 = madd_low(t[4], t[9], fold);
  // A product's high half, and the bits of the limb above its 52nd, belong one limb higher.
  r1 = madd_low(madd_high(r1, t[5], fold), shift_right<52>(t[5]), fold);
  r2 = madd_low(madd_high(r2, t[6], fold), shift_right<52>(t[6]), fold);
  r3 = madd_low(madd_high(r3, t[7], fold), shift_right<52>(t[7]), fold);
  r4 = madd_low(madd_high(r4, t[8], fold), shift_right<52>(t[8]), fold);
  r0 = madd_low(r0, madd_high(zero(), t[9], fold), fold);
  return carry_and_fold(r0, r1, r2, r3, r4);
}

[[gnu::always_inline]] inline Fe operator*(const Fe& a, const Fe& b) {
  Vec low[10];
  Vec high[10];
  for (size_t k = 0; k < 10; ++k) low[k] = high[k] = zero();
#pragma GCC unroll 5
  for (size_t i = 0; i < 5; ++i) {
#pragma GCC unroll 5
    for (size_t j = 0; j < 5; ++j) {
      low[i + j] = madd_low(low[i + j], a.limb[i], b.limb[j]);
      high[i + j + 1] = madd_high(high[i + j + 1], a.limb[i], b.limb[j]);
    }
  }
  Vec t[10];
#pragma GCC unroll 10
  for (size_t k = 0; k < 10; ++k) t[k] = add(low[k], high[k]);
  return reduce(t);
}

[[gnu::always_inline]] inline Fe square(const Fe& a) {
  Vec t[10];
  for (size_t k = 0; k < 10; ++k) t[k] = zero();
#pragma GCC unroll 5
  for (size_t i = 0; i < 5; ++i) {
#pragma GCC unroll 5
    for (size_t j = i + 1; j < 5; ++j) {
      t[i + j] = madd_low(t[i + j], a.limb[i], a.limb[j]);
      t[i + j + 1] = madd_high(t[i + j + 1], a.limb[i], a.limb[j]);
    }
  }
#pragma GCC unroll 10
  for (size_t k = 1; k < 9; ++k) t[k] = add(t[k], t[k]);
#pragma GCC unroll 5
  for (size_t i = 0; i < 5; ++i) {
    t[2 * i] = madd_low(t[2 * i], a.limb[i], a.limb[i]);
    t[2 * i + 1] = madd_high(t[2 * i + 1], a.limb[i], a.limb[i]);
  }
  return reduce(t);
}

/// a + b·factor, for a factor below 2^18.
[[gnu::always_inline]] inline Fe multiply_add_small(const Fe& a, const Fe& b, uint64_t factor) {
  const Vec f = splat(factor);
  const Vec over = madd_high(zero(), b.limb[4], f);
  return carry_and_fold(madd_low(madd_low(a.limb[0], b.limb[0], f), over, splat(608)),
                        madd_high(madd_low(a.limb[1], b.limb[1], f), b.limb[0], f),
                        madd_high(madd_low(a.limb[2], b.limb[2], f), b.limb[1], f),
                        madd_high(madd_low(a.limb[3], b.limb[3], f), b.limb[2], f),
                        madd_high(madd_low(a.limb[4], b.limb[4], f), b.limb[3], f));
}

[[gnu::always_inline]] inline Fe select(Mask mask, const Fe& yes, const Fe& no) {
  Fe r;
  for (size_t i = 0; i < 5; ++i) r.limb[i] = select(mask, yes.limb[i], no.limb[i]);
  return r;
}

/// Exchanges the lanes of the mask.
[[gnu::always_inline]] inline void swap_if(Mask mask, Fe& a, Fe& b) {
  for (size_t i = 0; i < 5; ++i) {
    const Vec kept = a.limb[i];
    a.limb[i] = select(mask, b.limb[i], a.limb[i]);
    b.limb[i] = select(mask, kept, b.limb[i]);
  }
}

/// A reduced element to the one below p.
[[gnu::always_inline]] inline Fe canonical(const Fe& a) {
  const Fe more = carry(add(a.limb[0], splat(19)), a.limb[1], a.limb[2], a.limb[3], a.limb[4]);
  const Vec reaches_p = shift_right<47>(more.limb[4]);  // 1 when a + 19 reaches 2^255
  Fe r = carry(madd_low(a.limb[0], reaches_p, splat(19)), a.limb[1], a.limb[2], a.limb[3], a.limb[4]);
  r.limb[4] = both(r.limb[4], splat(kMask47));
  return r;
}

/// Four little-endian words a lane to limbs; the top bit is ignored (RFC 7748 5).
[[gnu::always_inline]] inline Fe from_words(const Vec (&w)[4]) {
  const Vec mask = splat(kMask52);
  return {{both(w[0], mask), both(either(shift_right<52>(w[0]), shift_left<12>(w[1])), mask),
           both(either(shift_right<40>(w[1]), shift_left<24>(w[2])), mask),
           both(either(shift_right<28>(w[2]), shift_left<36>(w[3])), mask),
           both(shift_right<16>(w[3]), splat(kMask47))}};
}
[[gnu::always_inline]] inline void to_words(const Fe& canonical_a, Vec (&w)[4]) {
  const Vec(&l)[5] = canonical_a.limb;
  w[0] = either(l[0], shift_left<52>(l[1]));
  w[1] = either(shift_right<12>(l[1]), shift_left<40>(l[2]));
  w[2] = either(shift_right<24>(l[2]), shift_left<28>(l[3]));
  w[3] = either(shift_right<36>(l[3]), shift_left<16>(l[4]));
}

template <int Count>
[[gnu::always_inline]] inline Fe rotated(const Fe& a) {
  Fe r;
  for (size_t i = 0; i < 5; ++i) r.limb[i] = rotate_lanes<Count>(a.limb[i]);
  return r;
}

/// The lanes in which a canonical element is zero.
[[gnu::always_inline]] inline Mask is_zero(const Fe& a) {
  return equal(either(either(either(a.limb[0], a.limb[1]), either(a.limb[2], a.limb[3])), a.limb[4]), zero());
}

}  // namespace
