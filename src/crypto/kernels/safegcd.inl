// Inverses modulo an odd number of up to 256 bits, in constant time, by the division steps of Bernstein and Yang
// ("Fast constant-time gcd computation and modular inversion", 2019). One number at a time: lanes share an inversion.

namespace {

constexpr int kLimbBits = 62;
constexpr uint64_t kLimbMask = (uint64_t{1} << kLimbBits) - 1;
constexpr int kStepsAtOnce = 62;
// With delta counted from 1/2, 590 steps suffice for 256 bits (P. Wuille's bound by convex hulls, 2021): ten batches
// make 620.
constexpr int kStepBatches = 10;

/// Signed: limbs 0 to 3 have 62 bits, limb 4 the sign and what is above.
struct Signed310 {
  int64_t limb[5];
};

struct Modulus {
  Signed310 value;
  uint64_t inverse;  ///< of the modulus, modulo 2^62
};

/// What 62 division steps do to (f, g), times 2^62: f' = u·f + v·g, g' = q·f + r·g. |u| + |v| and |q| + |r| are at most
/// 2^62.
struct Transition {
  int64_t u, v, q, r;
};

constexpr Signed310 to_signed310(const uint64_t (&w)[4]) {
  return {{static_cast<int64_t>(w[0] & kLimbMask), static_cast<int64_t>((w[0] >> 62 | w[1] << 2) & kLimbMask),
           static_cast<int64_t>((w[1] >> 60 | w[2] << 4) & kLimbMask),
           static_cast<int64_t>((w[2] >> 58 | w[3] << 6) & kLimbMask), static_cast<int64_t>(w[3] >> 56)}};
}

constexpr Modulus make_modulus(const uint64_t (&w)[4]) {
  uint64_t inverse = w[0];  // right to three bits; each of Newton's steps doubles them
  for (int i = 0; i < 5; ++i) inverse *= 2 - w[0] * inverse;
  return {to_signed310(w), inverse & kLimbMask};
}

/// 62 division steps on the lowest words of f and g; `delta` is the paper's, less 1/2.
Transition division_steps(int64_t& delta, uint64_t f, uint64_t g) {
  uint64_t u = 1, v = 0, q = 0, r = 1;
  uint64_t d = static_cast<uint64_t>(delta);
  for (int i = 0; i < kStepsAtOnce; ++i) {
    uint64_t odd = 0 - (g & 1);
    __asm__("" : "+r"(odd));  // a mask, not a reason to branch
    const uint64_t swap = odd & ((d >> 63) - 1);
    // Where delta > 0 and g is odd: (f, g) becomes (g, -f), and delta changes its sign.
    const uint64_t df = (f ^ g) & swap;
    const uint64_t du = (u ^ q) & swap;
    const uint64_t dv = (v ^ r) & swap;
    f ^= df;
    u ^= du;
    v ^= dv;
    g = ((g ^ df) ^ swap) - swap;
    q = ((q ^ du) ^ swap) - swap;
    r = ((r ^ dv) ^ swap) - swap;
    d = (d ^ swap) + 1;
    // An odd g becomes even by adding f, then is halved; f's row is doubled in its stead.
    g = (g + (f & odd)) >> 1;
    q += u & odd;
    r += v & odd;
    u <<= 1;
    v <<= 1;
  }
  delta = static_cast<int64_t>(d);
  return {static_cast<int64_t>(u), static_cast<int64_t>(v), static_cast<int64_t>(q), static_cast<int64_t>(r)};
}

/// (a·x + b·y + m·modulus) / 2^62, which is whole by the caller's choice of a, b and m.
Signed310 combine(int64_t a, const Signed310& x, int64_t b, const Signed310& y, int64_t m, const Signed310& modulus) {
  Signed310 result;
  __int128 sum = 0;
  for (int i = 0; i < 5; ++i) {
    sum += static_cast<__int128>(a) * x.limb[i] + static_cast<__int128>(b) * y.limb[i] +
           static_cast<__int128>(m) * modulus.limb[i];
    if (i > 0) result.limb[i - 1] = static_cast<int64_t>(static_cast<uint64_t>(sum) & kLimbMask);
    sum >>= kLimbBits;
  }
  result.limb[4] = static_cast<int64_t>(sum);
  return result;
}

/// The m of least magnitude that makes a·x + b·y + m·modulus a multiple of 2^62.
int64_t cancelling_multiple(int64_t a, const Signed310& x, int64_t b, const Signed310& y, const Modulus& modulus) {
  const uint64_t low = static_cast<uint64_t>(a) * static_cast<uint64_t>(x.limb[0]) +
                       static_cast<uint64_t>(b) * static_cast<uint64_t>(y.limb[0]);
  return static_cast<int64_t>((0 - low * modulus.inverse) << 2) >> 2;
}

/// value + factor·modulus where the mask is all ones, else value, carried.
Signed310 add_multiple(const Signed310& value, int64_t factor, int64_t mask, const Signed310& modulus) {
  Signed310 result;
  int64_t sum = 0;
  for (int i = 0; i < 5; ++i) {
    // A limb times a factor of at most 8 may pass 63 bits, so that it is taken in 128.
    const __int128 wide = static_cast<__int128>(modulus.limb[i]) * (factor & mask) + value.limb[i] + sum;
    result.limb[i] = i < 4 ? static_cast<int64_t>(static_cast<uint64_t>(wide) & kLimbMask) : static_cast<int64_t>(wide);
    sum = static_cast<int64_t>(wide >> kLimbBits);
  }
  return result;
}

/// 1/x modulo the modulus, for x below it; zero for zero. Four little-endian words each.
[[gnu::noinline]] void safegcd_inverse(const Modulus& modulus, const uint64_t (&x)[4], uint64_t (&out)[4]) {
  Signed310 f = modulus.value;
  Signed310 g = to_signed310(x);
  Signed310 d{};  // d·x = f and e·x = g, modulo the modulus
  Signed310 e{{1, 0, 0, 0, 0}};
  int64_t delta = 0;
  for (int batch = 0; batch < kStepBatches; ++batch) {
    const uint64_t f_low = static_cast<uint64_t>(f.limb[0]) | static_cast<uint64_t>(f.limb[1]) << 62;
    const uint64_t g_low = static_cast<uint64_t>(g.limb[0]) | static_cast<uint64_t>(g.limb[1]) << 62;
    const Transition t = division_steps(delta, f_low, g_low);
    const Signed310 next_f = combine(t.u, f, t.v, g, 0, modulus.value);
    g = combine(t.q, f, t.r, g, 0, modulus.value);
    f = next_f;
    // d and e grow by half a modulus a batch, as m is at most 2^61: to less than six moduli in ten.
    const Signed310 next_d = combine(t.u, d, t.v, e, cancelling_multiple(t.u, d, t.v, e, modulus), modulus.value);
    e = combine(t.q, d, t.r, e, cancelling_multiple(t.q, d, t.r, e, modulus), modulus.value);
    d = next_d;
  }
  // f is 1 or -1 now (or the modulus, where x was zero and d is zero).
  const int64_t f_sign = f.limb[4] >> 63;
  for (int i = 0; i < 5; ++i) d.limb[i] = (d.limb[i] ^ f_sign) - f_sign;
  d = add_multiple(d, 8, -1, modulus.value);
  for (int factor = 8; factor > 0; factor /= 2) {
    d = add_multiple(d, -factor, -1, modulus.value);
    d = add_multiple(d, factor, d.limb[4] >> 63, modulus.value);
  }
  const uint64_t l[5] = {static_cast<uint64_t>(d.limb[0]), static_cast<uint64_t>(d.limb[1]),
                         static_cast<uint64_t>(d.limb[2]), static_cast<uint64_t>(d.limb[3]),
                         static_cast<uint64_t>(d.limb[4])};
  out[0] = l[0] | l[1] << 62;
  out[1] = l[1] >> 2 | l[2] << 60;
  out[2] = l[2] >> 4 | l[3] << 58;
  out[3] = l[3] >> 6 | l[4] << 56;
}

}  // namespace
