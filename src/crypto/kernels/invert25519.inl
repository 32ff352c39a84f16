// Constants and inverses modulo 2^255 - 19, whatever the limbs. Needs field25519.inl or field25519_avx2.inl
// before it.

namespace {

Fe fe_constant(const uint64_t (&words)[4]) {
  const Vec w[4] = {splat(words[0]), splat(words[1]), splat(words[2]), splat(words[3])};
  return from_words(w);
}

/// 1/a of a product, or zero for zero. The eight lanes are multiplied together and share one inversion (Montgomery's
/// trick): a lane costs an eighth of it and less than one product more.
[[gnu::noinline]] Fe invert(const Fe& a) {
  const Mask none = is_zero(canonical(a));
  const Fe lane1 = select(none, fe_small(1), a);  // a zero would spoil its neighbours' product
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
  const Fe result = others * fe_constant(inverse);
  wipe(lanes, sizeof lanes);
  wipe(product, sizeof product);
  wipe(inverse, sizeof inverse);
  return select(none, fe_small(0), result);
}

}  // namespace
