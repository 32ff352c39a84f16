// Our TLS 1.2 server's tickets and its RSA key exchange, against OpenSSL's client and our own, through memory.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "client_end.h"
#include "libssl_client.h"

namespace handsel::tls::test {
namespace {

ServerConfig with_tickets() {
  ServerConfig draft = World::default_config();
  draft.min_version = Version::tls12;
  crypto::SystemEntropy entropy;
  draft.ticket_keys = TicketKeys::random(entropy);
  return *prepared(draft);
}

struct Tickets12 : testing::Test {
  /// One connection; gives the client's session afterwards.
  SavedSession connect(SSL_SESSION* offered = nullptr, const char* name = "example.test") {
    server = std::make_unique<ServerEnd>(world, config);
    client = std::make_unique<LibsslClient>();
    SSL_CTX_set_max_proto_version(client->context(), TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(client->context(), suite);
    if (!extended_master_secret) SSL_CTX_set_options(client->context(), SSL_OP_NO_EXTENDED_MASTER_SECRET);
    SSL_set_tlsext_host_name(client->ssl(), name);
    if (offered != nullptr) {
      EXPECT_EQ(SSL_set_session(client->ssl(), offered), 1);
    }
    exchange(*client, *server);
    if (!server->connected) return nullptr;
    EXPECT_TRUE(SSL_is_init_finished(client->ssl()));
    server->send("hello");
    exchange(*client, *server);
    EXPECT_EQ(as_text(client->plaintext), "hello");
    SSL_set_shutdown(client->ssl(), SSL_SENT_SHUTDOWN);  // or the session would count as broken
    return SavedSession(SSL_get1_session(client->ssl()));
  }
  bool resumed() {
    const bool client_thinks = SSL_session_reused(client->ssl()) == 1;
    EXPECT_EQ(client_thinks, server->session().info().resumed);
    return client_thinks;
  }

  World world;
  ServerConfig config = with_tickets();
  const char* suite = "ECDHE";
  bool extended_master_secret = true;
  std::unique_ptr<ServerEnd> server;
  std::unique_ptr<LibsslClient> client;
};

TEST_F(Tickets12, session_is_resumed_under_each_suite_and_its_ticket_stays_good) {
  for (const char* each :
       {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"}) {
    suite = each;
    const SavedSession session = connect();
    ASSERT_TRUE(session) << each;
    EXPECT_FALSE(resumed());
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(connect(session.get()));
      EXPECT_TRUE(resumed()) << each;
    }
  }
  EXPECT_EQ(world.statistics.tickets_issued.get(), 3u);
  EXPECT_EQ(world.statistics.tickets_taken.get(), 6u);
  EXPECT_EQ(world.frames.blocks_taken(), 0u);
}

TEST_F(Tickets12, resumed_handshake_needs_neither_certificate_nor_key_exchange) {
  const SavedSession session = connect();
  connect(session.get());
  ASSERT_TRUE(resumed());
  for (const Notes::Entry& entry : server->notes.entries) {
    EXPECT_NE(entry.message_type, static_cast<std::uint8_t>(HandshakeType::certificate));
    EXPECT_NE(entry.message_type, static_cast<std::uint8_t>(HandshakeType::client_key_exchange));
  }
}

TEST_F(Tickets12, session_for_another_name_costs_a_full_handshake) {
  const SavedSession session = connect();
  ASSERT_TRUE(connect(session.get(), "other.test"));
  EXPECT_FALSE(resumed());
  EXPECT_EQ(world.statistics.tickets_refused.get(), 1u);
}

TEST_F(Tickets12, expired_session_costs_a_full_handshake) {
  const SavedSession session = connect();
  world.worker.unix_at_zero_ms += std::uint64_t{config.ticket_lifetime_seconds} * 1'000;
  ASSERT_TRUE(connect(session.get()));
  EXPECT_TRUE(resumed());
  world.worker.unix_at_zero_ms += 1;
  ASSERT_TRUE(connect(session.get()));
  EXPECT_FALSE(resumed());
}

TEST_F(Tickets12, ticket_opens_while_its_key_is_among_three) {
  const SavedSession session = connect();
  crypto::SystemEntropy entropy;
  for (int rotation = 1; rotation <= 3; ++rotation) {
    config.ticket_keys = config.ticket_keys->rotated(entropy);
    ASSERT_TRUE(connect(session.get()));
    EXPECT_EQ(resumed(), rotation < 3);
  }
}

TEST_F(Tickets12, suite_that_the_client_no_longer_offers_costs_a_full_handshake) {
  const SavedSession session = connect();
  suite = "ECDHE-RSA-AES256-GCM-SHA384";
  ASSERT_TRUE(connect(session.get()));
  EXPECT_FALSE(resumed());
}

TEST_F(Tickets12, session_without_the_extended_master_secret_gets_no_ticket) {
  extended_master_secret = false;
  const SavedSession session = connect();
  ASSERT_TRUE(session);
  EXPECT_EQ(SSL_SESSION_has_ticket(session.get()), 0);
  EXPECT_EQ(world.statistics.tickets_issued.get(), 0u);
}

TEST_F(Tickets12, extended_master_secret_must_not_get_lost) {
  const SavedSession session = connect();
  extended_master_secret = false;
  EXPECT_FALSE(connect(session.get()));
  EXPECT_EQ(server->session().failure().error, Error::extended_master_secret_lost);
  EXPECT_EQ(server->session().failure().alert, Alert::handshake_failure);
}

TEST(Tickets12OurClient, resumes) {
  ServerConfig server = with_tickets();
  ClientConfig draft = default_client();
  draft.max_version = Version::tls12;
  ClientAndServer pair(draft, server);
  pair.connect();
  ASSERT_TRUE(pair.client.connected);
  for (int i = 0; i < 2; ++i) {
    ClientEnd client(pair.client_world, pair.client_config);
    ServerEnd again(pair.server_world, pair.server_config);
    client.start();
    exchange(client, again, i == 0 ? 0 : 1);
    ASSERT_TRUE(client.connected) << name_of(client.session().failure().error);
    ASSERT_TRUE(again.connected) << name_of(again.session().failure().error);
    EXPECT_TRUE(client.session().info().resumed);
    EXPECT_TRUE(again.session().info().resumed);
  }
}

ServerConfig with_rsa_key_exchange() {
  ServerConfig draft = World::default_config();
  draft.min_version = Version::tls12;
  draft.rsa_key_exchange = true;
  return *prepared(draft);
}

TEST(RsaKeyExchange, connects_with_either_suite_and_either_master_secret) {
  for (const char* suite : {"AES128-GCM-SHA256", "AES256-GCM-SHA384"})
    for (const bool extended_master_secret : {true, false}) {
      World world;
      const ServerConfig config = with_rsa_key_exchange();
      ServerEnd server(world, config);
      LibsslClient client;
      SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
      SSL_CTX_set_cipher_list(client.context(), suite);
      if (!extended_master_secret) SSL_CTX_set_options(client.context(), SSL_OP_NO_EXTENDED_MASTER_SECRET);
      exchange(client, server);
      ASSERT_TRUE(server.connected) << name_of(server.session().failure().error);
      EXPECT_STREQ(SSL_get_cipher_name(client.ssl()), suite);
      EXPECT_EQ(server.session().info().group, 0);
      EXPECT_EQ(server.session().server_name(), "example.test");
      server.send("hello");
      exchange(client, server);
      EXPECT_EQ(as_text(client.plaintext), "hello");
      for (const Notes::Entry& entry : server.notes.entries)
        EXPECT_NE(entry.message_type, static_cast<std::uint8_t>(HandshakeType::server_key_exchange));
    }
}

TEST(RsaKeyExchange, is_the_last_choice) {
  World world;
  const ServerConfig config = with_rsa_key_exchange();
  ServerEnd server(world, config);
  LibsslClient client;
  SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(client.context(), "AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384");
  exchange(client, server);
  ASSERT_TRUE(server.connected);
  EXPECT_STREQ(SSL_get_cipher_name(client.ssl()), "ECDHE-RSA-AES256-GCM-SHA384");
}

TEST(RsaKeyExchange, without_an_rsa_certificate_there_is_none) {
  World world;
  ServerConfig draft = with_rsa_key_exchange();
  draft.credentials = {Certificates::get().ecdsa};
  const ServerConfig config = *prepared(draft);
  ServerEnd server(world, config);
  LibsslClient client;
  SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(client.context(), "AES128-GCM-SHA256");
  exchange(client, server);
  EXPECT_EQ(server.session().failure().error, Error::no_common_cipher_suite);
}

/// A client's second flight, ready to be spoilt: ClientKeyExchange, ChangeCipherSpec, Finished.
struct EncryptedPremaster : testing::Test {
  EncryptedPremaster() : config(with_rsa_key_exchange()), server(world, config) {
    SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(client.context(), "AES128-GCM-SHA256");
    SSL_do_handshake(client.ssl());
    server.receive(client.take_output());
    server.settle();
    client.give(server.take_output());
    SSL_do_handshake(client.ssl());
    flight = client.take_output();
  }
  void deliver() {
    server.receive(flight);
    server.settle();
  }
  World world;
  ServerConfig config;
  ServerEnd server;
  LibsslClient client;
  Buffer flight;
};

// Whatever the ciphertext holds, the answer is the one and it comes at the same place: behind Finished.
TEST_F(EncryptedPremaster, that_is_not_one_shows_only_in_finished) {
  const std::size_t at = kRecordHeaderBytes + kHandshakeHeaderBytes + 2;
  flight[at + 200] ^= 1;
  const Buffer finished(flight.end() - 45, flight.end());
  flight.resize(flight.size() - 45);
  deliver();
  EXPECT_FALSE(server.failed);
  EXPECT_EQ(server.session().waiting(), Waiting::client_finished);
  flight = finished;
  deliver();
  EXPECT_EQ(server.session().failure().error, Error::bad_record_mac);
}

TEST_F(EncryptedPremaster, that_is_no_number_below_the_modulus_is_answered_alike) {
  const std::size_t at = kRecordHeaderBytes + kHandshakeHeaderBytes + 2;
  std::fill_n(flight.begin() + static_cast<long>(at), 256, std::uint8_t{0xff});
  deliver();
  EXPECT_EQ(server.session().failure().error, Error::bad_record_mac);
}

TEST_F(EncryptedPremaster, of_another_length_is_malformed) {
  Buffer changed = {22, 3, 3, 0, 14, 16, 0, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8};
  flight = changed;
  deliver();
  EXPECT_EQ(server.session().failure().error, Error::malformed_message);
}

}  // namespace
}  // namespace handsel::tls::test
