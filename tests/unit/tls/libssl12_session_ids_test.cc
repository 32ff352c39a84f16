// Our TLS 1.2 server's sessions by id, against OpenSSL's client without tickets, through memory.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "libssl_client.h"

namespace handsel::tls::test {
namespace {

struct SessionDeleter {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SavedSession = std::unique_ptr<SSL_SESSION, SessionDeleter>;

ServerConfig serving() {
  ServerConfig draft = World::default_config();
  draft.min_version = Version::tls12;
  crypto::SystemEntropy entropy;
  draft.ticket_keys = TicketKeys::random(entropy);
  return *prepared(draft);
}

struct SessionIds12 : testing::Test {
  SessionIds12() { world.worker.server_sessions = &sessions; }

  /// One connection; gives the client's session afterwards.
  SavedSession connect(SSL_SESSION* offered = nullptr, const char* name = "example.test") {
    server.reset();
    server = std::make_unique<ServerEnd>(world, *config);
    client = std::make_unique<LibsslClient>();
    SSL_CTX_set_max_proto_version(client->context(), TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(client->context(), suite);
    if (!tickets) SSL_CTX_set_options(client->context(), SSL_OP_NO_TICKET);
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
  std::uint64_t refused() const { return world.statistics.session_ids_refused.get(); }

  World world;
  ServerSessions sessions{2};
  ServerConfig own = serving();
  ServerConfig* config = &own;
  const char* suite = "ECDHE";
  bool tickets = false;
  bool extended_master_secret = true;
  std::unique_ptr<ServerEnd> server;
  std::unique_ptr<LibsslClient> client;
};

TEST_F(SessionIds12, session_is_resumed_under_each_suite_and_stays_good) {
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
    for (const Notes::Entry& entry : server->notes.entries)
      EXPECT_NE(entry.message_type, static_cast<std::uint8_t>(HandshakeType::certificate));
  }
  EXPECT_EQ(world.statistics.session_ids_issued.get(), 3u);
  EXPECT_EQ(world.statistics.session_ids_taken.get(), 6u);
  EXPECT_EQ(world.statistics.session_ids_evicted.get(), 1u);
  EXPECT_EQ(world.statistics.tickets_issued.get(), 0u);
  EXPECT_EQ(world.frames.blocks_taken(), 0u);
}

TEST_F(SessionIds12, client_that_knows_tickets_gets_no_id) {
  tickets = true;
  ASSERT_TRUE(connect());
  EXPECT_EQ(sessions.size(), 0u);
  EXPECT_EQ(world.statistics.tickets_issued.get(), 1u);
}

TEST_F(SessionIds12, server_that_does_not_want_them_or_has_no_memory_issues_none) {
  own.session_ids = false;
  EXPECT_EQ(SSL_SESSION_is_resumable(connect().get()), 0);
  own.session_ids = true;
  world.worker.server_sessions = nullptr;
  EXPECT_EQ(SSL_SESSION_is_resumable(connect().get()), 0);
  EXPECT_EQ(sessions.size(), 0u);
}

TEST_F(SessionIds12, session_for_another_name_costs_a_full_handshake) {
  const SavedSession session = connect();
  ASSERT_TRUE(connect(session.get(), "other.test"));
  EXPECT_FALSE(resumed());
  EXPECT_EQ(refused(), 1u);
}

TEST_F(SessionIds12, session_of_another_configuration_costs_a_full_handshake) {
  const SavedSession session = connect();
  server.reset();
  ServerConfig other = serving();
  config = &other;
  ASSERT_TRUE(connect(session.get()));
  EXPECT_FALSE(resumed());
  EXPECT_EQ(refused(), 1u);
  server.reset();
}

TEST_F(SessionIds12, session_lasts_as_long_as_a_ticket_and_no_longer_than_a_day) {
  for (const std::uint32_t seconds : {7'200u, 604'800u}) {
    own.ticket_lifetime_seconds = seconds;
    const SavedSession session = connect();
    world.worker.unix_at_zero_ms += std::uint64_t{std::min(seconds, 86'400u)} * 1'000;
    ASSERT_TRUE(connect(session.get()));
    EXPECT_TRUE(resumed()) << seconds;
    world.worker.unix_at_zero_ms += 1;
    ASSERT_TRUE(connect(session.get()));
    EXPECT_FALSE(resumed()) << seconds;
  }
}

TEST_F(SessionIds12, suite_that_the_client_no_longer_offers_costs_a_full_handshake) {
  const SavedSession session = connect();
  suite = "ECDHE-RSA-AES256-GCM-SHA384";
  ASSERT_TRUE(connect(session.get()));
  EXPECT_FALSE(resumed());
}

TEST_F(SessionIds12, session_that_was_evicted_costs_a_full_handshake) {
  const SavedSession first = connect();
  const SavedSession second = connect();
  ASSERT_TRUE(connect(first.get()));
  connect();
  ASSERT_TRUE(connect(first.get()));
  EXPECT_TRUE(resumed());
  ASSERT_TRUE(connect(second.get()));
  EXPECT_FALSE(resumed()) << "it was not used for longest";
  EXPECT_EQ(refused(), 1u);
}

// RFC 7627 5.3.
TEST_F(SessionIds12, extended_master_secret_must_not_get_lost) {
  const SavedSession session = connect();
  extended_master_secret = false;
  EXPECT_FALSE(connect(session.get()));
  EXPECT_EQ(server->session().failure().error, Error::extended_master_secret_lost);
  EXPECT_EQ(server->session().failure().alert, Alert::handshake_failure);
}

TEST_F(SessionIds12, session_without_the_extended_master_secret_is_not_remembered) {
  extended_master_secret = false;
  ASSERT_TRUE(connect());
  EXPECT_EQ(sessions.size(), 0u);
}

// RFC 5246 7.2.2.
TEST_F(SessionIds12, fatal_alert_has_the_session_forgotten) {
  for (const bool after_resumption : {false, true}) {
    const SavedSession session = connect();
    if (after_resumption) connect(session.get());
    ASSERT_EQ(resumed(), after_resumption);
    ASSERT_EQ(sessions.size(), 1u);
    Buffer garbage(64);
    write_record_header(garbage, ContentType::application_data, Version::tls12, garbage.size() - kRecordHeaderBytes);
    server->receive(garbage);
    EXPECT_EQ(server->session().failure().error, Error::bad_record_mac);
    EXPECT_EQ(sessions.size(), 0u);
    ASSERT_TRUE(connect(session.get()));
    EXPECT_FALSE(resumed());
    sessions.forget(sessions.find(Bytes(SSL_SESSION_get_id(SSL_get_session(client->ssl()), nullptr), 32)));
  }
}

TEST_F(SessionIds12, stranger_who_has_seen_the_id_does_no_harm) {
  const SavedSession session = connect();
  const SavedSession stolen(SSL_SESSION_dup(session.get()));
  const Buffer wrong(48, 1);
  ASSERT_EQ(SSL_SESSION_set1_master_key(stolen.get(), wrong.data(), wrong.size()), 1);
  EXPECT_FALSE(connect(stolen.get()));
  EXPECT_TRUE(server->failed);
  ASSERT_TRUE(connect(session.get()));
  EXPECT_TRUE(resumed());
}

}  // namespace
}  // namespace handsel::tls::test
