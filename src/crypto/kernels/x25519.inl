// X25519 (RFC 7748 5): Montgomery's ladder in every lane at once. Needs invert25519.inl and lanes.inl before it.

namespace {

/// RFC 7748 5: decodeScalar25519.
[[gnu::always_inline]] inline void clamp(Vec (&words)[4]) {
  words[0] = both(words[0], splat(~uint64_t{7}));
  words[3] = either(both(words[3], splat(~uint64_t{0} >> 1)), splat(uint64_t{1} << 62));
}

struct LadderState {
  Fe x2, z2, x3, z3;
};

/// One bit: doubles (x2 : z2) and adds it to (x3 : z3), whose difference is u.
[[gnu::always_inline]] inline void ladder_step(LadderState& s, const Fe& u) {
  const Fe a = s.x2 + s.z2;
  const Fe b = s.x2 - s.z2;
  const Fe c = s.x3 + s.z3;
  const Fe d = s.x3 - s.z3;
  const Fe da = d * a;
  const Fe cb = c * b;
  const Fe aa = square(a);
  const Fe bb = square(b);
  const Fe e = aa - bb;
  s.x3 = square(da + cb);
  s.z3 = u * square(da - cb);
  s.x2 = aa * bb;
  s.z2 = e * multiply_add_small(aa, e, 121665);
}

void x25519(const uint8_t (*scalars)[32], const uint8_t (*points)[32], uint8_t (*out)[32]) {
  Vec scalar[4];
  Vec words[4];
  load_lanes(scalars, scalar);
  load_lanes(points, words);
  clamp(scalar);
  const Fe u = from_words(words);
  LadderState s{fe_small(1), fe_small(0), u, fe_small(1)};
  Vec previous = zero();
  for (int position = 254; position >= 0; --position) {
    const Vec bit = both(shift_right_by(scalar[position / 64], splat(static_cast<uint64_t>(position % 64))), splat(1));
    const Mask swap = test(add(bit, previous), splat(1));
    swap_if(swap, s.x2, s.x3);
    swap_if(swap, s.z2, s.z3);
    previous = bit;
    ladder_step(s, u);
  }
  // The lowest bit of a clamped scalar is zero: nothing is left to swap.
  to_words(canonical(s.x2 * invert(s.z2)), words);
  store_lanes(words, out);
}

}  // namespace
