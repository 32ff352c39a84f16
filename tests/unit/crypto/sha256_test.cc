// Our SHA-256 for short messages against libcrypto's, with each of its kernels that runs here.
#include "crypto/sha256.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <random>
#include <vector>

#include "crypto/cpu.h"
#include "crypto/hash.h"

namespace handsel::crypto {
namespace {

using Digest = std::array<std::uint8_t, kSha256DigestBytes>;

std::vector<std::uint8_t> random_bytes(std::mt19937_64& random, std::size_t size) {
  std::vector<std::uint8_t> out(size);
  for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

Digest oracle(Bytes message) {
  Digest out;
  EXPECT_EQ(EVP_Digest(message.data(), message.size(), out.data(), nullptr, EVP_sha256(), nullptr), 1);
  return out;
}

class Sha256Kernel : public testing::TestWithParam<const Sha256Kernels*> {
 protected:
  void SetUp() override {
    if (GetParam() == &kShaNiSha256Kernels && !cpu_runs_sha()) GTEST_SKIP() << "no SHA extensions here";
  }
};

// The oracle hashes whole messages; so their padding is written here by hand.
std::vector<std::uint8_t> padded(Bytes message) {
  std::vector<std::uint8_t> out(message.begin(), message.end());
  out.push_back(0x80);
  while (out.size() % kSha256BlockBytes != kSha256BlockBytes - 8) out.push_back(0);
  out.resize(out.size() + 8);
  store_be64(&out[out.size() - 8], message.size() * 8);
  return out;
}

TEST_P(Sha256Kernel, compresses_any_number_of_blocks_as_libcrypto_does) {
  std::mt19937_64 random(1);
  for (std::size_t size = 0; size < 700; size += 13) {
    const auto message = random_bytes(random, size);
    const auto blocks = padded(message);
    Sha256Words words;
    std::memcpy(words, kSha256Start, sizeof words);
    GetParam()->compress(words, blocks.data(), blocks.size() / kSha256BlockBytes);
    Digest digest;
    write_sha256_digest(words, digest.data());
    EXPECT_EQ(digest, oracle(message)) << size;
  }
}

TEST_P(Sha256Kernel, two_chains_side_by_side_keep_apart) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 50; ++round) {
    const auto first = random_bytes(random, random() % 56), second = random_bytes(random, random() % 56);
    Sha256Words words[2];
    std::memcpy(words[0], kSha256Start, sizeof words[0]);
    std::memcpy(words[1], kSha256Start, sizeof words[1]);
    GetParam()->compress_two(words[0], padded(first).data(), words[1], padded(second).data());
    Digest digests[2];
    write_sha256_digest(words[0], digests[0].data());
    write_sha256_digest(words[1], digests[1].data());
    EXPECT_EQ(digests[0], oracle(first));
    EXPECT_EQ(digests[1], oracle(second));
  }
}

INSTANTIATE_TEST_SUITE_P(All, Sha256Kernel, testing::Values(&kShaNiSha256Kernels, &kLibcryptoSha256Kernels),
                         [](const auto& kernel) { return kernel.param == &kShaNiSha256Kernels ? "sha" : "libcrypto"; });

TEST(Sha256, message_of_any_length_in_pieces_gives_libcryptos_digest) {
  std::mt19937_64 random(3);
  for (std::size_t size = 0; size < 300; ++size) {
    const auto message = random_bytes(random, size);
    Sha256 hash;
    for (Bytes rest = message; !rest.empty();) {
      const std::size_t count = std::min<std::size_t>(rest.size(), random() % 90);
      hash.update(rest.first(count));
      rest = rest.subspan(count);
    }
    Digest digest;
    write_sha256_digest(hash.finish(), digest.data());
    EXPECT_EQ(digest, oracle(message)) << size;
  }
}

// RFC 2104 2, by libcrypto. Around 55 bytes a message stops fitting one block behind the key.
TEST(Hmac, message_of_any_length_in_pieces_gives_libcryptos_mac) {
  std::mt19937_64 random(5);
  for (std::size_t size = 1; size < 150; ++size) {
    const auto key = random_bytes(random, size), message = random_bytes(random, size);
    for (const std::size_t split : {std::size_t{0}, size / 3, size}) {
      Digest ours, theirs;
      Hmac(HashId::sha256, key).mac({Bytes(message).first(split), Bytes(message).subspan(split)}, ours);
      HMAC(EVP_sha256(), key.data(), static_cast<int>(size), message.data(), size, theirs.data(), nullptr);
      EXPECT_EQ(ours, theirs) << size;
    }
  }
}

TEST(Hmac, two_side_by_side_are_what_they_are_apart) {
  std::mt19937_64 random(4);
  for (const HashId id : {HashId::sha256, HashId::sha384}) {
    for (int round = 0; round < 200; ++round) {
      const Hmac keys[2] = {Hmac(id, random_bytes(random, random() % 200)),
                            Hmac(id, random_bytes(random, random() % 200))};
      const Hmac &left = keys[0], &right = keys[random() % 2];
      const auto first = random_bytes(random, random() % 80), second = random_bytes(random, random() % 80);
      std::array<std::uint8_t, kMaxDigestBytes> together[2]{}, apart[2]{};
      left.mac({first}, apart[0]);
      right.mac({second}, apart[1]);
      mac_two(left, {first}, together[0], right, {second}, together[1]);
      EXPECT_EQ(together[0], apart[0]);
      EXPECT_EQ(together[1], apart[1]);
    }
  }
}

}  // namespace
}  // namespace handsel::crypto
