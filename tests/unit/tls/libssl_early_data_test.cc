// Early data between OpenSSL and us, through memory.

#include <gtest/gtest.h>

#include <string>

#include "libssl_server.h"

namespace handsel::tls::test {
namespace {

/// OpenSSL's client, twice to one server of ours.
struct FromLibssl {
  explicit FromLibssl(const char* suite) {
    ServerConfig draft = World::default_config();
    draft.ticket_keys = TicketKeys::random(world.entropy);
    draft.max_early_data = 16'384;
    draft.alpn = {"http/1.1"};
    config = *prepared(draft);
    limit(first, suite);
    limit(client, suite);
    ServerEnd first_server(world, config);
    exchange(first, first_server);
    EXPECT_TRUE(first_server.connected);
    SSL_SESSION* session = SSL_get1_session(first.ssl());
    EXPECT_EQ(SSL_SESSION_get_max_early_data(session), 16'384u);
    EXPECT_EQ(SSL_set_session(client.ssl(), session), 1);
    SSL_SESSION_free(session);
    SSL_set_quiet_shutdown(first.ssl(), 1);
    SSL_shutdown(first.ssl());
  }
  static void limit(LibsslClient& end, const char* suite) {
    ASSERT_EQ(SSL_CTX_set_ciphersuites(end.context(), suite), 1);
    const Buffer offered = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_set_alpn_protos(end.ssl(), offered.data(), static_cast<unsigned>(offered.size()));
  }
  void write_early(std::string_view text) {
    std::size_t written = 0;
    ASSERT_EQ(SSL_write_early_data(client.ssl(), text.data(), text.size(), &written), 1);
    ASSERT_EQ(written, text.size());
  }

  World world;
  ServerConfig config;
  LibsslClient first, client;
};

class LibsslEarlyData : public testing::TestWithParam<const char*> {};

TEST_P(LibsslEarlyData, of_openssls_client_is_taken_and_answered_before_its_finished) {
  FromLibssl from(GetParam());
  ServerEnd server(from.world, from.config);
  from.write_early("one, ");
  from.write_early("two");
  server.receive(from.client.take_output());
  server.settle();
  EXPECT_EQ(as_text(server.early_plaintext), "one, two");
  server.send("three");
  from.client.give(server.take_output());
  EXPECT_EQ(SSL_do_handshake(from.client.ssl()), 1);
  exchange(from.client, server);
  from.client.read();
  ASSERT_TRUE(server.connected) << name_of(server.session().failure().error);
  EXPECT_EQ(SSL_get_early_data_status(from.client.ssl()), SSL_EARLY_DATA_ACCEPTED);
  EXPECT_EQ(as_text(from.client.plaintext), "three");
  ASSERT_EQ(SSL_write(from.client.ssl(), "four", 4), 4);
  exchange(from.client, server);
  EXPECT_EQ(as_text(server.plaintext), "four");
}

TEST_P(LibsslEarlyData, of_openssls_client_is_refused_and_sent_again) {
  for (const bool retried : {false, true}) {
    FromLibssl from(GetParam());
    if (retried)
      SSL_set1_groups_list(from.client.ssl(), "P-521:P-256");
    else
      from.world.worker.replay_guard = nullptr;
    ServerEnd server(from.world, from.config);
    from.write_early("lost");
    exchange(from.client, server);
    ASSERT_TRUE(server.connected) << name_of(server.session().failure().error);
    EXPECT_TRUE(server.session().info().resumed);
    EXPECT_EQ(server.session().info().retried, retried);
    EXPECT_EQ(SSL_get_early_data_status(from.client.ssl()), SSL_EARLY_DATA_REJECTED);
    ASSERT_EQ(SSL_write(from.client.ssl(), "again", 5), 5);
    exchange(from.client, server);
    EXPECT_TRUE(server.early_plaintext.empty());
    EXPECT_EQ(as_text(server.plaintext), "again");
  }
}

/// Reads what of early data OpenSSL's server gives out; true when it says that there is no more.
bool read_early(LibsslServer& server, std::string& text) {
  Buffer chunk(16'384);
  std::size_t count = 0;
  int result = 0;
  while ((result = SSL_read_early_data(server.ssl(), chunk.data(), chunk.size(), &count)) ==
         SSL_READ_EARLY_DATA_SUCCESS)
    text.append(as_text(Bytes(chunk).first(count)));
  return result == SSL_READ_EARLY_DATA_FINISH;
}

TEST_P(LibsslEarlyData, of_our_client_is_taken_or_refused_by_openssls_server) {
  for (const bool accepted : {true, false}) {
    ClientWorld world;
    ClientConfig draft = libssl_trusting_client();
    draft.early_data = true;
    const ClientConfig config = *prepared(draft);
    LibsslServer server(LibsslCertificates::get().ecdsa);
    ASSERT_EQ(SSL_CTX_set_ciphersuites(server.context(), GetParam()), 1);
    SSL_CTX_set_max_early_data(server.context(), 5'000);
    ClientEnd first(world, config);
    first.start();
    exchange(first, server);
    ASSERT_TRUE(first.connected);

    server.next_connection();
    if (!accepted) SSL_CTX_set_max_early_data(server.context(), 0);
    ClientEnd client(world, config);
    client.start();
    ASSERT_EQ(client.session().early_room(), 5'000u);
    ASSERT_TRUE(client.session().send_early(as_bytes("early"), client));
    std::string early;
    server.give(client.take_output());
    read_early(server, early);
    EXPECT_EQ(early, accepted ? "early" : "");
    if (accepted) {
      std::size_t written = 0;
      ASSERT_EQ(SSL_write_early_data(server.ssl(), "at once", 7, &written), 1);
    }
    client.receive(server.take_output());
    client.settle();
    server.give(client.take_output());
    read_early(server, early);
    exchange(client, server);
    ASSERT_TRUE(client.connected) << name_of(client.session().failure().error);
    EXPECT_EQ(client.session().info().early_data, accepted ? EarlyData::accepted : EarlyData::rejected);
    EXPECT_EQ(as_text(client.plaintext), accepted ? "at once" : "");
    client.send("late");
    exchange(client, server);
    EXPECT_EQ(as_text(server.plaintext), "late");
  }
}

INSTANTIATE_TEST_SUITE_P(Suites, LibsslEarlyData,
                         testing::Values("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                         "TLS_CHACHA20_POLY1305_SHA256"));

}  // namespace
}  // namespace handsel::tls::test
