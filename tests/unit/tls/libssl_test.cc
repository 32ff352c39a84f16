// Our server against OpenSSL's client, through memory.

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <tuple>

#include "test_world.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

struct Deleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

/// An OpenSSL client whose transport is two memory BIOs.
class LibsslClient {
 public:
  LibsslClient() : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
  }
  SSL_CTX* context() { return context_.get(); }
  SSL* ssl() {
    if (!ssl_) {
      ssl_.reset(SSL_new(context_.get()));
      SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
      SSL_set_tlsext_host_name(ssl_.get(), "example.test");
      SSL_set_connect_state(ssl_.get());
    }
    return ssl_.get();
  }
  Buffer take_output() {
    Buffer out(BIO_ctrl_pending(SSL_get_wbio(ssl())));
    if (!out.empty()) {
      EXPECT_EQ(BIO_read(SSL_get_wbio(ssl()), out.data(), static_cast<int>(out.size())), static_cast<int>(out.size()));
    }
    return out;
  }
  void give(Bytes bytes) { BIO_write(SSL_get_rbio(ssl()), bytes.data(), static_cast<int>(bytes.size())); }
  /// Reads all that can be read now.
  void read() {
    Buffer chunk(16'384);
    for (int count; (count = SSL_read(ssl(), chunk.data(), static_cast<int>(chunk.size()))) > 0;)
      append(plaintext, Bytes(chunk).first(static_cast<std::size_t>(count)));
  }
  Buffer plaintext;

 private:
  std::unique_ptr<SSL_CTX, Deleter> context_;
  std::unique_ptr<SSL, Deleter> ssl_;
};

void exchange(LibsslClient& client, ServerEnd& server) {
  for (;;) {
    if (SSL_in_init(client.ssl())) SSL_do_handshake(client.ssl());
    const Buffer to_server = client.take_output();
    server.receive(to_server);
    server.settle();
    const Buffer to_client = server.take_output();
    if (to_server.empty() && to_client.empty()) return;
    client.give(to_client);
    if (!SSL_in_init(client.ssl())) client.read();
  }
}

Buffer pattern(std::size_t bytes) {
  Buffer out(bytes);
  for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<std::uint8_t>(i * 31 + (i >> 8));
  return out;
}

using Row = std::tuple<const char*, const char*, const char*>;

class LibsslHandshake : public testing::TestWithParam<Row> {};

TEST_P(LibsslHandshake, connects_and_carries_a_mebibyte_both_ways) {
  const auto [suite, group, schemes] = GetParam();
  World world;
  const ServerConfig config = World::default_config();
  ServerEnd server(world, config);
  LibsslClient client;
  ASSERT_EQ(SSL_CTX_set_ciphersuites(client.context(), suite), 1);
  ASSERT_EQ(SSL_CTX_set1_groups_list(client.context(), group), 1);
  ASSERT_EQ(SSL_CTX_set1_sigalgs_list(client.context(), schemes), 1);
  exchange(client, server);
  ASSERT_TRUE(server.connected) << name_of(server.session().failure().error);
  ASSERT_TRUE(SSL_is_init_finished(client.ssl()));
  EXPECT_STREQ(SSL_get_cipher_name(client.ssl()), suite);
  EXPECT_EQ(suite_name(server.session().info().cipher_suite), suite);

  const Buffer data = pattern(1 << 20);
  std::size_t sent = 0;
  while (sent < data.size()) {
    std::size_t written = 0;
    ASSERT_EQ(SSL_write_ex(client.ssl(), &data[sent], std::min<std::size_t>(data.size() - sent, 50'000), &written), 1);
    sent += written;
    exchange(client, server);
  }
  EXPECT_TRUE(server.plaintext == data);
  ASSERT_TRUE(server.session().send(data, server));
  exchange(client, server);
  EXPECT_TRUE(client.plaintext == data);
}

INSTANTIATE_TEST_SUITE_P(SuitesGroupsSchemes, LibsslHandshake,
                         testing::Combine(testing::Values("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                                          "TLS_CHACHA20_POLY1305_SHA256"),
                                          testing::Values("X25519", "P-256", "P-384:X25519" /* a HelloRetryRequest */),
                                          testing::Values("ECDSA+SHA256", "RSA-PSS+SHA256", "RSA-PSS+SHA384")));

TEST(Libssl, negotiates_alpn_and_sees_the_server_name_acknowledged) {
  World world;
  ServerConfig draft = World::default_config();
  draft.alpn = {"h2", "http/1.1"};
  const ServerConfig config = *prepared(draft);
  ServerEnd server(world, config);
  LibsslClient client;
  const Buffer offered = {8, 'h', 't', 't', 'p', '/', '1', '.', '1', 3, 'f', 't', 'p'};
  SSL_set_alpn_protos(client.ssl(), offered.data(), static_cast<unsigned>(offered.size()));
  exchange(client, server);
  ASSERT_TRUE(server.connected);
  const unsigned char* chosen = nullptr;
  unsigned chosen_bytes = 0;
  SSL_get0_alpn_selected(client.ssl(), &chosen, &chosen_bytes);
  EXPECT_EQ(as_text({chosen, chosen_bytes}), "http/1.1");
  EXPECT_EQ(server.session().alpn(), "http/1.1");
  EXPECT_EQ(server.session().server_name(), "example.test");
}

TEST(Libssl, shares_none_of_ours_at_first_and_is_retried) {
  World world;
  const ServerConfig config = World::default_config();
  ServerEnd server(world, config);
  LibsslClient client;
  ASSERT_EQ(SSL_CTX_set1_groups_list(client.context(), "P-521:P-256"), 1);
  exchange(client, server);
  ASSERT_TRUE(server.connected);
  EXPECT_TRUE(server.session().info().retried);
  EXPECT_EQ(server.session().info().group, static_cast<std::uint16_t>(NamedGroup::secp256r1));
}

TEST(Libssl, updates_its_keys_and_asks_for_ours) {
  World world;
  const ServerConfig config = World::default_config();
  ServerEnd server(world, config);
  LibsslClient client;
  exchange(client, server);
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    ASSERT_EQ(SSL_write(client.ssl(), "x", 1), 1);
    exchange(client, server);
    server.send("y");
    exchange(client, server);
  }
  EXPECT_EQ(as_text(server.plaintext), "xxx");
  EXPECT_EQ(as_text(client.plaintext), "yyy");
  EXPECT_EQ(world.statistics.key_updates_in.get(), 3u);
  EXPECT_EQ(world.statistics.key_updates_out.get(), 3u);
}

TEST(Libssl, close_notify_goes_both_ways) {
  World world;
  const ServerConfig config = World::default_config();
  ServerEnd server(world, config);
  LibsslClient client;
  exchange(client, server);
  EXPECT_EQ(SSL_shutdown(client.ssl()), 0);
  server.receive(client.take_output());
  EXPECT_TRUE(server.peer_closed);
  server.session().close(server);
  client.give(server.take_output());
  EXPECT_EQ(SSL_shutdown(client.ssl()), 1);
  EXPECT_EQ(server.session().phase(), Phase::closed);
}

TEST(Libssl, resumes_by_the_ticket_that_came_last) {
  World world;
  ServerConfig draft = World::default_config();
  draft.ticket_keys = TicketKeys::random(world.entropy);
  const ServerConfig config = *prepared(draft);
  ServerEnd first_server(world, config);
  LibsslClient first;
  exchange(first, first_server);
  ASSERT_TRUE(first_server.connected);
  SSL_SESSION* session = SSL_get1_session(first.ssl());
  ASSERT_EQ(SSL_SESSION_is_resumable(session), 1);
  SSL_set_quiet_shutdown(first.ssl(), 1);
  SSL_shutdown(first.ssl());

  ServerEnd server(world, config);
  LibsslClient client;
  ASSERT_EQ(SSL_set_session(client.ssl(), session), 1);
  SSL_SESSION_free(session);
  exchange(client, server);
  ASSERT_TRUE(server.connected) << name_of(server.session().failure().error);
  EXPECT_EQ(SSL_session_reused(client.ssl()), 1);
  EXPECT_TRUE(server.session().info().resumed);
}

TEST(Libssl, client_of_tls12_is_refused_by_protocol_version_where_tls13_is_the_oldest_allowed) {
  World world;
  ServerConfig draft = World::default_config();
  draft.min_version = Version::tls13;
  const ServerConfig config = *prepared(draft);
  ServerEnd server(world, config);
  LibsslClient client;
  SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
  exchange(client, server);
  EXPECT_EQ(server.session().failure().error, Error::unsupported_version);
  EXPECT_EQ(server.session().failure().alert, Alert::protocol_version);
  EXPECT_EQ(world.statistics.refused_version[index_in(kVersionNames, 0x0303)].get(), 1u);
}

ServerConfig config12() {
  ServerConfig draft = World::default_config();
  draft.min_version = Version::tls12;
  return *prepared(draft);
}

struct Libssl12 : testing::TestWithParam<std::tuple<const char*, const char*, bool>> {};

TEST_P(Libssl12, connects_and_carries_a_mebibyte_both_ways) {
  const auto [suite, group, extended_master_secret] = GetParam();
  World world;
  const ServerConfig config = config12();
  ServerEnd server(world, config);
  LibsslClient client;
  SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
  ASSERT_EQ(SSL_CTX_set_cipher_list(client.context(), suite), 1);
  ASSERT_EQ(SSL_CTX_set1_groups_list(client.context(), group), 1);
  if (!extended_master_secret) SSL_CTX_set_options(client.context(), SSL_OP_NO_EXTENDED_MASTER_SECRET);
  exchange(client, server);
  ASSERT_TRUE(server.connected) << name_of(server.session().failure().error);
  ASSERT_TRUE(SSL_is_init_finished(client.ssl()));
  EXPECT_STREQ(SSL_get_version(client.ssl()), "TLSv1.2");
  EXPECT_EQ(SSL_get_extms_support(client.ssl()), extended_master_secret ? 1 : 0);
  EXPECT_EQ(SSL_get_secure_renegotiation_support(client.ssl()), 1);
  EXPECT_EQ(server.session().info().version, 0x0303);
  EXPECT_STREQ(SSL_CIPHER_standard_name(SSL_get_current_cipher(client.ssl())),
               std::string(suite_name(server.session().info().cipher_suite)).c_str());
  EXPECT_EQ(world.frames.blocks_taken(), 0u);

  const Buffer data = pattern(1 << 20);
  ASSERT_EQ(SSL_write(client.ssl(), data.data(), static_cast<int>(data.size())), static_cast<int>(data.size()));
  exchange(client, server);
  EXPECT_TRUE(server.plaintext == data);
  ASSERT_TRUE(server.session().send(data, server));
  exchange(client, server);
  EXPECT_TRUE(client.plaintext == data);
  EXPECT_EQ(SSL_shutdown(client.ssl()), 0);
  exchange(client, server);
  EXPECT_TRUE(server.peer_closed);
}

INSTANTIATE_TEST_SUITE_P(
    SuitesGroups, Libssl12,
    testing::Combine(testing::Values("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
                                     "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
                                     "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"),
                     testing::Values("X25519:P-256", "P-256"), testing::Bool()));

TEST(Libssl12Refusals, ecdsa_certificate_on_a_curve_that_the_client_does_not_know_is_not_used) {
  for (const bool knows_rsa : {false, true}) {
    World world;
    const ServerConfig config = config12();
    ServerEnd server(world, config);
    LibsslClient client;
    SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
    SSL_CTX_set1_groups_list(client.context(), "X25519");
    SSL_CTX_set_cipher_list(client.context(), knows_rsa ? "ECDHE" : "ECDHE-ECDSA-AES128-GCM-SHA256");
    exchange(client, server);
    EXPECT_EQ(server.connected, knows_rsa);
    EXPECT_TRUE(knows_rsa || server.session().failure().error == Error::no_common_cipher_suite);
  }
}

/// A client of TLS 1.2 that has its second flight ready: ClientKeyExchange, ChangeCipherSpec, Finished.
struct SecondFlight12 : testing::Test {
  SecondFlight12() : config(config12()), server(world, config) {
    SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
    SSL_do_handshake(client.ssl());
    server.receive(client.take_output());
    server.settle();
    client.give(server.take_output());
    SSL_do_handshake(client.ssl());
    flight = client.take_output();
    key_exchange_bytes = kRecordHeaderBytes + load_be16(&flight[3]);
  }
  void deliver(Bytes bytes) {
    server.receive(bytes);
    server.settle();
  }
  Error error() { return server.session().failure().error; }

  World world;
  ServerConfig config;
  ServerEnd server;
  LibsslClient client;
  Buffer flight;
  std::size_t key_exchange_bytes = 0;
};

TEST_F(SecondFlight12, whole_connects) {
  deliver(flight);
  EXPECT_TRUE(server.connected);
}

TEST_F(SecondFlight12, byte_by_byte_connects) {
  for (const std::uint8_t byte : flight) deliver({&byte, 1});
  EXPECT_TRUE(server.connected);
}

TEST_F(SecondFlight12, change_cipher_spec_before_the_key_exchange_is_unexpected) {
  deliver(Bytes(flight).subspan(key_exchange_bytes));
  EXPECT_EQ(error(), Error::bad_change_cipher_spec);
}

TEST_F(SecondFlight12, finished_without_change_cipher_spec_is_unexpected) {
  deliver(Bytes(flight).first(key_exchange_bytes));
  EXPECT_EQ(server.session().waiting(), Waiting::client_change_cipher_spec);
  deliver(Bytes(flight).subspan(key_exchange_bytes + 6));
  EXPECT_EQ(error(), Error::unexpected_handshake_message);
}

TEST_F(SecondFlight12, two_change_cipher_specs_are_one_too_many) {
  deliver(Bytes(flight).first(key_exchange_bytes + 6));
  deliver(Bytes(flight).subspan(key_exchange_bytes, 6));
  EXPECT_EQ(error(), Error::bad_change_cipher_spec);
}

TEST_F(SecondFlight12, bit_flipped_in_finished_draws_bad_record_mac) {
  flight.back() ^= 1;
  deliver(flight);
  EXPECT_EQ(error(), Error::bad_record_mac);
}

TEST_F(SecondFlight12, share_that_is_no_share_is_illegal) {
  std::fill_n(flight.begin() + 10, 32, std::uint8_t{0});
  deliver(flight);
  EXPECT_EQ(error(), Error::bad_key_share);
}

struct SecondFlight12Again : SecondFlight12 {
  void TestBody() override {}
};

TEST_F(SecondFlight12, torn_off_at_every_byte_leaves_nothing) {
  for (std::size_t bytes = 0; bytes < flight.size(); bytes += 3) {
    SecondFlight12Again again;
    again.deliver(Bytes(again.flight).first(std::min(bytes, again.flight.size())));
    again.server.destroy();
    EXPECT_EQ(again.world.frames.blocks_taken(), 0u);
    EXPECT_EQ(again.world.stage.waiting(), 0u);
  }
}

TEST(Libssl12Refusals, renegotiation_is_refused) {
  World world;
  const ServerConfig config = config12();
  ServerEnd server(world, config);
  LibsslClient client;
  SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
  exchange(client, server);
  ASSERT_TRUE(server.connected);
  ASSERT_EQ(SSL_renegotiate(client.ssl()), 1);
  SSL_do_handshake(client.ssl());
  server.receive(client.take_output());
  EXPECT_EQ(server.session().failure().error, Error::renegotiation_refused);
  EXPECT_EQ(server.session().failure().alert, Alert::no_renegotiation);
}

TEST(Libssl12Refusals, fallback_of_a_client_that_speaks_more_is_inappropriate) {
  World world;
  const ServerConfig config = config12();
  ServerEnd server(world, config);
  LibsslClient client;
  SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
  SSL_CTX_set_mode(client.context(), SSL_MODE_SEND_FALLBACK_SCSV);
  exchange(client, server);
  EXPECT_EQ(server.session().failure().alert, Alert::inappropriate_fallback);
}

TEST(Libssl12Refusals, rsa_key_exchange_alone_finds_no_common_suite) {
  World world;
  const ServerConfig config = config12();
  ServerEnd server(world, config);
  LibsslClient client;
  SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
  ASSERT_EQ(SSL_CTX_set_cipher_list(client.context(), "AES128-GCM-SHA256"), 1);
  exchange(client, server);
  EXPECT_EQ(server.session().failure().error, Error::no_common_cipher_suite);
}

// The last eight bytes of the random tell a client that it was made to fall back (RFC 8446 4.1.3): ours must say so.
TEST(Libssl12Refusals, server_random_ends_in_the_downgrade_sentinel) {
  World world;
  const ServerConfig config = config12();
  ServerEnd server(world, config);
  LibsslClient client;
  SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
  exchange(client, server);
  Buffer random(32);
  ASSERT_EQ(SSL_get_server_random(client.ssl(), random.data(), random.size()), 32u);
  EXPECT_EQ(as_text(Bytes(random).subspan(24)), "DOWNGRD\x01");
}

}  // namespace
}  // namespace handsel::tls::test
