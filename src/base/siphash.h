#pragma once
/// SipHash (Aumasson, Bernstein 2012): a keyed hash whose output strangers cannot predict.

#include <array>
#include <bit>
#include <cstdint>

#include "base/bytes.h"

namespace handsel {

using SipKey = std::array<std::uint64_t, 2>;

/// SipHash-c-d fed with words, for who has them at hand. 2-4 is for what leaves the machine; 1-3 for tables, whose
/// hashes nobody gets to see.
template <int kRounds, int kFinalRounds>
class SipHasher {
 public:
  explicit SipHasher(const SipKey& key)
      : v0_(key[0] ^ 0x736f6d6570736575),
        v1_(key[1] ^ 0x646f72616e646f6d),
        v2_(key[0] ^ 0x6c7967656e657261),
        v3_(key[1] ^ 0x7465646279746573) {}

  /// The next eight bytes of the message, the first lowest.
  void absorb(std::uint64_t word) {
    v3_ ^= word;
    for (int i = 0; i < kRounds; ++i) round();
    v0_ ^= word;
  }
  /// The hash of a message of `bytes` bytes, of which the last `bytes` % 8 stand in `rest`, the first lowest.
  std::uint64_t finish(std::size_t bytes, std::uint64_t rest) {
    absorb(static_cast<std::uint64_t>(bytes) << 56 | rest);
    v2_ ^= 0xff;
    for (int i = 0; i < kFinalRounds; ++i) round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  void round() {
    v0_ += v1_;
    v2_ += v3_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v1_;
    v0_ += v3_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ = std::rotl(v2_, 32);
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

/// 64-bit SipHash-2-4 of `message` under `key`.
std::uint64_t siphash24(const SipKey& key, Bytes message);

}  // namespace handsel
