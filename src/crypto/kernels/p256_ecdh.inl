// Multiples of any point of P-256. Needs p256.inl before it.

namespace {

/// Multiples 1 to 16 of each lane's point.
struct PointTable {
  Affine entry[kEntries];
};

/// The lanes in which a plain number of carried limbs is below p.
[[gnu::always_inline]] inline Mask below_modulus(const Fe& a) {
  const Fe p = fe_constant(kP);
  const Fe less = carry(sub(a.limb[0], p.limb[0]), sub(a.limb[1], p.limb[1]), sub(a.limb[2], p.limb[2]),
                        sub(a.limb[3], p.limb[3]), sub(a.limb[4], p.limb[4]));
  return test(less.limb[4], splat(uint64_t{1} << 63));
}

/// Big-endian coordinates; the mask tells the lanes in which both are below p and on the curve.
Mask load_points(const uint8_t (*x)[32], const uint8_t (*y)[32], Affine& points) {
  Vec words[4];
  Mask below_p = static_cast<Mask>(0xff);
  const uint8_t(*const sources[2])[32] = {x, y};
  Fe* const targets[2] = {&points.x, &points.y};
  for (size_t i = 0; i < 2; ++i) {
    load_lanes_reversed(sources[i], words);
    const Fe plain = from_words(words);
    below_p = static_cast<Mask>(below_p & below_modulus(plain));
    *targets[i] = to_montgomery(plain);
  }
  return static_cast<Mask>(below_p & on_curve(points));
}

/// All multiples are brought to affine form by one inversion: each prefix product of their Z is kept, then peeled off
/// from the end.
[[gnu::noinline]] void fill_table(const Affine& point, PointTable& table) {
  Jacobian multiple[kEntries];
  Fe product[kEntries];
  multiple[0] = {point.x, point.y, fe_constant(kR)};
  multiple[1] = double_point(multiple[0]);
  product[0] = multiple[0].z;
  product[1] = multiple[1].z;
  for (size_t i = 2; i < kEntries; ++i) {
    multiple[i] = add_affine(multiple[i - 1], point);
    product[i] = product[i - 1] * multiple[i].z;
  }
  Fe rest = invert(product[kEntries - 1]);
  table.entry[0] = point;
  for (size_t i = kEntries - 1; i > 0; --i) {
    const Fe inverse = rest * product[i - 1];
    rest = rest * multiple[i].z;
    const Fe squared = square(inverse);
    table.entry[i] = {multiple[i].x * squared, multiple[i].y * (squared * inverse)};
  }
}

/// The entry for each lane's magnitude (anything for zero). Every entry is read.
[[gnu::always_inline]] inline Affine look_up(const PointTable& table, Vec magnitude, Mask negative) {
  Affine found = table.entry[0];
  for (size_t i = 1; i < kEntries; ++i) {
    const Mask here = equal(magnitude, splat(i + 1));
    found.x = select(here, table.entry[i].x, found.x);
    found.y = select(here, table.entry[i].y, found.y);
  }
  found.y = select(negative, fe_small(0) - found.y, found.y);
  return found;
}

/// Horner's rule from the highest digit. Once it is not infinity, the sum is a multiple of 32 and the digit at most 16
/// in magnitude, so the points of an addition differ as integers; modulo n, the last digit could only err if it were 17
/// modulo 32. `infinite` gets the lanes whose scalar is zero.
[[gnu::noinline]] Jacobian multiply(const uint64_t (&words)[6][8], const PointTable& table, Mask& infinite) {
  const Fe one = fe_constant(kR);
  Jacobian sum{one, one, one};
  infinite = static_cast<Mask>(0xff);
  for (size_t window = kWindows; window-- > 0;) {
    for (int i = 0; i < 5 && window != kWindows - 1; ++i) sum = double_point(sum);
    const Vec digit = window_bits(words, window);
    const Mask negative = below(digit, splat(16));
    const Vec magnitude = select(negative, sub(splat(16), digit), sub(digit, splat(16)));
    add_digit(sum, infinite, look_up(table, magnitude, negative), equal(magnitude, zero()));
  }
  return sum;
}

uint8_t p256_shared(const uint8_t (*scalars)[32], const uint8_t (*x)[32], const uint8_t (*y)[32], uint8_t (*out)[32],
                    uint8_t* sound) {
  Affine points;
  const Mask valid = load_points(x, y, points);
  PointTable table;
  fill_table(points, table);
  uint64_t words[6][8];
  load_offset_scalars(scalars, words);
  Mask infinite;
  const Affine product = to_affine(multiply(words, table, infinite));
  Vec result[4];
  to_words(from_montgomery(product.x), result);
  store_lanes_reversed(result, out);
  wipe(words, sizeof words);
  *sound = on_curve(product);
  return valid;
}

}  // namespace
