// X25519 of the base point by a table of its multiples on the birationally equivalent twisted Edwards curve
// -x² + y² = 1 + d·x²·y² (RFC 7748 4.1), with the formulas of Hisil, Wong, Carter, Dawson 2008, which have no
// exceptions there. Needs invert25519.inl, lanes.inl and x25519.inl before it.

namespace {

constexpr size_t kWindows = 51;  // of five bits: 255
constexpr size_t kEntries = 16;  // multiples 1 to 16 of a window's base; their negatives come free
constexpr uint64_t kTwoD[4] = {0xebd69b9426b2f159, 0x00e0149a8283b156, 0x198e80f2eef3d130, 0x2406d9dc56dffce7};
constexpr uint64_t kBaseX[4] = {0xc9562d608f25d51a, 0x692cc7609525a7b2, 0xc0a4e231fdd6dc5c, 0x216936d3cd6e53fe};
constexpr uint64_t kBaseY[4] = {0x6666666666666658, 0x6666666666666666, 0x6666666666666666, 0x6666666666666666};
// The sum of 16·32^i below the highest window: added to a scalar, it makes each digit minus 16 a signed one without
// carries.
constexpr uint64_t kDigitOffset[4] = {0x0842108421084210, 0x1084210842108421, 0x2108421084210842, 0x0210842108421084};

/// x = X/Z, y = Y/Z, T = X·Y/Z.
struct Extended {
  Fe x, y, z, t;
};
/// y + x, y - x, 2d·x·y of an affine point.
struct Precomputed {
  Fe sum, difference, product;
};

/// By window, limb (those of sum, difference and product), and multiple: a lookup reads whole registers.
alignas(64) TableWord edwards_table[kWindows][3 * kFieldLimbs][kEntries];
/// 16·32^50·B: the highest digit of a clamped scalar is 16 to 32, so it is counted from there.
alignas(64) uint64_t edwards_start[4][kFieldLimbs];

Extended add_extended(const Extended& p, const Extended& q, const Fe& two_d) {
  const Fe a = (p.y - p.x) * (q.y - q.x);
  const Fe b = (p.y + p.x) * (q.y + q.x);
  const Fe c = p.t * two_d * q.t;
  const Fe zz = p.z * q.z;
  const Fe d = zz + zz;
  const Fe e = b - a;
  const Fe f = d - c;
  const Fe g = d + c;
  const Fe h = b + a;
  return {e * f, g * h, f * g, e * h};
}

/// Writes what a table holds of the points, one window a lane, as their multiple `entry`.
void write_entries(const Extended& points, const Fe& two_d, size_t first_window, size_t entry) {
  const Fe inverse = invert(points.z);
  const Fe x = points.x * inverse;
  const Fe y = points.y * inverse;
  const Fe one = fe_small(1);
  const Fe fields[3] = {canonical((y + x) * one), canonical((y - x) * one), canonical(x * y * two_d)};
  for (size_t field = 0; field < 3; ++field) {
    for (size_t i = 0; i < kFieldLimbs; ++i) {
      uint64_t lanes[8];
      store(lanes, fields[field].limb[i]);
      for (size_t lane = 0; lane < 8 && first_window + lane < kWindows; ++lane)
        edwards_table[first_window + lane][kFieldLimbs * field + i][entry] = static_cast<TableWord>(lanes[lane]);
    }
  }
}

/// Puts a point, the same in every lane, into one lane of four elements.
void set_lane(Extended& points, const Extended& point, size_t lane) {
  const Mask mask = static_cast<Mask>(1u << lane);
  points.x = select(mask, point.x, points.x);
  points.y = select(mask, point.y, points.y);
  points.z = select(mask, point.z, points.z);
  points.t = select(mask, point.t, points.t);
}

void write_start(const Extended& point) {
  const Fe* const fields[4] = {&point.x, &point.y, &point.z, &point.t};
  for (size_t field = 0; field < 4; ++field) {
    for (size_t i = 0; i < kFieldLimbs; ++i) {
      uint64_t lanes[8];
      store(lanes, fields[field]->limb[i]);
      edwards_start[field][i] = lanes[0];
    }
  }
}

void prepare_edwards25519() {
  const Fe two_d = fe_constant(kTwoD);
  const Fe x = fe_constant(kBaseX);
  const Fe y = fe_constant(kBaseY);
  Extended base{x, y, fe_small(1), x * y};  // 32^window·B
  for (size_t first = 0; first < kWindows; first += 8) {
    Extended bases = base;
    for (size_t lane = 0; lane < 8 && first + lane < kWindows; ++lane) {
      set_lane(bases, base, lane);
      for (int i = 0; i < 5; ++i) {
        if (i == 4 && first + lane == kWindows - 1) write_start(base);
        base = add_extended(base, base, two_d);
      }
    }
    Extended multiple = bases;
    for (size_t entry = 0; entry < kEntries; ++entry) {
      write_entries(multiple, two_d, first, entry);
      multiple = add_extended(multiple, bases, two_d);
    }
  }
}

/// The window's five bits of every lane, from five words.
[[gnu::always_inline]] inline Vec window_bits(const uint64_t (&words)[5][8], size_t window) {
  const size_t bit = 5 * window;
  const Vec shift = splat(bit % 64);
  const Vec low = shift_right_by(load(words[bit / 64]), shift);
  const Vec high = shift_left_by(load(words[bit / 64 + 1]), sub(splat(64), shift));  // a shift by 64 gives zero
  return both(either(low, high), splat(window == kWindows - 1 ? 63 : 31));
}

/// The entries for signed digits, whose magnitudes are 0 to 16; where `negative`, sum and difference change places.
[[gnu::always_inline]] inline Precomputed look_up(size_t window, Vec magnitude, Mask negative) {
  const Vec index = sub(magnitude, splat(1));
  const Mask none = equal(magnitude, zero());
  Precomputed p;
  for (size_t i = 0; i < kFieldLimbs; ++i) {
    p.sum.limb[i] = lookup16(edwards_table[window][i], index);
    p.difference.limb[i] = lookup16(edwards_table[window][kFieldLimbs + i], index);
    p.product.limb[i] = select(none, zero(), lookup16(edwards_table[window][2 * kFieldLimbs + i], index));
  }
  p.sum = select(none, fe_small(1), p.sum);
  p.difference = select(none, fe_small(1), p.difference);
  swap_if(negative, p.sum, p.difference);
  return p;
}

[[gnu::always_inline]] inline Extended add_precomputed(const Extended& p, const Precomputed& q, Mask negative) {
  const Fe a = (p.y - p.x) * q.difference;
  const Fe b = (p.y + p.x) * q.sum;
  const Fe c = p.t * q.product;
  const Fe d = p.z + p.z;
  const Fe e = b - a;
  const Fe h = b + a;
  Fe f = d - c;
  Fe g = d + c;
  swap_if(negative, f, g);  // the sign of q.product
  return {e * f, g * h, f * g, e * h};
}

/// Adds the offset that makes a scalar's digits signed; the sum stays below 2^255 + 2^250.
void write_offset_scalar(const uint64_t (&scalar)[4], uint64_t (&words)[5][8], size_t lane) {
  unsigned __int128 sum = 0;
  for (size_t i = 0; i < 4; ++i) {
    sum = (sum >> 64) + scalar[i] + kDigitOffset[i];
    words[i][lane] = static_cast<uint64_t>(sum);
  }
  words[4][lane] = 0;
}

/// start + the sum of the digits' multiples of the base point. The highest window's digit is counted from `highest`.
[[gnu::noinline]] Extended add_base_multiples(Extended sum, const uint64_t (&words)[5][8], uint64_t highest) {
  for (size_t window = 0; window < kWindows; ++window) {
    const Vec from = splat(window == kWindows - 1 ? highest : 16);
    const Vec digit = window_bits(words, window);
    const Mask negative = below(digit, from);
    const Vec magnitude = select(negative, sub(from, digit), sub(digit, from));
    sum = add_precomputed(sum, look_up(window, magnitude, negative), negative);
  }
  return sum;
}

void x25519_base(const uint8_t (*scalars)[32], uint8_t (*out)[32]) {
  uint64_t words[5][8];
  for (size_t lane = 0; lane < 8; ++lane) {
    uint64_t w[4];
    __builtin_memcpy(w, scalars[lane], 32);
    w[0] &= ~uint64_t{7};
    w[3] = (w[3] & (~uint64_t{0} >> 1)) | (uint64_t{1} << 62);
    write_offset_scalar(w, words, lane);
    wipe(w, sizeof w);
  }
  Extended start;
  Fe* const fields[4] = {&start.x, &start.y, &start.z, &start.t};
  for (size_t field = 0; field < 4; ++field)
    for (size_t i = 0; i < kFieldLimbs; ++i) fields[field]->limb[i] = splat(edwards_start[field][i]);
  const Extended sum = add_base_multiples(start, words, 16);
  Vec result[4];
  to_words(canonical((sum.z + sum.y) * invert((sum.z - sum.y) * fe_small(1))), result);
  store_lanes(result, out);
  wipe(words, sizeof words);
}

}  // namespace
