// Our TLS 1.2 server against OpenSSL's client, through memory.

#include <gtest/gtest.h>

#include <algorithm>

#include "libssl_client.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

ServerConfig config12() {
  ServerConfig draft = World::default_config();
  draft.min_version = Version::tls12;
  return *prepared(draft);
}

TEST(Libssl12, mebibyte_goes_both_ways_under_each_aead) {
  for (const char* suite :
       {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"}) {
    World world;
    const ServerConfig config = config12();
    ServerEnd server(world, config);
    LibsslClient client;
    SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
    ASSERT_EQ(SSL_CTX_set_cipher_list(client.context(), suite), 1);
    exchange(client, server);
    ASSERT_TRUE(server.connected) << name_of(server.session().failure().error);
    const Buffer data = pattern(1 << 20);
    ASSERT_EQ(SSL_write(client.ssl(), data.data(), static_cast<int>(data.size())), static_cast<int>(data.size()));
    exchange(client, server);
    EXPECT_TRUE(server.plaintext == data);
    ASSERT_TRUE(server.session().send(data, server));
    exchange(client, server);
    EXPECT_TRUE(client.plaintext == data);
  }
}

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
