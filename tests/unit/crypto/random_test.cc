#include "crypto/random.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace handsel::crypto {
namespace {

TEST(SystemEntropy, blocks_across_many_refills_never_repeat) {
  SystemEntropy entropy;
  std::set<std::vector<std::uint8_t>> seen;
  for (int i = 0; i < 1'000; ++i) {
    std::vector<std::uint8_t> block(17);
    entropy.fill(block);
    EXPECT_TRUE(seen.insert(block).second);
  }
}

TEST(SystemEntropy, request_larger_than_the_buffer_is_filled_to_its_end) {
  SystemEntropy entropy;
  std::vector<std::uint8_t> block(10'000);
  entropy.fill(block);
  std::array<std::size_t, 256> seen{};
  for (const std::uint8_t byte : Bytes(block).last(4'000)) ++seen[byte];
  for (const std::size_t count : seen) EXPECT_LT(count, 100u);  // 16 are expected
}

}  // namespace
}  // namespace handsel::crypto
