// SHA-256 (FIPS 180-4 6.2): one message a lane. Needs a vocabulary of words (avx512_words16.h) before it.

namespace {

constexpr uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// One more block of every lane.
void sha256_compress(uint32_t (&state)[8][kWordLanes], const uint32_t (&block)[16][kWordLanes]) {
  Vec w[16];
  for (size_t i = 0; i < 16; ++i) w[i] = load(block[i]);
  Vec s[8];  // a to h; round t finds its a at s[-t], counted round
  for (size_t i = 0; i < 8; ++i) s[i] = load(state[i]);
#pragma GCC unroll 1
  for (size_t start = 0; start < 64; start += 16) {
#pragma GCC unroll 16
    for (size_t t = 0; t < 16; ++t) {
      const Vec a = s[(16 - t) % 8];
      const Vec b = s[(17 - t) % 8];
      const Vec c = s[(18 - t) % 8];
      Vec& d = s[(19 - t) % 8];
      const Vec e = s[(20 - t) % 8];
      const Vec f = s[(21 - t) % 8];
      const Vec g = s[(22 - t) % 8];
      Vec& h = s[(23 - t) % 8];
      const Vec rotated_e = parity(rotate_right<6>(e), rotate_right<11>(e), rotate_right<25>(e));
      const Vec rotated_a = parity(rotate_right<2>(a), rotate_right<13>(a), rotate_right<22>(a));
      const Vec first = add(add(add(h, splat(kRoundConstants[start + t])), w[t]), add(rotated_e, choose(e, f, g)));
      d = add(d, first);
      h = add(first, add(rotated_a, majority(a, b, c)));
      const Vec w1 = w[(t + 1) % 16];
      const Vec w14 = w[(t + 14) % 16];
      w[t] = add(add(w[t], w[(t + 9) % 16]),
                 add(parity(rotate_right<7>(w1), rotate_right<18>(w1), shift_right<3>(w1)),
                     parity(rotate_right<17>(w14), rotate_right<19>(w14), shift_right<10>(w14))));
    }
  }
  for (size_t i = 0; i < 8; ++i) store(state[i], add(load(state[i]), s[i]));
}

}  // namespace
