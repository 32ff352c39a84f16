// SHA-256 by lanes against libcrypto, and what is computed with it.
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <random>

#include "backend_fixture.h"
#include "crypto/cpu.h"
#include "crypto/ecdsa.h"
#include "crypto/nonce_lanes.h"
#include "crypto/sha256.h"

namespace handsel::crypto {
namespace {

template <std::size_t Count>
struct Lanes {
  static constexpr std::size_t kLanes = Count;
};
const Sha256LaneKernels<8>& kernels_of(Lanes<8>) { return kEightSha256Kernels; }
const Sha256LaneKernels<16>& kernels_of(Lanes<16>) { return kSixteenSha256Kernels; }

/// Digests of messages of up to 55 bytes: one block each.
template <class Width>
std::vector<std::vector<std::uint8_t>> hash(const std::vector<std::vector<std::uint8_t>>& messages) {
  std::uint32_t state[8][Width::kLanes];
  std::uint32_t block[16][Width::kLanes] = {};
  for (std::size_t lane = 0; lane < Width::kLanes; ++lane) {
    for (std::size_t i = 0; i < 8; ++i) state[i][lane] = kSha256Start[i];
    if (lane >= messages.size()) continue;
    std::vector<std::uint8_t> padded = messages[lane];
    padded.push_back(0x80);
    padded.resize(kSha256BlockBytes);
    store_be64(&padded[kSha256BlockBytes - 8], 8 * messages[lane].size());
    for (std::size_t i = 0; i < 16; ++i) block[i][lane] = load_be32(&padded[4 * i]);
  }
  kernels_of(Width{}).compress(state, block);
  std::vector<std::vector<std::uint8_t>> digests;
  for (std::size_t lane = 0; lane < messages.size(); ++lane) {
    auto& digest = digests.emplace_back(kSha256DigestBytes);
    for (std::size_t i = 0; i < 8; ++i) store_be32(&digest[4 * i], state[i][lane]);
  }
  return digests;
}

template <class Width>
class Sha256Lanes : public testing::Test {
 protected:
  void SetUp() override {
    if (!cpu_runs_avx512_ifma()) GTEST_SKIP() << "no AVX-512 on this processor";
  }
};
using Widths = testing::Types<Lanes<8>, Lanes<16>>;
TYPED_TEST_SUITE(Sha256Lanes, Widths);

TYPED_TEST(Sha256Lanes, every_number_of_filled_lanes_gives_libcryptos_digests) {
  SeededEntropy entropy(6'234);
  for (std::size_t filled = 1; filled <= TypeParam::kLanes; ++filled) {
    for (std::size_t round = 0; round < 20; ++round) {
      std::vector<std::vector<std::uint8_t>> messages;
      for (std::size_t lane = 0; lane < filled; ++lane) {
        auto& message = messages.emplace_back((7 * round + 11 * lane) % 56);
        entropy.fill(message);
        if (round == 0) std::ranges::fill(message, std::uint8_t{0xff});
      }
      const auto digests = hash<TypeParam>(messages);
      for (std::size_t lane = 0; lane < filled; ++lane) {
        std::vector<std::uint8_t> wanted(kSha256DigestBytes);
        ASSERT_EQ(
            EVP_Digest(messages[lane].data(), messages[lane].size(), wanted.data(), nullptr, EVP_sha256(), nullptr), 1);
        ASSERT_EQ(to_hex(digests[lane]), to_hex(wanted)) << "lane " << lane << " of " << filled;
      }
    }
  }
}

TEST(NonceLanes, every_number_of_seeds_gives_the_nonces_that_each_alone_has) {
  if (!cpu_runs_avx512_ifma()) GTEST_SKIP() << "no AVX-512 on this processor";
  SeededEntropy entropy(6'979);
  for (std::size_t count = 1; count <= kKernelLanes; ++count) {
    for (int round = 0; round < 25; ++round) {
      std::array<std::array<std::uint8_t, 96>, kKernelLanes> inputs;
      std::vector<NonceSeed> seeds;
      for (std::size_t lane = 0; lane < count; ++lane) {
        entropy.fill(inputs[lane]);
        const Bytes input = inputs[lane];
        if (round == 0) std::ranges::fill(inputs[lane], std::uint8_t{0xff});  // a digest above n is reduced
        seeds.push_back({input.first(32), input.subspan(32, 32), input.subspan(64)});
      }
      LaneBytes nonces;
      derive_nonces(seeds, nonces);
      for (std::size_t lane = 0; lane < count; ++lane) {
        std::array<std::uint8_t, 32> wanted;
        derive_nonce(seeds[lane].key, seeds[lane].digest, seeds[lane].extra, wanted);
        ASSERT_EQ(to_hex(nonces.bytes[lane]), to_hex(wanted)) << "lane " << lane << " of " << count;
      }
      for (std::size_t lane = count; lane < kKernelLanes; ++lane)
        ASSERT_EQ(to_hex(nonces.bytes[lane]), std::string(64, '0')) << "lane " << lane << " has no seed";
    }
  }
}

}  // namespace
}  // namespace handsel::crypto
