// Ed25519 (RFC 8032 5.1): multiples of the base point, and the check of a signature. Needs edwards25519.inl before it.

namespace {

constexpr uint64_t kD[4] = {0x75eb4dca135978a3, 0x00700a4d4141d8ab, 0x8cc740797779e898, 0x52036cee2b6ffe73};
constexpr uint64_t kRootOfMinusOne[4] = {0xc4ee1b274a0ea0b0, 0x2f431806ad2fe478, 0x2b4d00993dfbd7a7,
                                         0x2b8324804fc1df0b};

/// y + x, y - x, 2d·T, 2Z of a point.
struct Cached {
  Fe sum, difference, product, twice_z;
};

/// Multiples 1 to 16 of each lane's point.
struct PointTable {
  Cached entry[kEntries];
};

Extended neutral() { return {fe_small(0), fe_small(1), fe_small(1), fe_small(0)}; }

/// Hisil, Wong, Carter, Dawson 2008, 3.3; all four coordinates with the opposite sign. T is computed where asked for:
/// another doubling does not read it.
template <bool NeedsT>
[[gnu::always_inline]] inline Extended double_point(const Extended& p) {
  const Fe xx = square(p.x);
  const Fe yy = square(p.y);
  const Fe zz = square(p.z);
  const Fe h = xx + yy;
  const Fe g = yy - xx;
  const Fe e = square(p.x + p.y) - h;
  const Fe f = sum_uncarried(sum_uncarried(zz, zz), xx) - yy;
  return {e * f, g * h, f * g, NeedsT ? e * h : fe_small(0)};
}

/// p + q, or p - q in the lanes of `negative` (where sum and difference have changed places already).
[[gnu::always_inline]] inline Extended add_cached(const Extended& p, const Cached& q, Mask negative, bool needs_t) {
  const Fe a = (p.y - p.x) * q.difference;
  const Fe b = (p.y + p.x) * q.sum;
  const Fe c = p.t * q.product;
  const Fe d = p.z * q.twice_z;
  const Fe e = b - a;
  const Fe h = b + a;
  Fe f = d - c;
  Fe g = d + c;
  swap_if(negative, f, g);
  return {e * f, g * h, f * g, needs_t ? e * h : fe_small(0)};
}

[[gnu::noinline]] void fill_table(const Extended& point, PointTable& table) {
  const Fe two_d = fe_constant(kTwoD);
  Extended multiple = point;
  for (size_t i = 0; i < kEntries; ++i) {
    table.entry[i] = {multiple.y + multiple.x, multiple.y - multiple.x, multiple.t * two_d, multiple.z + multiple.z};
    multiple = add_cached(multiple, table.entry[0], 0, true);
  }
}

/// The entry for each lane's magnitude, the neutral point for zero. Every entry is read.
[[gnu::always_inline]] inline Cached look_up(const PointTable& table, Vec magnitude, Mask negative) {
  Cached found{fe_small(1), fe_small(1), fe_small(0), fe_small(2)};
  for (size_t i = 0; i < kEntries; ++i) {
    const Mask here = equal(magnitude, splat(i + 1));
    found.sum = select(here, table.entry[i].sum, found.sum);
    found.difference = select(here, table.entry[i].difference, found.difference);
    found.product = select(here, table.entry[i].product, found.product);
    found.twice_z = select(here, table.entry[i].twice_z, found.twice_z);
  }
  swap_if(negative, found.sum, found.difference);
  return found;
}

/// The scalars' multiples of the table's points, by Horner's rule from the highest digit. The scalars count as the
/// integers that they are, which matters for points that have a part of small order.
[[gnu::noinline]] Extended multiply(const uint64_t (&words)[5][8], const PointTable& table) {
  Extended sum = neutral();
  for (size_t window = kWindows; window-- > 0;) {
    if (window != kWindows - 1) {
      for (int i = 0; i < 4; ++i) sum = double_point<false>(sum);
      sum = double_point<true>(sum);
    }
    const Vec from = splat(window == kWindows - 1 ? 0 : 16);
    const Vec digit = window_bits(words, window);
    const Mask negative = below(digit, from);
    const Vec magnitude = select(negative, sub(from, digit), sub(digit, from));
    sum = add_cached(sum, look_up(table, magnitude, negative), negative, window == 0);
  }
  return sum;
}

/// Scalars below 2^253, little-endian.
void load_offset_scalars(const uint8_t (*scalars)[32], uint64_t (&words)[5][8]) {
  for (size_t lane = 0; lane < 8; ++lane) {
    uint64_t w[4];
    __builtin_memcpy(w, scalars[lane], 32);
    write_offset_scalar(w, words, lane);
    wipe(w, sizeof w);
  }
}

/// RFC 8032 5.1.2: y, and x's lowest bit above it. `sound` gets the lanes in which they satisfy the curve's equation.
[[gnu::noinline]] void encode(const Extended& point, Vec (&words)[4], Mask& sound) {
  const Fe inverse = invert(point.z);
  const Fe x = canonical(point.x * inverse);
  const Fe y = canonical(point.y * inverse);
  const Fe xx = square(x);
  const Fe yy = square(y);
  sound = is_zero(canonical(reduced((yy - xx) - (fe_constant(kD) * (xx * yy) + fe_small(1)))));
  to_words(y, words);
  words[3] = either(words[3], shift_left<63>(x.limb[0]));
}

/// a^(2^times).
[[gnu::noinline]] Fe squared_times(Fe a, int times) {
  for (int i = 0; i < times; ++i) a = square(a);
  return a;
}

/// a^((p - 5)/8) = a^(2^252 - 3), from which square roots come (RFC 8032 5.1.3).
Fe power_for_root(const Fe& a) {
  const Fe a8 = squared_times(a, 3);
  const Fe a9 = a8 * a;
  const Fe a11 = a9 * square(a);
  const Fe ones5 = square(a11) * a9;  // a^(2^5 - 1), and so on
  const Fe ones10 = squared_times(ones5, 5) * ones5;
  const Fe ones20 = squared_times(ones10, 10) * ones10;
  const Fe ones40 = squared_times(ones20, 20) * ones20;
  const Fe ones50 = squared_times(ones40, 10) * ones10;
  const Fe ones100 = squared_times(ones50, 50) * ones50;
  const Fe ones200 = squared_times(ones100, 100) * ones100;
  const Fe ones250 = squared_times(ones200, 50) * ones50;
  return squared_times(ones250, 2) * a;
}

/// The opposite of the point that the bytes stand for; the mask tells the lanes in which they stand for one. As in
/// libcrypto, y counts modulo p, and x = 0 has no sign: whoever minds must look before (RFC 8032 5.1.3).
[[gnu::noinline]] Mask decode_opposite(const uint8_t (*bytes)[32], Extended& point) {
  Vec words[4];
  load_lanes(bytes, words);
  const Fe y = from_words(words);
  const Fe one = fe_small(1);
  const Fe yy = square(y);
  const Fe u = yy - one;
  const Fe v = yy * fe_constant(kD) + one;
  const Fe v3 = square(v) * v;
  const Fe uv3 = u * v3;
  Fe x = power_for_root(uv3 * v3 * v) * uv3;
  const Fe vxx = square(x) * v;
  const Mask is_root = is_zero(canonical(reduced(vxx - reduced(u))));
  const Mask is_other_root = is_zero(canonical(reduced(vxx + u)));
  x = select(is_root, x, x * fe_constant(kRootOfMinusOne));
  const Vec sign_differs = differing(canonical(x).limb[0], shift_right<63>(words[3]));
  x = select(test(sign_differs, one.limb[0]), x, fe_small(0) - x);
  point = {x, y, one, x * y};
  return static_cast<Mask>(is_root | is_other_root);
}

uint8_t ed25519_base(const uint8_t (*scalars)[32], uint8_t (*out)[32]) {
  uint64_t words[5][8];
  load_offset_scalars(scalars, words);
  Vec encoded[4];
  Mask sound;
  encode(add_base_multiples(neutral(), words, 0), encoded, sound);
  store_lanes(encoded, out);
  wipe(words, sizeof words);
  return sound;
}

uint8_t ed25519_verify(const uint8_t (*base_scalars)[32], const uint8_t (*scalars)[32], const uint8_t (*points)[32],
                       const uint8_t (*results)[32]) {
  Extended opposite;
  const Mask valid = decode_opposite(points, opposite);
  PointTable table;
  fill_table(opposite, table);
  uint64_t words[5][8];
  load_offset_scalars(scalars, words);
  const Extended multiple = multiply(words, table);
  load_offset_scalars(base_scalars, words);
  const Extended sum = add_extended(add_base_multiples(neutral(), words, 0), multiple, fe_constant(kTwoD));
  Vec encoded[4];
  Vec wanted[4];
  Mask sound;
  encode(sum, encoded, sound);
  load_lanes(results, wanted);
  Vec difference = zero();
  for (size_t i = 0; i < 4; ++i) difference = either(difference, differing(encoded[i], wanted[i]));
  return static_cast<Mask>(valid & sound & equal(difference, zero()));
}

}  // namespace
