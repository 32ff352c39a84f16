// Our client against OpenSSL's server, through memory.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libssl_server.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

/// One connection of ours to OpenSSL's server.
struct ToLibssl {
  explicit ToLibssl(ClientConfig draft = libssl_trusting_client(),
                    const crypto::Issued& credential = LibsslCertificates::get().ecdsa)
      : config(*prepared(std::move(draft))), server(credential), client(std::make_unique<ClientEnd>(world, config)) {}
  void connect() {
    client->start();
    exchange(*client, server);
  }
  void connect_again() {
    server.next_connection();
    client = std::make_unique<ClientEnd>(world, config);
    connect();
  }
  void expect_data_both_ways() {
    ASSERT_TRUE(client->connected) << name_of(client->session().failure().error) << " alert "
                                   << name_of(client->session().failure().alert);
    ASSERT_TRUE(server.connected());
    const Buffer data = pattern(40'000);
    ASSERT_TRUE(client->session().send(data, *client));
    exchange(*client, server);
    EXPECT_TRUE(server.plaintext == data);
    std::size_t written = 0;
    ASSERT_EQ(SSL_write_ex(server.ssl(), data.data(), data.size(), &written), 1);
    exchange(*client, server);
    EXPECT_TRUE(client->plaintext == data);
    EXPECT_EQ(world.frames.blocks_taken(), 0u);
    EXPECT_EQ(world.frames.longs_taken(), 0u);
  }
  const Info& info() { return client->session().info(); }
  Failure failure() { return client->session().failure(); }

  ClientWorld world;
  ClientConfig config;
  LibsslServer server;
  std::unique_ptr<ClientEnd> client;
};

struct Row {
  Version version;
  const crypto::Issued& (*credential)();
  const char* schemes;
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << (row.version == Version::tls13 ? "1.3 " : "1.2 ") << row.schemes;
}

const crypto::Issued& by_rsa() { return LibsslCertificates::get().rsa; }
const crypto::Issued& by_rsa_pss() { return LibsslCertificates::get().rsa_pss; }

/// Schemes that differ in the hash, or in what the certificate says of an RSA key: once each.
std::vector<Row> rows_of_rsa() {
  std::vector<Row> rows;
  rows.push_back({Version::tls13, by_rsa, "rsa_pss_rsae_sha512"});
  for (const char* schemes : {"rsa_pss_rsae_sha512", "RSA+SHA512"}) rows.push_back({Version::tls12, by_rsa, schemes});
  for (const char* schemes : {"rsa_pss_pss_sha256", "rsa_pss_pss_sha384", "rsa_pss_pss_sha512"}) {
    rows.push_back({Version::tls13, by_rsa_pss, schemes});
    rows.push_back({Version::tls12, by_rsa_pss, schemes});
  }
  return rows;
}

class ClientLibssl : public testing::TestWithParam<Row> {};

TEST_P(ClientLibssl, verifies_and_carries_data_both_ways) {
  const Row& row = GetParam();
  ToLibssl to(libssl_trusting_client(), row.credential());
  ASSERT_EQ(SSL_CTX_set_max_proto_version(to.server.context(), static_cast<int>(row.version)), 1);
  ASSERT_EQ(SSL_CTX_set1_sigalgs_list(to.server.context(), row.schemes), 1);
  to.connect();
  to.expect_data_both_ways();
  EXPECT_EQ(to.info().version, static_cast<std::uint16_t>(row.version));
}

INSTANTIATE_TEST_SUITE_P(SchemesOfRsa, ClientLibssl, testing::ValuesIn(rows_of_rsa()));

TEST(ClientLibsslHandshake, server_that_speaks_nothing_newer_than_tls12_is_believed) {
  ToLibssl to;
  SSL_CTX_set_max_proto_version(to.server.context(), TLS1_2_VERSION);
  to.connect();
  to.expect_data_both_ways();
  EXPECT_EQ(to.info().version, 0x0303);
}

TEST(ClientLibsslHandshake, server_name_and_protocol_arrive) {
  for (const Version version : {Version::tls12, Version::tls13}) {
    ClientConfig draft = libssl_trusting_client();
    draft.max_version = version;
    draft.alpn = {"h2", "http/1.1"};
    ToLibssl to(draft);
    SSL_CTX_set_alpn_select_cb(
        to.server.context(),
        [](SSL*, const unsigned char** out, unsigned char* bytes, const unsigned char* in, unsigned, void*) {
          *out = in + 1 + in[0] + 1;  // the second
          *bytes = in[1 + in[0]];
          return SSL_TLSEXT_ERR_OK;
        },
        nullptr);
    SSL_CTX_set_tlsext_servername_callback(to.server.context(), +[](SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; });
    to.connect();
    to.expect_data_both_ways();
    EXPECT_STREQ(SSL_get_servername(to.server.ssl(), TLSEXT_NAMETYPE_host_name), "example.test");
    EXPECT_EQ(to.client->session().alpn(), "http/1.1");
  }
}

TEST(ClientLibsslResumption, ticket_of_either_version_is_taken) {
  for (const Version version : {Version::tls12, Version::tls13}) {
    ClientConfig draft = libssl_trusting_client();
    draft.max_version = version;
    ToLibssl to(draft);
    to.connect();
    to.expect_data_both_ways();
    EXPECT_FALSE(to.info().resumed);
    for (int i = 0; i < 3; ++i) {
      to.connect_again();
      to.expect_data_both_ways();
      EXPECT_TRUE(to.info().resumed);
      EXPECT_EQ(SSL_session_reused(to.server.ssl()), 1);
    }
  }
}

TEST(ClientLibsslResumption, client_that_offers_both_versions_resumes_a_session_of_tls12) {
  ToLibssl to;
  SSL_CTX_set_max_proto_version(to.server.context(), TLS1_2_VERSION);
  to.connect();
  to.expect_data_both_ways();
  to.connect_again();
  to.expect_data_both_ways();
  EXPECT_TRUE(to.info().resumed);
}

TEST(ClientLibsslResumption, session_id_of_tls12_is_taken_when_there_are_no_tickets) {
  ClientConfig draft = libssl_trusting_client();
  draft.max_version = Version::tls12;
  ToLibssl to(draft);
  SSL_CTX_set_options(to.server.context(), SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(to.server.context(), SSL_SESS_CACHE_SERVER);
  to.connect();
  to.expect_data_both_ways();
  for (int i = 0; i < 2; ++i) {
    to.connect_again();
    to.expect_data_both_ways();
    EXPECT_TRUE(to.info().resumed);
    EXPECT_EQ(SSL_session_reused(to.server.ssl()), 1);
  }
}

TEST(ClientLibsslResumption, suite_of_another_hash_is_not_forced_on_a_ticket) {
  ToLibssl to;
  ASSERT_EQ(SSL_CTX_set_ciphersuites(to.server.context(), "TLS_AES_128_GCM_SHA256"), 1);
  to.connect();
  to.expect_data_both_ways();
  ASSERT_EQ(SSL_CTX_set_ciphersuites(to.server.context(), "TLS_AES_256_GCM_SHA384"), 1);
  ASSERT_EQ(SSL_CTX_set1_groups_list(to.server.context(), "P-256"), 1);
  to.connect_again();
  to.expect_data_both_ways();
  EXPECT_TRUE(to.info().retried);
  EXPECT_FALSE(to.info().resumed);
}

TEST(ClientLibsslHandshake, cookie_of_a_retry_is_echoed) {
  ClientConfig draft = libssl_trusting_client();
  draft.compatibility_mode = false;  // SSL_stateless() wants a ClientHello for its first record
  ToLibssl to(draft);
  SSL_CTX_set_stateless_cookie_generate_cb(to.server.context(), [](SSL*, unsigned char* cookie, std::size_t* bytes) {
    *bytes = 200;
    std::fill_n(cookie, *bytes, std::uint8_t{7});
    return 1;
  });
  SSL_CTX_set_stateless_cookie_verify_cb(to.server.context(), [](SSL*, const unsigned char* cookie, std::size_t bytes) {
    return bytes == 200 && cookie[199] == 7 ? 1 : 0;
  });
  to.client->start();
  to.server.give(to.client->take_output());
  ASSERT_EQ(SSL_stateless(to.server.ssl()), 0);  // the HelloRetryRequest is sent
  to.client->receive(to.server.take_output());
  to.client->settle();
  to.server.give(to.client->take_output());
  ASSERT_EQ(SSL_stateless(to.server.ssl()), 1);
  exchange(*to.client, to.server);
  to.expect_data_both_ways();
  EXPECT_TRUE(to.info().retried);
}

TEST(ClientLibsslHandshake, keys_are_updated_both_ways) {
  ToLibssl to;
  to.connect();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(SSL_key_update(to.server.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    ASSERT_EQ(SSL_write(to.server.ssl(), "x", 1), 1);
    exchange(*to.client, to.server);
    to.client->send("y");
    exchange(*to.client, to.server);
  }
  EXPECT_EQ(as_text(to.client->plaintext), "xxx");
  EXPECT_EQ(as_text(to.server.plaintext), "yyy");
  EXPECT_EQ(to.world.statistics.key_updates_in.get(), 3u);
  EXPECT_EQ(to.world.statistics.key_updates_out.get(), 3u);
}

TEST(ClientLibsslHandshake, long_chain_in_small_records_is_gathered) {
  ToLibssl to(libssl_trusting_client(), LibsslCertificates::get().rsa);
  for (int i = 0; i < 7; ++i) {
    X509* const again = LibsslCertificates::get().rsa.x509.get();
    X509_up_ref(again);
    SSL_CTX_add_extra_chain_cert(to.server.context(), again);
  }
  SSL_CTX_set_max_send_fragment(to.server.context(), 512);
  to.connect();
  to.expect_data_both_ways();
}

TEST(ClientLibsslHandshake, renegotiation_is_refused) {
  ClientConfig draft = libssl_trusting_client();
  draft.max_version = Version::tls12;
  ToLibssl to(draft);
  to.connect();
  ASSERT_EQ(SSL_renegotiate(to.server.ssl()), 1);
  SSL_do_handshake(to.server.ssl());
  to.client->receive(to.server.take_output());
  EXPECT_EQ(to.failure().error, Error::renegotiation_refused);
  EXPECT_EQ(to.failure().alert, Alert::no_renegotiation);
}

// Client certificates

TEST(ClientLibsslCertificate, is_shown_to_a_server_that_asks) {
  const LibsslCertificates& certificates = LibsslCertificates::get();
  for (const Version version : {Version::tls12, Version::tls13})
    for (const crypto::Issued* issued : {&certificates.ecdsa, &certificates.rsa})
      for (const char* suite : {"AES128", "AES256"}) {
        ClientConfig draft = libssl_trusting_client();
        draft.max_version = version;
        Credential credential;
        credential.key = *Certificates::get().keys.add_pem(issued->key_pem());
        credential.kind = issued == &certificates.rsa ? CredentialKind::rsa : CredentialKind::ecdsa_p256;
        credential.chain = {issued->der(), certificates.authority.intermediate().der()};
        draft.credential = credential;
        ToLibssl to(draft);
        const bool sha256 = std::string_view(suite) == "AES128";
        SSL_CTX_set_cipher_list(to.server.context(), suite);
        SSL_CTX_set_ciphersuites(to.server.context(), sha256 ? "TLS_AES_128_GCM_SHA256" : "TLS_AES_256_GCM_SHA384");
        SSL_CTX_set_verify(to.server.context(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           [](int, X509_STORE_CTX*) { return 1; });
        to.connect();
        to.expect_data_both_ways();
        X509* const seen = SSL_get1_peer_certificate(to.server.ssl());
        EXPECT_EQ(X509_cmp(seen, issued->x509.get()), 0);
        X509_free(seen);
      }
}

TEST(ClientLibsslCertificate, none_is_an_empty_list_which_a_server_may_accept_or_refuse) {
  for (const Version version : {Version::tls12, Version::tls13}) {
    ClientConfig draft = libssl_trusting_client();
    draft.max_version = version;
    ToLibssl asking(draft);
    SSL_CTX_set_verify(asking.server.context(), SSL_VERIFY_PEER, nullptr);
    asking.connect();
    asking.expect_data_both_ways();

    ToLibssl insisting(draft);
    SSL_CTX_set_verify(insisting.server.context(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    insisting.connect();
    EXPECT_EQ(insisting.failure().error, Error::alert_received);
    EXPECT_EQ(insisting.failure().alert,
              version == Version::tls13 ? Alert::certificate_required : Alert::handshake_failure);
  }
}

// Who the server is

TEST(ClientLibsslIdentity, each_fault_of_a_certificate_has_its_error) {
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  const crypto::Authority& authority = LibsslCertificates::get().authority;
  const crypto::Authority stranger(now, "stranger");
  struct Fault {
    crypto::Issued issued;
    Error error;
    Alert alert;
  };
  std::vector<Fault> faults;
  faults.push_back(
      {authority.make({.names = "DNS:other.test"}), Error::wrong_certificate_name, Alert::certificate_unknown});
  faults.push_back({authority.make({.not_after = now - 1}), Error::certificate_expired, Alert::certificate_expired});
  faults.push_back({authority.make({.not_before = now + 60}), Error::certificate_expired, Alert::certificate_expired});
  faults.push_back({stranger.make({}), Error::unknown_authority, Alert::unknown_ca});
  faults.push_back({authority.make({.extended_key_usage = "clientAuth"}), Error::unsupported_certificate,
                    Alert::unsupported_certificate});
  for (const Fault& fault : faults)
    for (const Version version : {Version::tls12, Version::tls13}) {
      ClientConfig draft = libssl_trusting_client();
      draft.max_version = version;
      ToLibssl to(draft, fault.issued);
      to.connect();
      EXPECT_EQ(name_of(to.failure().error), name_of(fault.error));
      EXPECT_EQ(name_of(to.failure().alert), name_of(fault.alert));
      EXPECT_FALSE(to.server.connected());
      EXPECT_EQ(to.world.frames.blocks_taken(), 0u);

      // Nobody checks: it connects.
      draft.verification = Verification::none;
      ToLibssl unchecked(draft, fault.issued);
      unchecked.connect();
      unchecked.expect_data_both_ways();
    }
}

TEST(ClientLibsslIdentity, pinned_key_is_enough_and_another_is_refused) {
  const crypto::Issued alone = crypto::issue({.names = "DNS:other.test", .not_before = 1, .not_after = 2});
  for (const Version version : {Version::tls12, Version::tls13}) {
    ClientConfig draft = libssl_trusting_client();
    draft.max_version = version;
    draft.verification = Verification::pinned;
    draft.trust = nullptr;
    draft.pins = {*crypto::pin_of(alone.der())};
    ToLibssl to(draft, alone);
    to.connect();
    to.expect_data_both_ways();

    ToLibssl other(draft);
    other.connect();
    EXPECT_EQ(other.failure().error, Error::wrong_pin);
    EXPECT_EQ(other.failure().alert, Alert::certificate_unknown);
  }
}

TEST(ClientLibssl13, resumes_without_a_key_exchange_only_where_we_allow_it) {
  for (const bool allowed : {true, false}) {
    ClientConfig draft = libssl_trusting_client();
    draft.psk_only = allowed;
    ToLibssl to(draft);
    SSL_CTX_set_options(to.server.context(), SSL_OP_ALLOW_NO_DHE_KEX);
    to.connect();
    to.expect_data_both_ways();
    // From now on there is no group in common.
    ASSERT_EQ(SSL_CTX_set1_groups_list(to.server.context(), "P-521"), 1);
    to.connect_again();
    EXPECT_EQ(to.client->connected, allowed);
    if (!allowed) continue;
    to.expect_data_both_ways();
    EXPECT_TRUE(to.info().resumed);
    EXPECT_EQ(to.info().group, 0);
  }
}

}  // namespace
}  // namespace handsel::tls::test
