#include "crypto/key_store.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "crypto/key_access.h"
#include "hex.h"
#include "pem.h"

namespace handsel::crypto {
namespace {

KeyError error_of(std::string_view pem) {
  KeyStore keys;
  const auto added = keys.add_pem(pem);
  EXPECT_FALSE(added.has_value());
  EXPECT_EQ(keys.size(), 0u);
  return added ? KeyError{} : added.error();
}

// RFC 6979 A.2.5's key, in the form of RFC 5915 with its curve's parameters before it, as `openssl ecparam -genkey`
// writes.
constexpr char kSec1[] =
    "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIMmvqdhFunUWa1whV2ex1pNOUMPbNuibEnuKYisSD2choAoGCCqGSM49\n"
    "AwEHoUQDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Z5A/4QCLi8\n"
    "maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n"
    "-----END EC PRIVATE KEY-----\n";

TEST(KeyStore, p256_key_is_taken_and_its_type_told) {
  KeyStore keys;
  const auto id = keys.add_pem(to_pem(PkeyHandle(EVP_EC_gen("P-256"))));
  ASSERT_TRUE(id);
  EXPECT_EQ(keys.type(*id), (KeyType{KeyAlgorithm::p256, 256}));
  EXPECT_EQ(KeyAccess::p256_scalar(keys, *id).size(), 32u);
}

TEST(KeyStore, sec1_key_with_its_parameters_before_it_is_taken) {
  KeyStore keys;
  const auto id = keys.add_pem(kSec1);
  if (!id) FAIL() << explain(id.error());
  EXPECT_EQ(to_hex(KeyAccess::p256_scalar(keys, *id)),
            "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
}

TEST(KeyStore, rsa_keys_are_taken_and_ids_differ) {
  KeyStore keys;
  const auto first = keys.add_pem(to_pem(PkeyHandle(EVP_RSA_gen(2'048u))));
  const auto second = keys.add_pem(to_pem(PkeyHandle(EVP_RSA_gen(3'072u))));
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->value, second->value);
  EXPECT_EQ(keys.type(*first), (KeyType{KeyAlgorithm::rsa, 2'048}));
  EXPECT_EQ(keys.type(*second), (KeyType{KeyAlgorithm::rsa, 3'072}));
  EXPECT_TRUE(KeyAccess::p256_scalar(keys, *first).empty());
}

TEST(KeyStore, unfit_keys_are_refused_by_name) {
  EXPECT_EQ(error_of("hello"), KeyError::not_pem);
  EXPECT_EQ(error_of(""), KeyError::not_pem);
  EXPECT_EQ(error_of(to_pem(PkeyHandle(EVP_EC_gen("P-256")), "secret")), KeyError::encrypted);
  EXPECT_EQ(error_of(to_pem(PkeyHandle(EVP_EC_gen("P-521")))), KeyError::unsupported_curve);
  EXPECT_EQ(error_of(to_pem(PkeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448")))), KeyError::unsupported_type);
  EXPECT_EQ(error_of(to_pem(PkeyHandle(EVP_RSA_gen(1'024u)))), KeyError::bad_size);
}

TEST(KeyStore, rsa_key_with_an_altered_modulus_is_refused) {
  std::string pem = to_pem(PkeyHandle(EVP_RSA_gen(2'048u)));
  char& c = pem[pem.find('\n', pem.find('\n') + 1) + 30];  // on the second line of digits: inside the modulus
  c = c == 'A' ? 'B' : 'A';
  EXPECT_EQ(error_of(pem), KeyError::inconsistent);
}

TEST(KeyStore, every_error_has_its_own_sentence) {
  EXPECT_NE(explain(KeyError::not_pem), explain(KeyError::encrypted));
  for (int i = 0; i <= static_cast<int>(KeyError::full); ++i) EXPECT_GT(explain(static_cast<KeyError>(i)).size(), 20u);
}

TEST(KeyAccess, id_of_no_key_gives_nothing) {
  const KeyStore keys;
  EXPECT_EQ(KeyAccess::pkey(keys, KeyId{}), nullptr);
  EXPECT_EQ(KeyAccess::pkey(keys, KeyId{0}), nullptr);
}

}  // namespace
}  // namespace handsel::crypto
