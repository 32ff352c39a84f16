#include "crypto/kernels/kernel_abi.h"
//
#include <immintrin.h>

// SHA-256's compression (RFC 6234 6.2) by the processor's SHA instructions. sha256rnds2 does two rounds and takes as
// long as four instructions that do not wait for it: a single chain leaves the unit idle half of the time, which two
// independent ones fill. The generic code is therefore written for a number of chains.

namespace handsel::crypto {
namespace {

alignas(16) constexpr uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// The eight words as the instructions want them: the first and second, the fifth and sixth in one register, from high
// to low; the others in the other.
struct Chain {
  __m128i abef;
  __m128i cdgh;
};

inline Chain load(const uint32_t (&words)[8]) {
  const __m128i abcd = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words));
  const __m128i efgh = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words + 4));
  const __m128i badc = _mm_shuffle_epi32(abcd, 0xb1);
  const __m128i hgfe = _mm_shuffle_epi32(efgh, 0x1b);
  return {_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xf0)};
}

inline void store(const Chain& chain, uint32_t (&words)[8]) {
  const __m128i feba = _mm_shuffle_epi32(chain.abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(chain.cdgh, 0xb1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(words), _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(words + 4), _mm_alignr_epi8(dchg, feba, 8));
}

template <int kChains>
inline void compress_block(Chain (&chains)[kChains], const uint8_t* const (&blocks)[kChains]) {
  const __m128i to_words = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  Chain before[kChains];
  __m128i message[kChains][4];  // the sixteen latest words of the schedule, four a register, as a ring
  for (int chain = 0; chain < kChains; ++chain) {
    before[chain] = chains[chain];
    for (int i = 0; i < 4; ++i)
      message[chain][i] =
          _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks[chain] + 16 * i)), to_words);
  }
#pragma GCC unroll 16
  for (int four = 0; four < 16; ++four) {
    const __m128i constants = _mm_load_si128(reinterpret_cast<const __m128i*>(kRoundConstants + 4 * four));
#pragma GCC unroll 2
    for (int chain = 0; chain < kChains; ++chain) {
      __m128i(&words)[4] = message[chain];
      const __m128i sum = _mm_add_epi32(words[four % 4], constants);
      Chain& state = chains[chain];
      state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, sum);
      state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, _mm_shuffle_epi32(sum, 0x0e));
      if (four >= 12) continue;
      // W(t) = σ1(W(t-2)) + W(t-7) + σ0(W(t-15)) + W(t-16), four at a time.
      const __m128i seventh = _mm_alignr_epi8(words[(four + 3) % 4], words[(four + 2) % 4], 4);
      const __m128i partial = _mm_add_epi32(_mm_sha256msg1_epu32(words[four % 4], words[(four + 1) % 4]), seventh);
      words[four % 4] = _mm_sha256msg2_epu32(partial, words[(four + 3) % 4]);
    }
  }
  for (int chain = 0; chain < kChains; ++chain) {
    chains[chain].abef = _mm_add_epi32(chains[chain].abef, before[chain].abef);
    chains[chain].cdgh = _mm_add_epi32(chains[chain].cdgh, before[chain].cdgh);
  }
}

void compress(uint32_t (&words)[8], const uint8_t* blocks, size_t count) {
  Chain chains[1] = {load(words)};
  for (; count != 0; --count, blocks += 64) compress_block<1>(chains, {blocks});
  store(chains[0], words);
}

void compress_two(uint32_t (&first)[8], const uint8_t* first_block, uint32_t (&second)[8],
                  const uint8_t* second_block) {
  Chain chains[2] = {load(first), load(second)};
  compress_block<2>(chains, {first_block, second_block});
  store(chains[0], first);
  store(chains[1], second);
}

}  // namespace

extern const Sha256Kernels kShaNiSha256Kernels{compress, compress_two};

}  // namespace handsel::crypto
