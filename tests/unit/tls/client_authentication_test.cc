// Our server asks its clients for certificates: ours and OpenSSL's, through memory.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "client_authority.h"
#include "libssl_server.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

bool saw(const SessionEnd& end, HandshakeType type) {
  return std::ranges::any_of(end.notes.entries, [&](const Notes::Entry& entry) {
    return entry.content_type == static_cast<std::uint8_t>(ContentType::handshake) &&
           entry.message_type == static_cast<std::uint8_t>(type);
  });
}

void expect_nothing_left(World& world) {
  EXPECT_EQ(world.frames.blocks_taken(), 0u);
  EXPECT_EQ(world.frames.longs_taken(), 0u);
  EXPECT_EQ(world.stage.waiting(), 0u);
}

struct Row {
  Version version;
  CipherSuite suite;
  const char* curve;  ///< nullptr: RSA
  std::size_t piece;
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << suite_name(static_cast<std::uint16_t>(row.suite)) << ' ' << (row.curve == nullptr ? "RSA" : row.curve) << ' '
       << row.piece;
}

std::vector<Row> every_row() {
  std::vector<Row> rows;
  for (const std::size_t piece : {0, 1})
    for (const char* curve : {"P-256", "P-384", static_cast<const char*>(nullptr)}) {
      rows.push_back({Version::tls13, CipherSuite::aes_128_gcm_sha256, curve, piece});
      rows.push_back({Version::tls13, CipherSuite::aes_256_gcm_sha384, curve, piece});
      rows.push_back({Version::tls12, CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256, curve, piece});
      rows.push_back({Version::tls12, CipherSuite::ecdhe_ecdsa_aes_256_gcm_sha384, curve, piece});
    }
  rows.push_back({Version::tls13, CipherSuite::aes_128_gcm_sha256, "RSA-PSS", 0});
  rows.push_back({Version::tls12, CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256, "RSA-PSS", 0});
  return rows;
}

class ClientCertificate : public testing::TestWithParam<Row> {};

TEST_P(ClientCertificate, is_verified) {
  const Row& row = GetParam();
  ClientConfig client = client_showing(client_credential(client_certificate({.curve = row.curve})), row.version);
  (row.version == Version::tls13 ? client.suites : client.suites12) = {row.suite};
  ClientAndServer pair(client, asking_server(ClientCertificates::require));
  pair.connect(row.piece);
  ASSERT_TRUE(pair.server.connected) << name_of(pair.server.session().failure().error);
  ASSERT_TRUE(pair.client.connected) << name_of(pair.client.session().failure().error);
  EXPECT_TRUE(pair.server.session().info().client_authenticated);
  EXPECT_EQ(pair.server.session().info().signature_scheme, pair.client.session().info().signature_scheme);
  pair.client.send("ping");
  exchange(pair.client, pair.server);
  EXPECT_EQ(as_text(pair.server.plaintext), "ping");
  expect_nothing_left(pair.server_world);
}

INSTANTIATE_TEST_SUITE_P(VersionsSuitesKeysPieces, ClientCertificate, testing::ValuesIn(every_row()));

class EitherVersion : public testing::TestWithParam<Version> {};
INSTANTIATE_TEST_SUITE_P(ClientCertificates, EitherVersion, testing::Values(Version::tls12, Version::tls13),
                         [](const auto& row) { return row.param == Version::tls12 ? "tls12" : "tls13"; });

TEST_P(EitherVersion, client_without_certificate_is_served_where_one_is_only_requested) {
  ClientAndServer pair(client_showing({}, GetParam()), asking_server(ClientCertificates::request));
  pair.connect();
  ASSERT_TRUE(pair.server.connected) << name_of(pair.server.session().failure().error);
  ASSERT_TRUE(pair.client.connected);
  EXPECT_TRUE(saw(pair.client, HandshakeType::certificate_request));
  EXPECT_FALSE(pair.server.session().info().client_authenticated);
}

TEST_P(EitherVersion, nobody_is_asked_unless_the_configuration_says_so) {
  ClientAndServer pair(client_showing(client_credential(client_certificate({})), GetParam()),
                       asking_server(ClientCertificates::none));
  pair.connect();
  ASSERT_TRUE(pair.server.connected);
  EXPECT_FALSE(saw(pair.client, HandshakeType::certificate_request));
  EXPECT_FALSE(pair.server.session().info().client_authenticated);
}

TEST_P(EitherVersion, torn_off_at_any_byte_leaves_nothing_behind) {
  const ClientConfig config = *prepared(client_showing(client_credential(client_certificate({})), GetParam()));
  const ServerConfig server_config = *prepared(asking_server(ClientCertificates::require));
  for (std::size_t bytes = 1; bytes != 0; bytes += 97) {
    ClientWorld client_world;
    World server_world;
    server_world.worker.unix_at_zero_ms = client_world.worker.unix_at_zero_ms;
    ClientEnd client(client_world, config);
    ServerEnd server(server_world, server_config);
    client.start();
    server.receive(client.take_output());
    server.settle();
    client.receive(server.take_output());
    client.settle();
    const Buffer flight = client.take_output();
    if (bytes > flight.size()) break;
    server.receive(Bytes(flight).first(bytes));
    if (bytes % 2 == 0) server.settle();
    server.destroy();
    expect_nothing_left(server_world);
  }
}

// OpenSSL's client

TEST_P(EitherVersion, certificate_of_openssls_client_is_verified) {
  for (const char* curve : {"P-256", "P-384", static_cast<const char*>(nullptr)})
    for (const bool sha256 : {true, false}) {
      World world;
      world.worker.unix_at_zero_ms = static_cast<std::uint64_t>(std::time(nullptr)) * 1'000;
      const ServerConfig config = *prepared(asking_server(ClientCertificates::require));
      ServerEnd server(world, config);
      LibsslClient client;
      const crypto::Issued issued = client_certificate({.curve = curve});
      SSL_CTX_set_max_proto_version(client.context(), static_cast<int>(GetParam()));
      SSL_CTX_set_cipher_list(client.context(), sha256 ? "AES128" : "AES256");
      SSL_CTX_set_ciphersuites(client.context(), sha256 ? "TLS_AES_128_GCM_SHA256" : "TLS_AES_256_GCM_SHA384");
      ASSERT_EQ(SSL_CTX_use_certificate(client.context(), issued.x509.get()), 1);
      ASSERT_EQ(SSL_CTX_use_PrivateKey(client.context(), issued.pkey.get()), 1);
      X509* const intermediate = LibsslCertificates::get().authority.intermediate().x509.get();
      X509_up_ref(intermediate);
      SSL_CTX_add_extra_chain_cert(client.context(), intermediate);
      exchange(client, server);
      ASSERT_TRUE(server.connected) << name_of(server.session().failure().error);
      ASSERT_TRUE(SSL_is_init_finished(client.ssl()));
      EXPECT_TRUE(server.session().info().client_authenticated);
    }
}

TEST(ClientSignature13, by_sha512_is_verified) {
  for (const char* curve : {static_cast<const char*>(nullptr), "RSA-PSS"}) {
    World world;
    world.worker.unix_at_zero_ms = static_cast<std::uint64_t>(std::time(nullptr)) * 1'000;
    const ServerConfig config = *prepared(asking_server(ClientCertificates::require));
    ServerEnd server(world, config);
    LibsslClient client;
    const crypto::Issued issued = client_certificate({.curve = curve});
    ASSERT_EQ(SSL_CTX_set1_sigalgs_list(client.context(), "rsa_pss_rsae_sha512:rsa_pss_pss_sha512:ECDSA+SHA256"), 1);
    ASSERT_EQ(SSL_CTX_use_certificate(client.context(), issued.x509.get()), 1);
    ASSERT_EQ(SSL_CTX_use_PrivateKey(client.context(), issued.pkey.get()), 1);
    X509* const intermediate = LibsslCertificates::get().authority.intermediate().x509.get();
    X509_up_ref(intermediate);
    SSL_CTX_add_extra_chain_cert(client.context(), intermediate);
    exchange(client, server);
    ASSERT_TRUE(server.connected) << name_of(server.session().failure().error);
    EXPECT_TRUE(server.session().info().client_authenticated);
  }
}

TEST_P(EitherVersion, openssls_client_without_certificate_is_served_or_refused) {
  for (const bool required : {false, true}) {
    World world;
    const ServerConfig config =
        *prepared(asking_server(required ? ClientCertificates::require : ClientCertificates::request));
    ServerEnd server(world, config);
    LibsslClient client;
    SSL_CTX_set_max_proto_version(client.context(), static_cast<int>(GetParam()));
    exchange(client, server);
    EXPECT_EQ(server.connected, !required);
    EXPECT_FALSE(server.session().info().client_authenticated);
    if (required) {
      EXPECT_EQ(server.session().failure().alert,
                GetParam() == Version::tls13 ? Alert::certificate_required : Alert::handshake_failure);
    }
  }
}

// Resumption

struct Again {
  Again(ClientAndServer& pair, const ServerConfig& config)
      : client(pair.client_world, pair.client_config), server(pair.server_world, config) {
    client.start();
    exchange(client, server);
  }
  ClientEnd client;
  ServerEnd server;
};

ServerConfig resuming_server(ClientCertificates wanted) {
  static crypto::SystemEntropy entropy;
  static const auto keys = TicketKeys::random(entropy);
  ServerConfig draft = asking_server(wanted);
  draft.ticket_keys = keys;
  return draft;
}

ClientConfig certified_client() { return client_showing(client_credential(client_certificate({})), Version::tls13); }

TEST(ClientCertificateResumption, session_of_an_authenticated_client_is_resumed_without_asking_again) {
  ClientAndServer pair(certified_client(), resuming_server(ClientCertificates::require));
  pair.connect();
  ASSERT_TRUE(pair.server.connected);
  Again again(pair, pair.server_config);
  ASSERT_TRUE(again.server.connected) << name_of(again.server.session().failure().error);
  EXPECT_TRUE(again.server.session().info().resumed);
  EXPECT_TRUE(again.server.session().info().client_authenticated);
  EXPECT_FALSE(saw(again.client, HandshakeType::certificate_request));
}

TEST(ClientCertificateResumption, session_of_a_client_without_certificate_is_not_resumed_where_one_is_required) {
  ClientAndServer pair(client_showing({}, Version::tls13), resuming_server(ClientCertificates::request));
  pair.connect();
  ASSERT_TRUE(pair.server.connected);
  Again same(pair, pair.server_config);
  EXPECT_TRUE(same.server.session().info().resumed);
  EXPECT_FALSE(same.server.session().info().client_authenticated);

  const ServerConfig strict = *prepared(resuming_server(ClientCertificates::require));
  Again again(pair, strict);
  EXPECT_FALSE(again.server.session().info().resumed);
  EXPECT_EQ(again.server.session().failure().error, Error::certificate_required);
}

TEST(ClientCertificateResumption, session_that_other_authorities_vouched_for_is_not_resumed) {
  ClientAndServer pair(certified_client(), resuming_server(ClientCertificates::require));
  pair.connect();
  ASSERT_TRUE(pair.server.connected);
  const crypto::Authority stranger(std::time(nullptr), "stranger");
  ServerConfig draft = resuming_server(ClientCertificates::require);
  draft.client_trust = *crypto::TrustStore::from_pem(stranger.root().pem());
  const ServerConfig other = *prepared(draft);
  Again again(pair, other);
  EXPECT_FALSE(again.server.session().info().resumed);
  EXPECT_EQ(again.server.session().failure().error, Error::unknown_authority);
}

TEST(ClientCertificateResumption, certificate_counts_no_longer_than_one_ticket_lasts) {
  ServerConfig draft = resuming_server(ClientCertificates::require);
  draft.ticket_lifetime_seconds = 100;
  ClientAndServer pair(certified_client(), draft);
  pair.connect();
  ASSERT_TRUE(pair.server.connected);
  const auto later = [&](std::uint64_t seconds) {
    pair.client_world.worker.unix_at_zero_ms += seconds * 1'000;
    pair.server_world.worker.unix_at_zero_ms += seconds * 1'000;
  };
  later(60);
  Again renewed(pair, pair.server_config);
  EXPECT_TRUE(renewed.server.session().info().resumed);
  later(60);  // the ticket is 60 s old, the certificate's check 120 s
  Again again(pair, pair.server_config);
  ASSERT_TRUE(again.server.connected);
  EXPECT_FALSE(again.server.session().info().resumed);
  EXPECT_TRUE(again.server.session().info().client_authenticated);
}

}  // namespace
}  // namespace handsel::tls::test
