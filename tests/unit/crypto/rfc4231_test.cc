// RFC 4231 4: HMAC with SHA-256 and SHA-384.
#include <gtest/gtest.h>

#include "crypto/hash.h"
#include "hex.h"

namespace handsel::crypto {
namespace {

struct Case {
  std::vector<std::uint8_t> key;
  std::vector<std::uint8_t> data;
  const char* sha256;
  const char* sha384;
};

std::vector<std::uint8_t> text(std::string_view chars) { return {chars.begin(), chars.end()}; }

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {std::vector<std::uint8_t>(20, 0x0b), text("Hi There"),
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
       "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"},
      {text("Jefe"), text("what do ya want for nothing?"),
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
       "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"},
      {std::vector<std::uint8_t>(20, 0xaa), std::vector<std::uint8_t>(50, 0xdd),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
       "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27"},
      {from_hex("0102030405060708090a0b0c0d0e0f10111213141516171819"), std::vector<std::uint8_t>(50, 0xcd),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
       "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb"},
      {std::vector<std::uint8_t>(131, 0xaa), text("Test Using Larger Than Block-Size Key - Hash Key First"),
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
       "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952"},
      {std::vector<std::uint8_t>(131, 0xaa),
       text("This is a test using a larger than block-size key and a larger than block-size data. The key needs to "
            "be hashed before being used by the HMAC algorithm."),
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
       "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e"},
  };
  return all;
}

std::string mac(HashId id, const Case& vector) {
  std::vector<std::uint8_t> out(digest_bytes(id));
  Hmac(id, vector.key).mac({vector.data}, out);
  return to_hex(out);
}

TEST(Rfc4231, hmac_of_its_test_cases_gives_its_values) {
  for (const Case& vector : cases()) {
    EXPECT_EQ(mac(HashId::sha256, vector), vector.sha256);
    EXPECT_EQ(mac(HashId::sha384, vector), vector.sha384);
  }
}

TEST(Hmac, one_key_macs_many_messages_and_parts_are_joined) {
  const Case& vector = cases()[1];
  const Hmac hmac(HashId::sha256, vector.key);
  std::array<std::uint8_t, 32> out;
  hmac.mac({as_bytes("something else")}, out);
  EXPECT_NE(to_hex(out), vector.sha256);
  const Bytes data = vector.data;
  hmac.mac({data.first(5), Bytes{}, data.subspan(5)}, out);
  EXPECT_EQ(to_hex(out), vector.sha256);
}

}  // namespace
}  // namespace handsel::crypto
