// Our server with every kind of certificate, in both versions, against OpenSSL's client.

#include <gtest/gtest.h>

#include <ostream>

#include "libssl_client.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

struct Row {
  const char* name;
  Version version;
  const Credential& (*credential)(const Certificates&);
  const char* offered;
  SignatureScheme scheme;
  const char* groups;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

const Credential& p384(const Certificates& all) { return all.ecdsa_p384; }
const Credential& ed25519(const Certificates& all) { return all.ed25519; }
const Credential& rsa(const Certificates& all) { return all.rsa; }
const Credential& rsa_pss(const Certificates& all) { return all.rsa_pss; }

class LibsslSchemes : public testing::TestWithParam<Row> {};

TEST_P(LibsslSchemes, is_signed_by_as_it_should_be) {
  const Row& row = GetParam();
  World world;
  ServerConfig draft = World::default_config();
  draft.min_version = Version::tls12;
  draft.groups = {NamedGroup::secp384r1, NamedGroup::x25519, NamedGroup::secp256r1};
  draft.credentials = {row.credential(Certificates::get())};
  const ServerConfig config = *prepared(draft);
  ServerEnd server(world, config);
  LibsslClient client;
  ASSERT_EQ(SSL_CTX_set_max_proto_version(client.context(), static_cast<int>(row.version)), 1);
  ASSERT_EQ(SSL_CTX_set1_sigalgs_list(client.context(), row.offered), 1);
  ASSERT_EQ(SSL_CTX_set1_groups_list(client.context(), row.groups), 1);
  exchange(client, server);
  ASSERT_TRUE(server.connected) << name_of(server.session().failure().error);
  ASSERT_TRUE(SSL_is_init_finished(client.ssl()));
  EXPECT_EQ(server.session().info().version, static_cast<std::uint16_t>(row.version));
  EXPECT_EQ(scheme_name(server.session().info().signature_scheme), scheme_name(static_cast<std::uint16_t>(row.scheme)));
  EXPECT_EQ(server.session().info().group, static_cast<std::uint16_t>(NamedGroup::secp384r1));
  server.send("hello");
  exchange(client, server);
  EXPECT_EQ(as_text(client.plaintext), "hello");
}

INSTANTIATE_TEST_SUITE_P(
    Certificates, LibsslSchemes,
    testing::Values(
        Row{"p384_tls13", Version::tls13, p384, "ECDSA+SHA384", SignatureScheme::ecdsa_secp384r1_sha384, "P-384"},
        Row{"p384_tls12", Version::tls12, p384, "ECDSA+SHA384", SignatureScheme::ecdsa_secp384r1_sha384, "P-384"},
        Row{"ed25519_tls13", Version::tls13, ed25519, "ed25519", SignatureScheme::ed25519, "P-384"},
        Row{"ed25519_tls12", Version::tls12, ed25519, "ed25519", SignatureScheme::ed25519, "P-384"},
        Row{"pkcs1_sha256", Version::tls12, rsa, "RSA+SHA256", SignatureScheme::rsa_pkcs1_sha256, "P-384"},
        Row{"pkcs1_sha384", Version::tls12, rsa, "RSA+SHA384", SignatureScheme::rsa_pkcs1_sha384, "P-384"},
        Row{"pss_before_pkcs1", Version::tls12, rsa, "RSA+SHA256:RSA-PSS+SHA256", SignatureScheme::rsa_pss_rsae_sha256,
            "P-384"},
        Row{"pkcs1_sha512", Version::tls12, rsa, "RSA+SHA512", SignatureScheme::rsa_pkcs1_sha512, "P-384"},
        Row{"pss_sha512_tls12", Version::tls12, rsa, "rsa_pss_rsae_sha512", SignatureScheme::rsa_pss_rsae_sha512,
            "P-384"},
        Row{"pss_sha512_tls13", Version::tls13, rsa, "rsa_pss_rsae_sha512", SignatureScheme::rsa_pss_rsae_sha512,
            "P-384"},
        Row{"sha256_before_sha512", Version::tls13, rsa, "rsa_pss_rsae_sha512:rsa_pss_rsae_sha256",
            SignatureScheme::rsa_pss_rsae_sha256, "P-384"},
        Row{"pss_key_sha256_tls12", Version::tls12, rsa_pss, "rsa_pss_pss_sha256", SignatureScheme::rsa_pss_pss_sha256,
            "P-384"},
        Row{"pss_key_sha256_tls13", Version::tls13, rsa_pss, "rsa_pss_pss_sha256", SignatureScheme::rsa_pss_pss_sha256,
            "P-384"},
        Row{"pss_key_sha384_tls13", Version::tls13, rsa_pss, "rsa_pss_pss_sha384", SignatureScheme::rsa_pss_pss_sha384,
            "P-384"},
        Row{"pss_key_sha512_tls13", Version::tls13, rsa_pss, "rsa_pss_pss_sha512", SignatureScheme::rsa_pss_pss_sha512,
            "P-384"}),
    [](const testing::TestParamInfo<Row>& row) { return std::string(row.param.name); });

TEST(LibsslSchemesRefusal, pkcs1_alone_signs_no_tls13) {
  World world;
  ServerConfig draft = World::default_config();
  draft.min_version = Version::tls12;
  draft.credentials = {Certificates::get().rsa};
  const ServerConfig config = *prepared(draft);
  ServerEnd server(world, config);
  LibsslClient client;
  ASSERT_EQ(SSL_CTX_set1_sigalgs_list(client.context(), "RSA+SHA256"), 1);
  exchange(client, server);
  EXPECT_EQ(server.session().failure().error, Error::no_common_signature_scheme);
}

// RFC 8446 4.2.3: what the certificate says of its key decides which of the schemes is meant.
TEST(LibsslSchemesRefusal, pss_schemes_of_one_kind_of_key_are_no_use_to_the_other) {
  const Certificates& all = Certificates::get();
  for (const Version version : {Version::tls12, Version::tls13})
    for (const auto& [credential, offered] :
         {std::pair{&all.rsa, "rsa_pss_pss_sha256"}, std::pair{&all.rsa_pss, "rsa_pss_rsae_sha256"}}) {
      World world;
      ServerConfig draft = World::default_config();
      draft.min_version = Version::tls12;
      draft.credentials = {*credential};
      const ServerConfig config = *prepared(draft);
      ServerEnd server(world, config);
      LibsslClient client;
      ASSERT_EQ(SSL_CTX_set_max_proto_version(client.context(), static_cast<int>(version)), 1);
      ASSERT_EQ(SSL_CTX_set1_sigalgs_list(client.context(), offered), 1);
      exchange(client, server);
      EXPECT_TRUE(server.failed);
      EXPECT_FALSE(SSL_is_init_finished(client.ssl()));
    }
}

}  // namespace
}  // namespace handsel::tls::test
