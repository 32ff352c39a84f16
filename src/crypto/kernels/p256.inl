// Multiples of P-256's base point by a table of them. Needs field_p256.inl and lanes.inl before it.

namespace {

constexpr size_t kWindows = 52;  // of five bits: 260
constexpr size_t kEntries = 16;  // multiples 1 to 16 of a window's base; their negatives come free
constexpr uint64_t kBaseX[4] = {0xf4a13945d898c296, 0x77037d812deb33a0, 0xf8bce6e563a440f2, 0x6b17d1f2e12c4247};
constexpr uint64_t kBaseY[4] = {0xcbb6406837bf51f5, 0x2bce33576b315ece, 0x8ee7eb4a7c0f9e16, 0x4fe342e2fe1a7f9b};
constexpr uint64_t kB[4] = {0x3bce3c3e27d2604b, 0x651d06b0cc53b0f6, 0xb3ebbd55769886bc, 0x5ac635d8aa3a93e7};
// The sum of 16·32^i over the windows: added to a scalar, it makes each digit minus 16 a signed one without carries.
constexpr uint64_t kDigitOffset[5] = {0x0842108421084210, 0x1084210842108421, 0x2108421084210842, 0x4210842108421084,
                                      0x0000000000000008};

/// Coordinates in Montgomery form.
struct Affine {
  Fe x, y;
};
/// x = X/Z², y = Y/Z³.
struct Jacobian {
  Fe x, y, z;
};

/// By window, limb (five each of x and y), and multiple: a lookup reads whole registers.
alignas(64) uint64_t p256_table[kWindows][10][kEntries];

/// dbl-2001-b of the Explicit-Formulas Database; never meets infinity here, and no point has order two.
[[gnu::noinline]] Jacobian double_point(const Jacobian& p) {
  const Fe delta = square(p.z);
  const Fe gamma = square(p.y);
  const Fe beta = p.x * gamma;
  const Fe third = (p.x - delta) * (p.x + delta);
  const Fe alpha = carried(sum_uncarried(sum_uncarried(third, third), third));
  const Fe x = square(alpha) - shifted_uncarried<3>(beta);
  const Fe z = square(p.y + p.z) - sum_uncarried(gamma, delta);
  const Fe y = alpha * (shifted_uncarried<2>(beta) - x) - shifted_uncarried<3>(square(gamma));
  return {x, y, z};
}

/// Neither may be infinity, nor p = ±q.
[[gnu::always_inline]] inline Jacobian add_affine(const Jacobian& p, const Affine& q) {
  const Fe zz = square(p.z);
  const Fe h = q.x * zz - p.x;
  const Fe r = q.y * (p.z * zz) - p.y;
  const Fe hh = square(h);
  const Fe hhh = h * hh;
  const Fe v = p.x * hh;
  const Fe x = square(r) - sum_uncarried(hhh, shifted_uncarried<1>(v));
  const Fe y = r * (v - x) - p.y * hhh;
  return {x, y, p.z * h};
}

[[gnu::noinline]] Affine to_affine(const Jacobian& p) {
  const Fe inverse = invert(p.z);
  const Fe inverse_squared = square(inverse);
  return {p.x * inverse_squared, p.y * (inverse_squared * inverse)};
}

/// The lanes whose coordinates satisfy y² = x³ - 3x + b.
Mask on_curve(const Affine& p) {
  const Fe three_x = carried(sum_uncarried(sum_uncarried(p.x, p.x), p.x));
  const Fe right = (square(p.x) * p.x - three_x) + to_montgomery(fe_constant(kB));
  return is_zero(canonical(square(p.y) - right));
}

void write_entries(const Affine& points, size_t first_window, size_t entry) {
  const Fe fields[2] = {canonical(points.x), canonical(points.y)};
  for (size_t field = 0; field < 2; ++field) {
    for (size_t i = 0; i < 5; ++i) {
      uint64_t lanes[8];
      store(lanes, fields[field].limb[i]);
      for (size_t lane = 0; lane < 8 && first_window + lane < kWindows; ++lane)
        p256_table[first_window + lane][5 * field + i][entry] = lanes[lane];
    }
  }
}

void prepare_p256() {
  const Fe one = fe_constant(kR);
  Jacobian base{to_montgomery(fe_constant(kBaseX)), to_montgomery(fe_constant(kBaseY)), one};  // 32^window·G
  for (size_t first = 0; first < kWindows; first += 8) {
    Jacobian bases = base;
    for (size_t lane = 0; lane < 8; ++lane) {
      const Mask mask = static_cast<Mask>(1u << lane);
      bases = {select(mask, base.x, bases.x), select(mask, base.y, bases.y), select(mask, base.z, bases.z)};
      for (int i = 0; i < 5; ++i) base = double_point(base);
    }
    const Affine single = to_affine(bases);
    write_entries(single, first, 0);
    Jacobian multiple = double_point({single.x, single.y, one});
    for (size_t entry = 1; entry < kEntries; ++entry) {
      write_entries(to_affine(multiple), first, entry);
      multiple = add_affine(multiple, single);
    }
  }
}

/// Adds the offset that makes the scalars' digits signed: five words a lane.
void load_offset_scalars(const uint8_t (*scalars)[32], uint64_t (&words)[6][8]) {
  for (size_t lane = 0; lane < 8; ++lane) {
    unsigned __int128 sum = 0;
    for (size_t i = 0; i < 5; ++i) {
      uint64_t word = 0;
      if (i < 4) __builtin_memcpy(&word, scalars[lane] + 24 - 8 * i, 8);
      sum = (sum >> 64) + __builtin_bswap64(word) + kDigitOffset[i];
      words[i][lane] = static_cast<uint64_t>(sum);
    }
    words[5][lane] = 0;
  }
}

/// The window's five bits of every lane.
[[gnu::always_inline]] inline Vec window_bits(const uint64_t (&words)[6][8], size_t window) {
  const size_t bit = 5 * window;
  const Vec shift = splat(bit % 64);
  const Vec low = shift_right_by(load(words[bit / 64]), shift);
  const Vec high = shift_left_by(load(words[bit / 64 + 1]), sub(splat(64), shift));  // a shift by 64 gives zero
  return both(either(low, high), splat(31));
}

[[gnu::always_inline]] inline Affine look_up(size_t window, Vec index, Mask negative) {
  Affine p;
  for (size_t i = 0; i < 5; ++i) {
    p.x.limb[i] = lookup16(p256_table[window][i], index);
    p.y.limb[i] = lookup16(p256_table[window][5 + i], index);
  }
  p.y = select(negative, fe_small(0) - p.y, p.y);
  return p;
}

/// Adds the entry, but in the lanes where the digit is zero; infinity is kept as a mask.
[[gnu::always_inline]] inline void add_digit(Jacobian& sum, Mask& infinite, const Affine& entry, Mask none) {
  const Jacobian more = add_affine(sum, entry);
  sum.x = select(none, sum.x, select(infinite, entry.x, more.x));
  sum.y = select(none, sum.y, select(infinite, entry.y, more.y));
  sum.z = select(none, sum.z, select(infinite, fe_constant(kR), more.z));
  infinite = static_cast<Mask>(infinite & none);
}

/// The sum of the digits' multiples. What was added before a window is less than the window's own unit, so that the two
/// points of an addition never are equal or opposite. `infinite` gets the lanes whose scalar is zero.
[[gnu::noinline]] Jacobian multiply_base(const uint64_t (&words)[6][8], Mask& infinite) {
  const Fe one = fe_constant(kR);
  Jacobian sum{one, one, one};
  infinite = static_cast<Mask>(0xff);
  for (size_t window = 0; window < kWindows; ++window) {
    const Vec digit = window_bits(words, window);
    const Mask negative = below(digit, splat(16));
    const Vec magnitude = select(negative, sub(splat(16), digit), sub(digit, splat(16)));
    const Mask none = equal(magnitude, zero());
    add_digit(sum, infinite, look_up(window, sub(magnitude, splat(1)), negative), none);
  }
  return sum;
}

uint8_t p256_base(const uint8_t (*scalars)[32], uint8_t (*x)[32], uint8_t (*y)[32]) {
  uint64_t words[6][8];
  load_offset_scalars(scalars, words);
  Mask infinite;
  const Affine point = to_affine(multiply_base(words, infinite));
  Vec result[4];
  to_words(from_montgomery(point.x), result);
  store_lanes_reversed(result, x);
  to_words(from_montgomery(point.y), result);
  store_lanes_reversed(result, y);
  wipe(words, sizeof words);
  return on_curve(point);
}

}  // namespace
