#include "base/siphash.h"

#include <gtest/gtest.h>

namespace handsel {
namespace {

// The reference vectors of the SipHash paper's code: key 00…0f, message 00…(n-1).
TEST(SipHash, matches_the_papers_vectors) {
  const SipKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  std::array<std::uint8_t, 64> message{};
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(siphash24(key, Bytes(message).first(0)), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(siphash24(key, Bytes(message).first(1)), 0x74f839c593dc67fdu);
  EXPECT_EQ(siphash24(key, Bytes(message).first(8)), 0x93f5f5799a932462u);
  EXPECT_EQ(siphash24(key, Bytes(message).first(15)), 0xa129ca6149be45e5u);
}

/// What tables use, against the same code's other parameters: a word at a time, then the rest and the length.
TEST(SipHash, one_and_three_rounds_match_the_reference) {
  const SipKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  SipHasher<1, 3> empty(key), fifteen(key);
  EXPECT_EQ(empty.finish(0, 0), 0xabac0158050fc4dcu);
  fifteen.absorb(0x0706050403020100);
  EXPECT_EQ(fifteen.finish(15, 0x0e0d0c0b0a0908), 0xd320d86d2a519956u);
}

}  // namespace
}  // namespace handsel
