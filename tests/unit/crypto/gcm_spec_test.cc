// McGrew, Viega: The Galois/Counter Mode of Operation, appendix B (the vectors that NIST SP 800-38D took over).
#include <gtest/gtest.h>

#include "crypto/aead.h"
#include "hex.h"

namespace handsel::crypto {
namespace {

struct Case {
  const char* name;
  AeadId id;
  const char* key;
  const char* nonce;
  const char* associated;
  const char* plaintext;
  const char* sealed;
};

constexpr char kKey128[] = "feffe9928665731c6d6a8f9467308308";
constexpr char kKey256[] = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
constexpr char kAssociated[] = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
constexpr char kPlaintext64[] =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255";
constexpr char kPlaintext60[] =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";

constexpr Case kCases[] = {
    {"case_1", AeadId::aes_128_gcm, "00000000000000000000000000000000", "000000000000000000000000", "", "",
     "58e2fccefa7e3061367f1d57a4e7455a"},
    {"case_2", AeadId::aes_128_gcm, "00000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000", "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
    {"case_3", AeadId::aes_128_gcm, kKey128, "cafebabefacedbaddecaf888", "", kPlaintext64,
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f59854d5c2af327cd64a62cf35abd2ba6fab4"},
    {"case_4", AeadId::aes_128_gcm, kKey128, "cafebabefacedbaddecaf888", kAssociated, kPlaintext60,
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"},
    {"case_13", AeadId::aes_256_gcm, "0000000000000000000000000000000000000000000000000000000000000000",
     "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"case_14", AeadId::aes_256_gcm, "0000000000000000000000000000000000000000000000000000000000000000",
     "000000000000000000000000", "", "00000000000000000000000000000000",
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"case_15", AeadId::aes_256_gcm, kKey256, "cafebabefacedbaddecaf888", "", kPlaintext64,
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015adb094dac5d93471bdec1a502270e3cc6c"},
    {"case_16", AeadId::aes_256_gcm, kKey256, "cafebabefacedbaddecaf888", kAssociated, kPlaintext60,
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
};

class GcmSpec : public testing::TestWithParam<std::tuple<const char*, Case>> {};
INSTANTIATE_TEST_SUITE_P(BackEnds, GcmSpec,
                         testing::Combine(testing::Values("ipsec-mb", "libcrypto"), testing::ValuesIn(kCases)),
                         [](const auto& each) {
                           return std::string(std::get<0>(each.param)).substr(0, 5) + "_" +
                                  std::get<1>(each.param).name;
                         });

TEST_P(GcmSpec, plaintext_seals_to_its_ciphertext_and_opens_again) {
  const auto& [back_end, vector] = GetParam();
  const auto aead = make_aead(back_end);
  if (!aead) GTEST_SKIP() << back_end << " does not run on this processor";
  const AeadKey key{vector.id, Secret<32>(from_hex(vector.key))};
  const auto nonce = from_hex(vector.nonce);
  const auto associated = from_hex(vector.associated);
  const auto plaintext = from_hex(vector.plaintext);
  std::vector<std::uint8_t> sealed(plaintext.size() + kAeadTagBytes);
  aead->seal(key, nonce, associated, plaintext, sealed);
  EXPECT_EQ(to_hex(sealed), vector.sealed);
  ASSERT_TRUE(aead->open(key, nonce, associated, sealed));
  EXPECT_EQ(to_hex(Bytes(sealed).first(plaintext.size())), vector.plaintext);
}

}  // namespace
}  // namespace handsel::crypto
