// Our client against our server, through memory.

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "client_end.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

void expect_connected(ClientAndServer& pair) {
  ASSERT_TRUE(pair.client.connected) << name_of(pair.client.session().failure().error);
  ASSERT_TRUE(pair.server.connected) << name_of(pair.server.session().failure().error);
  pair.client.send("ping");
  exchange(pair.client, pair.server);
  EXPECT_EQ(as_text(pair.server.plaintext), "ping");
  pair.server.send("pong");
  exchange(pair.client, pair.server);
  EXPECT_EQ(as_text(pair.client.plaintext), "pong");
  EXPECT_EQ(pair.client_world.frames.blocks_taken(), 0u);
  EXPECT_EQ(pair.client_world.frames.longs_taken(), 0u);
}

TEST(Client13, default_configuration_connects_and_data_flows_both_ways) {
  ClientAndServer pair;
  pair.connect();
  expect_connected(pair);
  const Info& info = pair.client.session().info();
  EXPECT_EQ(info.version, 0x0304);
  EXPECT_EQ(info.cipher_suite, pair.server.session().info().cipher_suite);
  EXPECT_EQ(info.group, static_cast<std::uint16_t>(NamedGroup::x25519));
  EXPECT_EQ(info.signature_scheme, pair.server.session().info().signature_scheme);
  EXPECT_EQ(pair.server.session().server_name(), "example.test");
  EXPECT_EQ(pair.client.session().server_name(), "example.test");
}

struct Row {
  CipherSuite suite;
  NamedGroup group;
  CredentialKind kind;
  std::size_t piece;  ///< of the byte stream, both ways; 0: as it comes
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << suite_name(static_cast<std::uint16_t>(row.suite)) << ' ' << group_name(static_cast<std::uint16_t>(row.group))
       << " kind " << static_cast<int>(row.kind) << ' ' << row.piece;
}

std::vector<Row> every_row() {
  std::vector<Row> rows;
  for (const NamedGroup group : {NamedGroup::x25519, NamedGroup::secp256r1, NamedGroup::secp384r1})
    for (const std::size_t piece : {0, 1, 100})
      for (const CredentialKind kind :
           {CredentialKind::ecdsa_p256, CredentialKind::rsa, CredentialKind::ecdsa_p384, CredentialKind::ed25519}) {
        for (const Suite& suite : kSuites13) rows.push_back({suite.id, group, kind, piece});
        for (const Suite& suite : kSuites12)
          if ((suite.authentication == Authentication::rsa) == (kind == CredentialKind::rsa))
            rows.push_back({suite.id, group, kind, piece});
      }
  return rows;
}

const Credential& credential_of(CredentialKind kind) {
  const Certificates& all = Certificates::get();
  if (kind == CredentialKind::rsa) return all.rsa;
  if (kind == CredentialKind::ecdsa_p384) return all.ecdsa_p384;
  return kind == CredentialKind::ed25519 ? all.ed25519 : all.ecdsa;
}

class EveryClient : public testing::TestWithParam<Row> {};

TEST_P(EveryClient, connects) {
  const auto [suite, group, kind, piece] = GetParam();
  ClientConfig draft = default_client();
  ServerConfig server = World::default_config();
  const bool tls13 = find_suite13(static_cast<std::uint16_t>(suite)) != nullptr;
  if (tls13) {
    draft.suites = {suite};
    draft.groups = {group};
  } else {
    // All groups are offered in any case: they bound the certificate's curve too (RFC 8422 5.1.1).
    draft.max_version = server.min_version = Version::tls12;
    draft.suites12 = {suite};
  }
  server.groups = {group};
  server.credentials = {credential_of(kind)};
  ClientAndServer pair(draft, server);
  pair.connect(piece);
  expect_connected(pair);
  EXPECT_EQ(pair.client.session().info().cipher_suite, static_cast<std::uint16_t>(suite));
  EXPECT_EQ(pair.client.session().info().group, static_cast<std::uint16_t>(group));
  EXPECT_EQ(pair.client.session().info().version, tls13 ? 0x0304 : 0x0303);
}

INSTANTIATE_TEST_SUITE_P(SuitesGroupsCertificatesPieces, EveryClient, testing::ValuesIn(every_row()));

// Resumption

ServerConfig server_with_tickets() {
  ServerConfig draft = World::default_config();
  crypto::SystemEntropy entropy;
  draft.ticket_keys = TicketKeys::random(entropy);
  return draft;
}

/// The pair's worlds, with a second connection on them.
struct Again {
  explicit Again(ClientAndServer& pair)
      : client(pair.client_world, pair.client_config), server(pair.server_world, pair.server_config) {
    client.start();
    exchange(client, server);
  }
  ClientEnd client;
  ServerEnd server;
};

TEST(ClientResumption13, second_connection_takes_the_newest_ticket_and_needs_no_certificate) {
  ClientAndServer pair(default_client(), server_with_tickets());
  pair.connect();
  expect_connected(pair);
  EXPECT_EQ(pair.client_world.statistics.tickets_kept.get(), 2u);
  EXPECT_EQ(pair.client_world.sessions.size(), 2u);

  Again again(pair);
  ASSERT_TRUE(again.client.connected) << name_of(again.client.session().failure().error);
  EXPECT_TRUE(again.client.session().info().resumed);
  EXPECT_TRUE(again.server.session().info().resumed);
  EXPECT_EQ(pair.client_world.statistics.handshakes_resumed.get(), 1u);
  for (const Notes::Entry& entry : again.client.notes.entries)
    EXPECT_NE(entry.message_type, static_cast<std::uint8_t>(HandshakeType::certificate));
  // One was spent, two came.
  EXPECT_EQ(pair.client_world.sessions.size(), 2u);
  EXPECT_EQ(pair.client_world.sessions.taken_out(), 0u);
}

TEST(ClientResumption13, survives_a_hello_retry_request_by_a_new_binder) {
  ServerConfig server = server_with_tickets();
  server.groups = {NamedGroup::secp256r1};
  ClientAndServer pair(default_client(), server);
  pair.connect();
  expect_connected(pair);
  EXPECT_TRUE(pair.client.session().info().retried);
  Again again(pair);
  ASSERT_TRUE(again.client.connected) << name_of(again.client.session().failure().error);
  EXPECT_TRUE(again.client.session().info().retried);
  EXPECT_TRUE(again.client.session().info().resumed);
}

TEST(ClientResumption13, ticket_that_the_server_no_longer_knows_costs_a_full_handshake) {
  ClientAndServer pair(default_client(), server_with_tickets());
  pair.connect();
  pair.server_config.ticket_keys = server_with_tickets().ticket_keys;
  Again again(pair);
  ASSERT_TRUE(again.client.connected);
  EXPECT_FALSE(again.client.session().info().resumed);
}

TEST(ClientResumption13, expired_ticket_is_not_offered) {
  ServerConfig server = server_with_tickets();
  server.ticket_lifetime_seconds = 10;
  ClientAndServer pair(default_client(), server);
  pair.connect();
  ASSERT_EQ(pair.client_world.sessions.size(), 2u);
  pair.client_world.worker.unix_at_zero_ms += 10'000;
  Again again(pair);
  EXPECT_FALSE(again.client.session().info().resumed);
  EXPECT_EQ(pair.server_world.statistics.tickets_refused.get(), 0u);
}

TEST(ClientResumption13, session_made_without_verification_is_not_offered_where_the_chain_counts) {
  ClientConfig draft = default_client();
  draft.verification = Verification::none;
  ClientAndServer pair(draft, server_with_tickets());
  pair.connect();
  ASSERT_EQ(pair.client_world.sessions.size(), 2u);
  const ClientConfig strict = *prepared(default_client());
  ClientEnd client(pair.client_world, strict);
  ServerEnd server(pair.server_world, pair.server_config);
  client.start();
  exchange(client, server);
  ASSERT_TRUE(client.connected);
  EXPECT_FALSE(client.session().info().resumed);
}

TEST(ClientResumption13, nothing_is_kept_or_wanted_when_it_is_switched_off) {
  ClientConfig draft = default_client();
  draft.resume_sessions = false;
  ClientAndServer pair(draft, server_with_tickets());
  pair.connect();
  expect_connected(pair);
  EXPECT_EQ(pair.client_world.sessions.size(), 0u);
  EXPECT_EQ(pair.client_world.sessions.pending_count(), 0u);
  EXPECT_EQ(pair.server_world.statistics.tickets_issued.get(), 0u);
}

TEST(ClientResumption13, connection_that_goes_gives_back_what_it_held_for_tickets) {
  ClientAndServer pair(default_client(), server_with_tickets());
  pair.connect();
  EXPECT_EQ(pair.client_world.sessions.pending_count(), 1u);
  pair.client.destroy();
  EXPECT_EQ(pair.client_world.sessions.pending_count(), 0u);
}

// Groups, protocols

TEST(Client13, share_of_a_group_that_the_server_does_not_speak_is_replaced_on_request) {
  ServerConfig server = World::default_config();
  server.groups = {NamedGroup::secp256r1};
  ClientAndServer pair(default_client(), server);
  pair.connect();
  expect_connected(pair);
  EXPECT_TRUE(pair.client.session().info().retried);
  EXPECT_TRUE(pair.server.session().info().retried);
  EXPECT_EQ(pair.client.session().info().group, static_cast<std::uint16_t>(NamedGroup::secp256r1));
}

TEST(Client13, two_shares_spare_the_retry) {
  ServerConfig server = World::default_config();
  server.groups = {NamedGroup::secp256r1};
  ClientConfig draft = default_client();
  draft.shares = 2;
  ClientAndServer pair(draft, server);
  pair.connect();
  expect_connected(pair);
  EXPECT_FALSE(pair.client.session().info().retried);
}

TEST(Client13, without_compatibility_mode_no_change_cipher_spec_passes) {
  ClientConfig draft = default_client();
  draft.compatibility_mode = false;
  ClientAndServer pair(draft);
  pair.connect();
  expect_connected(pair);
  for (const Notes::Entry& entry : pair.client.notes.entries)
    EXPECT_NE(entry.content_type, static_cast<std::uint8_t>(ContentType::change_cipher_spec));
}

TEST(Client, agrees_on_the_servers_choice_of_its_protocols) {
  for (const Version version : {Version::tls12, Version::tls13}) {
    ClientConfig draft = default_client();
    draft.max_version = version;
    draft.alpn = {"http/1.1", "h2"};
    ServerConfig server = World::default_config();
    server.min_version = Version::tls12;
    server.alpn = {"h2", "echo"};
    ClientAndServer pair(draft, server);
    pair.connect();
    expect_connected(pair);
    EXPECT_EQ(pair.client.session().alpn(), "h2");
  }
}

TEST(Client13, keys_are_updated_both_ways) {
  ClientConfig draft = default_client();
  draft.records_per_key = 2;
  ServerConfig server = World::default_config();
  server.records_per_key = 3;
  ClientAndServer pair(draft, server);
  pair.connect();
  for (int round = 0; round < 8; ++round) {
    pair.client.send("x");
    exchange(pair.client, pair.server);
    pair.server.send("y");
    exchange(pair.client, pair.server);
  }
  EXPECT_EQ(as_text(pair.server.plaintext), "xxxxxxxx");
  EXPECT_EQ(as_text(pair.client.plaintext), "yyyyyyyy");
  EXPECT_GT(pair.client_world.statistics.key_updates_out.get(), 2u);
  EXPECT_GT(pair.client_world.statistics.key_updates_in.get(), 1u);
}

TEST(Client, close_notify_goes_both_ways) {
  ClientAndServer pair;
  pair.connect();
  pair.client.session().close(pair.client);
  exchange(pair.client, pair.server);
  EXPECT_TRUE(pair.server.peer_closed);
  pair.server.session().close(pair.server);
  exchange(pair.client, pair.server);
  EXPECT_EQ(pair.client.session().phase(), Phase::closed);
  EXPECT_EQ(pair.server.session().phase(), Phase::closed);
}

}  // namespace
}  // namespace handsel::tls::test
