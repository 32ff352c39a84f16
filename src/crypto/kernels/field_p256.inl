// Integers modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1 (SP 800-186 3.2.1.3), eight at a time, in Montgomery form with
// R = 2^260, in five limbs of radix 2^52. Bounds: README.md. Needs a vocabulary (avx512.h), lanes.inl and safegcd.inl
// before it.

namespace {

constexpr uint64_t kMask52 = (uint64_t{1} << 52) - 1;
constexpr uint64_t kP[4] = {0xffffffffffffffff, 0x00000000ffffffff, 0, 0xffffffff00000001};
constexpr uint64_t kR[4] = {0x0000000000000010, 0xfffffff000000000, 0xffffffffffffffff, 0x0000000fffffffef};
constexpr uint64_t kRSquared[4] = {0x0000000000000300, 0xfffffbffffffff00, 0xfffffffffffffeff, 0x000004fffffffdff};
constexpr uint64_t kRCubed[4] = {0xffffd0000000a000, 0xfffedfffffff7fff, 0x00005fffffffcfff, 0x0001800000001000};
constexpr Modulus kModulus = make_modulus(kP);

/// Limbs below 2^52; products and differences are below 2p, sums of two of them below 4p.
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

/// A sum whose limbs are not carried: good only for subtracting, or for carrying later.
[[gnu::always_inline]] inline Fe sum_uncarried(const Fe& a, const Fe& b) {
  Fe r;
  for (size_t i = 0; i < 5; ++i) r.limb[i] = add(a.limb[i], b.limb[i]);
  return r;
}
template <unsigned Bits>
[[gnu::always_inline]] inline Fe shifted_uncarried(const Fe& a) {
  Fe r;
  for (size_t i = 0; i < 5; ++i) r.limb[i] = shift_left<Bits>(a.limb[i]);
  return r;
}
[[gnu::always_inline]] inline Fe carried(const Fe& a) {
  return carry(a.limb[0], a.limb[1], a.limb[2], a.limb[3], a.limb[4]);
}
[[gnu::always_inline]] inline Fe operator+(const Fe& a, const Fe& b) { return carried(sum_uncarried(a, b)); }

/// a - b modulo p, between 0 and 2p, for limbs below 2^56 and values below 32p. q·p is taken away, where q is a lower
/// estimate of the difference divided by 2^256.
[[gnu::always_inline]] inline Fe operator-(const Fe& a, const Fe& b) {
  const Vec top = sub(a.limb[4], b.limb[4]);
  const Vec q = shift_right_signed<48>(sub(top, splat(uint64_t{1} << 24)));
  return carry(add(sub(a.limb[0], b.limb[0]), q), sub(sub(a.limb[1], b.limb[1]), shift_left<44>(q)),
               sub(a.limb[2], b.limb[2]), sub(sub(a.limb[3], b.limb[3]), shift_left<36>(q)),
               add(sub(top, shift_left<48>(q)), shift_left<16>(q)));
}

/// The ten limbs of a product, each below 2^56, divided by 2^260 modulo p. Each round adds m·p, where m is the lowest
/// limb: as p is -1 modulo 2^52, that limb vanishes without a multiplication.
[[gnu::always_inline]] inline Fe reduce(Vec (&t)[10]) {
  const Vec p1 = splat(uint64_t{1} << 44);
  const Vec p3 = splat(uint64_t{1} << 36);
  const Vec p4 = splat((uint64_t{1} << 48) - (uint64_t{1} << 16));
#pragma GCC unroll 5
  for (size_t i = 0; i < 5; ++i) {
    const Vec m = t[i];
    t[i + 1] = add(madd_low(t[i + 1], m, p1), shift_right<52>(m));
    t[i + 2] = madd_high(t[i + 2], m, p1);
    t[i + 3] = madd_low(t[i + 3], m, p3);
    t[i + 4] = madd_low(madd_high(t[i + 4], m, p3), m, p4);
    t[i + 5] = madd_high(t[i + 5], m, p4);
  }
  return carry(t[5], t[6], t[7], t[8], t[9]);
}

/// a·b/R, below 2p as long as the values' product is at most 16p².
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

[[gnu::always_inline]] inline Fe select(Mask mask, const Fe& yes, const Fe& no) {
  Fe r;
  for (size_t i = 0; i < 5; ++i) r.limb[i] = select(mask, yes.limb[i], no.limb[i]);
  return r;
}

/// Four little-endian words a lane, below 2^256, to limbs and back; neither changes the form.
[[gnu::always_inline]] inline Fe from_words(const Vec (&w)[4]) {
  const Vec mask = splat(kMask52);
  return {{both(w[0], mask), both(either(shift_right<52>(w[0]), shift_left<12>(w[1])), mask),
           both(either(shift_right<40>(w[1]), shift_left<24>(w[2])), mask),
           both(either(shift_right<28>(w[2]), shift_left<36>(w[3])), mask), shift_right<16>(w[3])}};
}
[[gnu::always_inline]] inline void to_words(const Fe& a, Vec (&w)[4]) {
  const Vec(&l)[5] = a.limb;
  w[0] = either(l[0], shift_left<52>(l[1]));
  w[1] = either(shift_right<12>(l[1]), shift_left<40>(l[2]));
  w[2] = either(shift_right<24>(l[2]), shift_left<28>(l[3]));
  w[3] = either(shift_right<36>(l[3]), shift_left<16>(l[4]));
}

Fe fe_constant(const uint64_t (&words)[4]) {
  const Vec w[4] = {splat(words[0]), splat(words[1]), splat(words[2]), splat(words[3])};
  return from_words(w);
}

/// The representative below p of a value below 2p.
[[gnu::always_inline]] inline Fe canonical(const Fe& a) {
  const Fe p = fe_constant(kP);
  const Fe less = carry(sub(a.limb[0], p.limb[0]), sub(a.limb[1], p.limb[1]), sub(a.limb[2], p.limb[2]),
                        sub(a.limb[3], p.limb[3]), sub(a.limb[4], p.limb[4]));
  return select(test(less.limb[4], splat(uint64_t{1} << 63)), a, less);
}

[[gnu::always_inline]] inline Fe to_montgomery(const Fe& a) { return a * fe_constant(kRSquared); }
[[gnu::always_inline]] inline Fe from_montgomery(const Fe& a) { return canonical(a * fe_small(1)); }

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

/// 1/a of a product, or zero for zero. The eight lanes are multiplied together and share one inversion (Montgomery's
/// trick): a lane costs an eighth of it and less than one product more.
[[gnu::noinline]] Fe invert(const Fe& a) {
  const Mask none = is_zero(canonical(a));
  const Fe lane1 = select(none, fe_constant(kR), a);  // a zero would spoil its neighbours' product
  const Fe lane1_far = rotated<4>(lane1);
  const Fe lane2 = lane1 * lane1_far;
  const Fe lane2_far = rotated<2>(lane2);
  const Fe lane4 = lane2 * lane2_far;
  const Fe lane4_far = rotated<1>(lane4);
  const Fe all = canonical(lane4 * lane4_far);
  const Fe others = lane1_far * lane2_far * lane4_far;

  Vec words[4];
  to_words(all, words);
  uint64_t lanes[8];
  uint64_t product[4];
  for (size_t i = 0; i < 4; ++i) {
    store(lanes, words[i]);
    product[i] = lanes[0];
  }
  uint64_t inverse[4];
  safegcd_inverse(kModulus, product, inverse);
  const Fe result = others * (fe_constant(inverse) * fe_constant(kRCubed));
  wipe(lanes, sizeof lanes);
  wipe(product, sizeof product);
  wipe(inverse, sizeof inverse);
  return select(none, fe_small(0), result);
}

}  // namespace
