// Our TLS 1.3 server against OpenSSL's client, through memory.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "libssl_client.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

TEST(Libssl, mebibyte_goes_both_ways_under_each_suite) {
  for (const char* suite : {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}) {
    World world;
    const ServerConfig config = World::default_config();
    ServerEnd server(world, config);
    LibsslClient client;
    ASSERT_EQ(SSL_CTX_set_ciphersuites(client.context(), suite), 1);
    exchange(client, server);
    ASSERT_TRUE(server.connected) << name_of(server.session().failure().error);
    const Buffer data = pattern(1 << 20);
    std::size_t sent = 0;
    while (sent < data.size()) {
      std::size_t written = 0;
      ASSERT_EQ(SSL_write_ex(client.ssl(), &data[sent], std::min<std::size_t>(data.size() - sent, 50'000), &written),
                1);
      sent += written;
      exchange(client, server);
    }
    EXPECT_TRUE(server.plaintext == data);
    ASSERT_TRUE(server.session().send(data, server));
    exchange(client, server);
    EXPECT_TRUE(client.plaintext == data);
  }
}

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

}  // namespace
}  // namespace handsel::tls::test
