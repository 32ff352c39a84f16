#include "crypto/aead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "crypto/aead_ipsec_mb.h"
#include "hex.h"

namespace handsel::crypto {
namespace {

constexpr AeadId kAlgorithms[] = {AeadId::aes_128_gcm, AeadId::aes_256_gcm, AeadId::chacha20_poly1305};

class AeadTest : public testing::Test {
 protected:
  std::vector<std::uint8_t> random(std::size_t count) {
    std::vector<std::uint8_t> bytes(count);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(generator_());
    return bytes;
  }
  AeadKey random_key(AeadId id) { return {id, Secret<32>(random(key_bytes(id)))}; }

  std::mt19937 generator_{8439};
};

/// Both back ends side by side.
class AeadBackEnds : public AeadTest {
 protected:
  void SetUp() override {
    if (!ipsec_mb_) GTEST_SKIP() << "ipsec-mb does not run on this processor";
  }
  void compare(AeadId id, std::size_t length, std::size_t associated_length) {
    const AeadKey key = random_key(id);
    const auto nonce = random(kAeadNonceBytes);
    const auto associated = random(associated_length);
    const auto plaintext = random(length);
    std::vector<std::uint8_t> left(length + kAeadTagBytes);
    std::vector<std::uint8_t> right(length + kAeadTagBytes);
    ipsec_mb_->seal(key, nonce, associated, plaintext, left);
    libcrypto_->seal(key, nonce, associated, plaintext, right);
    ASSERT_EQ(left, right) << "length " << length << ", associated " << associated_length;
    ASSERT_TRUE(libcrypto_->open(key, nonce, associated, left));
    ASSERT_TRUE(ipsec_mb_->open(key, nonce, associated, right));
    ASSERT_TRUE(std::equal(plaintext.begin(), plaintext.end(), left.begin()));
    ASSERT_TRUE(std::equal(plaintext.begin(), plaintext.end(), right.begin()));
  }

  std::unique_ptr<Aead> ipsec_mb_ = make_aead("ipsec-mb");
  std::unique_ptr<Aead> libcrypto_ = make_aead("libcrypto");
};

TEST_F(AeadBackEnds, agree_on_every_short_length) {
  for (const AeadId id : kAlgorithms)
    for (std::size_t length = 0; length <= 300; ++length) ASSERT_NO_FATAL_FAILURE(compare(id, length, length % 40));
}

TEST_F(AeadBackEnds, agree_on_records_of_full_size) {
  for (const AeadId id : kAlgorithms)
    for (const std::size_t length : {1'460u, 4'095u, 16'383u, 16'384u, 16'385u})
      ASSERT_NO_FATAL_FAILURE(compare(id, length, 5));
}

class AeadEach : public AeadTest, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    aead_ = make_aead(GetParam());
    if (!aead_) GTEST_SKIP() << GetParam() << " does not run on this processor";
  }
  std::unique_ptr<Aead> aead_;
};
INSTANTIATE_TEST_SUITE_P(BackEnds, AeadEach, testing::Values("ipsec-mb", "libcrypto"),
                         [](const auto& each) { return std::string(each.param).substr(0, 5); });

TEST_P(AeadEach, one_flipped_bit_in_any_byte_is_refused_and_the_text_wiped) {
  for (const AeadId id : kAlgorithms) {
    const AeadKey key = random_key(id);
    const auto nonce = random(kAeadNonceBytes);
    const auto associated = random(5);
    std::vector<std::uint8_t> sealed(37 + kAeadTagBytes);
    aead_->seal(key, nonce, associated, random(37), sealed);
    for (std::size_t at = 0; at < sealed.size(); ++at) {
      auto altered = sealed;
      altered[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
      ASSERT_FALSE(aead_->open(key, nonce, associated, altered)) << "byte " << at;
      ASSERT_EQ(altered, std::vector<std::uint8_t>(altered.size(), 0));
    }
    auto intact = sealed;
    EXPECT_TRUE(aead_->open(key, nonce, associated, intact));
  }
}

TEST_P(AeadEach, wrong_nonce_associated_data_or_key_is_refused) {
  for (const AeadId id : kAlgorithms) {
    const AeadKey key = random_key(id);
    const auto nonce = random(kAeadNonceBytes);
    const auto associated = random(5);
    std::vector<std::uint8_t> sealed(20 + kAeadTagBytes);
    aead_->seal(key, nonce, associated, random(20), sealed);
    auto copy = sealed;
    EXPECT_FALSE(aead_->open(key, random(kAeadNonceBytes), associated, copy));
    copy = sealed;
    EXPECT_FALSE(aead_->open(key, nonce, random(5), copy));
    copy = sealed;
    EXPECT_FALSE(aead_->open(random_key(id), nonce, associated, copy));
  }
}

TEST_P(AeadEach, input_shorter_than_a_tag_is_refused) {
  const AeadKey key = random_key(AeadId::aes_128_gcm);
  auto text = random(kAeadTagBytes - 1);
  EXPECT_FALSE(aead_->open(key, random(kAeadNonceBytes), {}, text));
}

TEST_P(AeadEach, sealing_in_place_gives_what_sealing_elsewhere_gives) {
  for (const AeadId id : kAlgorithms) {
    for (const std::size_t length : {1u, 16u, 100u, 1'000u, 16'384u}) {
      const AeadKey key = random_key(id);
      const auto nonce = random(kAeadNonceBytes);
      const auto plaintext = random(length);
      std::vector<std::uint8_t> apart(length + kAeadTagBytes);
      aead_->seal(key, nonce, {}, plaintext, apart);
      auto in_place = plaintext;
      in_place.resize(length + kAeadTagBytes);
      aead_->seal(key, nonce, {}, Bytes(in_place).first(length), in_place);
      ASSERT_EQ(apart, in_place);
    }
  }
}

TEST_P(AeadEach, key_memory_used_again_for_another_key_seals_with_the_new_one) {
  const auto nonce = random(kAeadNonceBytes);
  const auto plaintext = random(48);
  AeadKey key = random_key(AeadId::aes_128_gcm);
  std::vector<std::uint8_t> sealed(48 + kAeadTagBytes);
  aead_->seal(key, nonce, {}, plaintext, sealed);
  key.key.assign(random(16));
  aead_->seal(key, nonce, {}, plaintext, sealed);
  const AeadKey fresh{AeadId::aes_128_gcm, key.key.clone()};
  ASSERT_TRUE(make_aead("libcrypto")->open(fresh, nonce, {}, sealed));
}

TEST_P(AeadEach, more_keys_than_the_cache_holds_still_seal_right) {
  std::vector<AeadKey> keys;
  for (int i = 0; i < 1'000; ++i) keys.push_back(random_key(i % 2 ? AeadId::aes_128_gcm : AeadId::aes_256_gcm));
  const auto reference = make_aead("libcrypto");
  const auto nonce = random(kAeadNonceBytes);
  for (int round = 0; round < 3; ++round) {
    for (const AeadKey& key : keys) {
      std::vector<std::uint8_t> sealed(10 + kAeadTagBytes);
      aead_->seal(key, nonce, {}, random(10), sealed);
      ASSERT_TRUE(reference->open(key, nonce, {}, sealed));
    }
  }
}

TEST_F(AeadTest, forgotten_key_leaves_the_cache_even_when_it_moved) {
  const auto aead = IpsecMbAead::make();
  if (!aead) GTEST_SKIP() << "ipsec-mb does not run on this processor";
  AeadKey key = random_key(AeadId::aes_256_gcm);
  std::vector<std::uint8_t> sealed(kAeadTagBytes);
  aead->seal(key, random(kAeadNonceBytes), {}, {}, sealed);
  EXPECT_EQ(aead->cached_keys(), 1u);
  const AeadKey moved = std::move(key);
  aead->forget(moved);
  EXPECT_EQ(aead->cached_keys(), 0u);
}

TEST_F(AeadTest, brief_keys_leave_the_keys_of_busy_connections_where_they_are) {
  const auto aead = IpsecMbAead::make();
  if (!aead) GTEST_SKIP() << "ipsec-mb does not run on this processor";
  const auto nonce = random(kAeadNonceBytes);
  std::vector<std::uint8_t> sealed(kAeadTagBytes);
  const AeadKey busy = random_key(AeadId::aes_128_gcm);
  aead->seal(busy, nonce, {}, {}, sealed);
  std::vector<AeadKey> keys;
  for (int i = 0; i < 500; ++i) {
    keys.push_back(random_key(AeadId::aes_128_gcm));
    keys.back().brief = true;
  }
  const auto reference = make_aead("libcrypto");
  for (const AeadKey& key : keys) {
    aead->seal(key, nonce, {}, {}, sealed);
    ASSERT_TRUE(reference->open(key, nonce, {}, sealed));
    ASSERT_LE(aead->cached_keys(), 3u);
  }
  for (const AeadKey& key : keys) aead->forget(key);
  EXPECT_EQ(aead->cached_keys(), 1u);
  aead->forget(busy);
  EXPECT_EQ(aead->cached_keys(), 0u);
}

TEST(MakeAead, unknown_name_gives_none) { EXPECT_EQ(make_aead("rot13"), nullptr); }

}  // namespace
}  // namespace handsel::crypto
