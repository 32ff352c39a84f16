// RFC 6979 A.2.5: deterministic nonces on P-256 with SHA-256, and the signatures made with them.
#include <gtest/gtest.h>

#include "crypto/ecdsa.h"
#include "crypto/hash.h"
#include "hex.h"

namespace handsel::crypto {
namespace {

constexpr char kKey[] = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";

struct Case {
  std::string_view message;
  const char* nonce;
  const char* r;
  const char* s;
};
constexpr Case kCases[] = {
    {"sample", "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60",
     "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    {"test", "d16b6ae827f17175e040871a1c7ec3500192c4c92677336ec2537acaee0008e0",
     "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
     "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
};

std::vector<std::uint8_t> digest_of(std::string_view message) {
  std::vector<std::uint8_t> digest(32);
  Hash hash(HashId::sha256);
  hash.update(as_bytes(message));
  hash.finish(digest);
  return digest;
}

TEST(Rfc6979, nonces_without_extra_data_are_its_own) {
  for (const Case& vector : kCases) {
    std::array<std::uint8_t, 32> nonce;
    derive_nonce(from_hex(kKey), digest_of(vector.message), {}, nonce);
    EXPECT_EQ(to_hex(nonce), vector.nonce);
  }
}

TEST(Rfc6979, extra_data_changes_the_nonce) {
  std::array<std::uint8_t, 32> first;
  std::array<std::uint8_t, 32> second;
  derive_nonce(from_hex(kKey), digest_of("sample"), from_hex("01"), first);
  derive_nonce(from_hex(kKey), digest_of("sample"), from_hex("02"), second);
  EXPECT_NE(first, second);
  EXPECT_NE(to_hex(first), kCases[0].nonce);
}

TEST(Rfc6979, its_nonces_make_its_signatures) {
  for (const Case& vector : kCases) {
    const auto nonce = from_hex(vector.nonce);
    const OrderElement inverse = order_invert(order_to_montgomery(order_from_bytes(nonce)));
    std::array<std::uint8_t, kMaxEcdsaP256DerBytes> der;
    const std::size_t length =
        ecdsa_finish(from_hex(kKey), digest_of(vector.message), nonce, inverse, from_hex(vector.r), der);
    ASSERT_NE(length, 0u);
    const std::string text = to_hex(Bytes(der).first(length));
    EXPECT_EQ(text.substr(0, 4), "30" + to_hex(std::array<std::uint8_t, 1>{static_cast<std::uint8_t>(length - 2)}));
    EXPECT_NE(text.find(vector.r), text.npos);
    EXPECT_NE(text.find(vector.s), text.npos);
    EXPECT_TRUE(text.ends_with(vector.s));
  }
}

TEST(EcdsaFinish, inverse_that_is_not_the_nonces_is_caught_as_a_fault) {
  const auto nonce = from_hex(kCases[0].nonce);
  OrderElement inverse = order_invert(order_to_montgomery(order_from_bytes(nonce)));
  inverse.limb[2] ^= 1u << 20;
  std::array<std::uint8_t, kMaxEcdsaP256DerBytes> der;
  EXPECT_EQ(ecdsa_finish(from_hex(kKey), digest_of("sample"), nonce, inverse, from_hex(kCases[0].r), der), 0u);
}

TEST(EcdsaFinish, r_of_zero_gives_no_signature) {
  const auto nonce = from_hex(kCases[0].nonce);
  const OrderElement inverse = order_invert(order_to_montgomery(order_from_bytes(nonce)));
  std::array<std::uint8_t, kMaxEcdsaP256DerBytes> der;
  EXPECT_EQ(ecdsa_finish(from_hex(kKey), digest_of("sample"), nonce, inverse, std::vector<std::uint8_t>(32), der), 0u);
}

}  // namespace
}  // namespace handsel::crypto
