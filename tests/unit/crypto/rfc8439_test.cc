// RFC 8439 2.8.2 and appendix A.5: AEAD_CHACHA20_POLY1305.
#include <gtest/gtest.h>

#include "crypto/aead.h"
#include "hex.h"

namespace handsel::crypto {
namespace {

class Rfc8439 : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    aead_ = make_aead(GetParam());
    if (!aead_) GTEST_SKIP() << GetParam() << " does not run on this processor";
  }
  std::unique_ptr<Aead> aead_;
};
INSTANTIATE_TEST_SUITE_P(BackEnds, Rfc8439, testing::Values("ipsec-mb", "libcrypto"),
                         [](const auto& each) { return std::string(each.param).substr(0, 5); });

TEST_P(Rfc8439, sunscreen_plaintext_seals_to_the_ciphertext_and_tag_of_2_8_2) {
  const AeadKey key{AeadId::chacha20_poly1305,
                    Secret<32>(from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"))};
  const auto plaintext = as_bytes(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
      "it.");
  std::vector<std::uint8_t> sealed(plaintext.size() + kAeadTagBytes);
  aead_->seal(key, from_hex("070000004041424344454647"), from_hex("50515253c0c1c2c3c4c5c6c7"), plaintext, sealed);
  EXPECT_EQ(to_hex(sealed),
            "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
            "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
            "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
            "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691");
}

TEST_P(Rfc8439, internet_draft_text_of_a_5_opens) {
  const AeadKey key{AeadId::chacha20_poly1305,
                    Secret<32>(from_hex("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0"))};
  auto sealed = from_hex(
      "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e382d26b0"
      "bdb7b73c321b0100d4f03b7f355894cf332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855"
      "9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4b9166c767b804d46a59b5216cde7a4e9"
      "9040c5a40433225ee282a1b0a06c523eaf4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a"
      "0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a1049e617d91d361094fa68f0ff77987130"
      "305beaba2eda04df997b714d6c6f2c29a6ad5cb4022b02709beead9d67890cbb22392336fea1851f38");
  ASSERT_TRUE(aead_->open(key, from_hex("000000000102030405060708"), from_hex("f33388860000000000004e91"), sealed));
  EXPECT_EQ(as_text(sealed).substr(0, 44), "Internet-Drafts are draft documents valid fo");
}

}  // namespace
}  // namespace handsel::crypto
