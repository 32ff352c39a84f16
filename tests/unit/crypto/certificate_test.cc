#include "crypto/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pem.h"

namespace handsel::crypto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kNow = 1'800'000'000;  // 2027-01-15
constexpr KeyType kP256{KeyAlgorithm::p256, 256};
constexpr KeyType kRsa2048{KeyAlgorithm::rsa, 2'048};

SelfSigned make(KeyStore& keys, KeyType type, std::vector<std::string> names) {
  auto made = make_self_signed(keys, type, names, 30, kNow);
  if (!made) throw std::runtime_error(made.error());
  return std::move(*made);
}

X509Handle parse(const CertificateChain& chain) {
  const unsigned char* at = chain.der.front().data();
  return X509Handle(d2i_X509(nullptr, &at, std::ssize(chain.der.front())));
}

TEST(SelfSigned, carries_names_addresses_dates_and_purpose) {
  KeyStore keys;
  const SelfSigned made = make(keys, kP256, {"Handsel.Example", "*.handsel.example", "10.77.0.2", "fd77::2"});
  const CertificateChain& chain = made.chain;
  EXPECT_THAT(chain.dns_names, ElementsAre("handsel.example", "*.handsel.example"));
  EXPECT_THAT(chain.ip_addresses, ElementsAre("10.77.0.2", "fd77:0:0:0:0:0:0:2"));
  EXPECT_EQ(chain.key_type, kP256);
  EXPECT_EQ(chain.not_before, kNow - 3'600);
  EXPECT_EQ(chain.not_after, kNow + 30 * 86'400);
  EXPECT_EQ(chain.subject, "CN=Handsel.Example");
  ASSERT_EQ(chain.der.size(), 1u);
  const X509Handle x509 = parse(chain);
  EXPECT_EQ(X509_get_extended_key_usage(x509.get()), static_cast<std::uint32_t>(XKU_SSL_SERVER));
  EXPECT_EQ(X509_verify(x509.get(), X509_get0_pubkey(x509.get())), 1);
  EXPECT_EQ(X509_check_ip_asc(x509.get(), "fd77::2", 0), 1);
}

TEST(SelfSigned, two_have_different_keys_and_serials) {
  KeyStore keys;
  const SelfSigned first = make(keys, kP256, {"a.example"});
  const SelfSigned second = make(keys, kP256, {"a.example"});
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(parse(first.chain).get()),
                             X509_get0_serialNumber(parse(second.chain).get())),
            0);
  EXPECT_FALSE(first.key == second.key);
  EXPECT_TRUE(matches(first.chain, keys, first.key));
  EXPECT_FALSE(matches(first.chain, keys, second.key));
  EXPECT_FALSE(matches(first.chain, keys, KeyId{}));
}

TEST(SelfSigned, rsa_key_makes_an_rsa_certificate) {
  KeyStore keys;
  const SelfSigned made = make(keys, kRsa2048, {"a.example"});
  EXPECT_EQ(made.chain.key_type, kRsa2048);
  EXPECT_TRUE(matches(made.chain, keys, made.key));
}

TEST(SelfSigned, names_that_are_none_are_refused) {
  KeyStore keys;
  const std::vector<std::string> bad{"two words"};
  const auto made = make_self_signed(keys, kP256, bad, 1, kNow);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error(), HasSubstr("\"two words\""));
  EXPECT_FALSE(make_self_signed(keys, kP256, {}, 1, kNow));
}

TEST(CertificateChain, pem_of_a_chain_parses_to_the_same_chain) {
  KeyStore keys;
  const CertificateChain chain = make(keys, kP256, {"a.example"}).chain;
  const auto again = parse_certificate_chain("some text before\n" + to_pem(chain));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->der, chain.der);
}

TEST(CertificateChain, damaged_or_absent_certificates_are_named) {
  KeyStore keys;
  const std::string good = to_pem(make(keys, kP256, {"a.example"}).chain);
  const auto none = parse_certificate_chain("hello");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().reason, HasSubstr("no certificate"));

  std::string damaged = good;
  damaged.replace(damaged.find("MII"), 3, "AAA");
  const auto second_damaged = parse_certificate_chain(good + damaged);
  ASSERT_FALSE(second_damaged);
  EXPECT_EQ(second_damaged.error().index, 1u);
  EXPECT_THAT(second_damaged.error().reason, HasSubstr("damaged"));
}

TEST(CertificateChain, second_certificate_that_did_not_issue_the_first_is_refused) {
  KeyStore keys;
  const auto parsed = parse_certificate_chain(to_pem(make(keys, kP256, {"a.example"}).chain) +
                                              to_pem(make(keys, kP256, {"b.example"}).chain));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().index, 1u);
  EXPECT_THAT(parsed.error().reason, HasSubstr("CN=b.example"));
}

/// A bare certificate: a common name, no extensions.
std::string plain_certificate(const PkeyHandle& pkey, std::string_view common_name) {
  const X509Handle x509(X509_new());
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 60);
  X509_NAME* subject = X509_get_subject_name(x509.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name.data()),
                             static_cast<int>(common_name.size()), -1, 0);
  X509_set_issuer_name(x509.get(), subject);
  X509_set_pubkey(x509.get(), pkey.get());
  X509_sign(x509.get(), pkey.get(), EVP_sha256());
  const BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), x509.get());
  return text_of_bio(bio);
}

TEST(CertificateChain, common_name_counts_when_there_is_no_alternative_name) {
  const auto parsed = parse_certificate_chain(plain_certificate(PkeyHandle(EVP_EC_gen("P-256")), "Old.Example"));
  ASSERT_TRUE(parsed);
  EXPECT_THAT(parsed->dns_names, ElementsAre("old.example"));
}

TEST(CertificateChain, common_name_with_a_zero_byte_names_nothing) {
  const auto parsed = parse_certificate_chain(
      plain_certificate(PkeyHandle(EVP_EC_gen("P-256")), std::string_view("good.example\0.evil", 18)));
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->dns_names.empty());
}

TEST(CertificateChain, key_of_another_curve_is_refused) {
  const auto parsed = parse_certificate_chain(plain_certificate(PkeyHandle(EVP_EC_gen("P-521")), "a.example"));
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().reason, HasSubstr("neither P-256, P-384, Ed25519 nor RSA"));
}

// RFC 6125 6.4.
TEST(NameMatches, exact_names_match_without_case_or_root_dot) {
  EXPECT_TRUE(name_matches("a.example", "A.EXAMPLE"));
  EXPECT_TRUE(name_matches("a.example.", "a.example"));
  EXPECT_FALSE(name_matches("a.example", "b.example"));
  EXPECT_FALSE(name_matches("a.example", "a.example.org"));
  EXPECT_FALSE(name_matches("", ""));
}

TEST(NameMatches, wildcard_covers_exactly_one_left_most_label) {
  EXPECT_TRUE(name_matches("*.example.org", "www.Example.org"));
  EXPECT_FALSE(name_matches("*.example.org", "example.org"));
  EXPECT_FALSE(name_matches("*.example.org", "a.b.example.org"));
  EXPECT_FALSE(name_matches("*.example.org", ".example.org"));
  EXPECT_FALSE(name_matches("*.org", "example.org"));
  EXPECT_FALSE(name_matches("w*.example.org", "www.example.org"));
  EXPECT_FALSE(name_matches("a.*.org", "a.b.org"));
  EXPECT_FALSE(name_matches("*", "example"));
}

}  // namespace
}  // namespace handsel::crypto
