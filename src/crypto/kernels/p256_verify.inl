// ECDSA's check of a signature (FIPS 186-5 6.4.2) from its two scalars on. Needs p256_ecdh.inl before it.

namespace {

constexpr uint64_t kOrder[4] = {0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000};

/// p + q with no exception: whoever knows a key's private half chooses signatures that make the two points equal, or
/// opposite. `infinite` tells the lanes in which p is no point, and gets those in which the sum is none; q is one.
[[gnu::noinline]] Jacobian add_any(const Jacobian& p, const Jacobian& q, Mask& infinite) {
  const Fe pzz = square(p.z);
  const Fe qzz = square(q.z);
  const Fe px = p.x * qzz;
  const Fe py = p.y * (q.z * qzz);
  const Fe h = q.x * pzz - px;
  const Fe r = q.y * (p.z * pzz) - py;
  const Mask same_x = static_cast<Mask>(is_zero(canonical(h)) & ~infinite);
  const Mask same_y = is_zero(canonical(r));
  const Fe hh = square(h);
  const Fe hhh = h * hh;
  const Fe v = px * hh;
  const Fe x = square(r) - sum_uncarried(hhh, shifted_uncarried<1>(v));
  const Fe y = r * (v - x) - py * hhh;
  const Fe z = p.z * q.z * h;
  const Jacobian twice = double_point(q);
  const Mask twice_mask = static_cast<Mask>(same_x & same_y);
  const Jacobian sum{select(infinite, q.x, select(twice_mask, twice.x, x)),
                     select(infinite, q.y, select(twice_mask, twice.y, y)),
                     select(infinite, q.z, select(twice_mask, twice.z, z))};
  infinite = static_cast<Mask>(same_x & ~same_y);
  return sum;
}

/// The lanes in which the affine x coordinate is `r` modulo n: r or, where that is a coordinate too, r + n. Nothing is
/// inverted: x = X/Z² is compared as X with r·Z².
Mask has_x(const Jacobian& point, const Fe& r) {
  const Fe zz = square(point.z);
  const Fe more = r + fe_constant(kOrder);
  const Mask is_r = is_zero(canonical(point.x - to_montgomery(r) * zz));
  const Mask is_more = is_zero(canonical(point.x - to_montgomery(more) * zz));
  return static_cast<Mask>(is_r | (is_more & below_modulus(more)));
}

uint8_t p256_verify(const uint8_t (*base_scalars)[32], const uint8_t (*scalars)[32], const uint8_t (*px)[32],
                    const uint8_t (*py)[32], const uint8_t (*r)[32]) {
  Affine points;
  const Mask valid = load_points(px, py, points);
  PointTable table;
  fill_table(points, table);
  uint64_t words[6][8];
  Mask no_multiple;
  Mask infinite;
  load_offset_scalars(scalars, words);
  const Jacobian multiple = multiply(words, table, no_multiple);
  load_offset_scalars(base_scalars, words);
  const Jacobian base_multiple = multiply_base(words, infinite);
  const Jacobian sum = add_any(base_multiple, multiple, infinite);
  Vec r_words[4];
  load_lanes_reversed(r, r_words);
  return static_cast<Mask>(valid & ~no_multiple & ~infinite & has_x(sum, from_words(r_words)));
}

}  // namespace
