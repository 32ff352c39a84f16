// Our client's early data, to our server.

#include <gtest/gtest.h>

#include "client_end.h"

namespace handsel::tls::test {
namespace {

ClientConfig early_client() {
  ClientConfig draft = default_client();
  draft.early_data = true;
  return draft;
}

ServerConfig early_server() {
  static crypto::SystemEntropy entropy;
  ServerConfig draft = World::default_config();
  draft.ticket_keys = TicketKeys::random(entropy);
  draft.max_early_data = 1'000;
  return draft;
}

/// One connection is over, and the client holds tickets for the next.
struct Returning : ClientAndServer {
  explicit Returning(ClientConfig client_draft = early_client(), ServerConfig server_draft = early_server())
      : ClientAndServer(std::move(client_draft), std::move(server_draft)) {
    connect();
    EXPECT_TRUE(client.connected && server.connected);
    again = std::make_unique<ClientEnd>(client_world, client_config);
    server_again = std::make_unique<ServerEnd>(server_world, server_config);
  }
  void pass() { exchange(*again, *server_again); }
  const Info& info() { return again->session().info(); }
  bool send_early(std::string_view text) { return again->session().send_early(as_bytes(text), *again); }
  void expect_talk() {
    ASSERT_TRUE(again->connected) << name_of(again->session().failure().error);
    ASSERT_TRUE(server_again->connected) << name_of(server_again->session().failure().error);
    again->send("late");
    pass();
    EXPECT_EQ(as_text(server_again->plaintext), "late");
  }

  std::unique_ptr<ClientEnd> again;
  std::unique_ptr<ServerEnd> server_again;
};

TEST(ClientEarlyData, leaves_behind_the_client_hello_and_is_accepted) {
  for (const bool compatibility_mode : {true, false}) {
    ClientConfig draft = early_client();
    draft.compatibility_mode = compatibility_mode;
    Returning pair(draft);
    EXPECT_EQ(pair.again->session().early_room(), 0u);
    pair.again->start();
    EXPECT_EQ(pair.again->session().early_room(), 1'000u);
    ASSERT_TRUE(pair.send_early("one, "));
    EXPECT_EQ(pair.again->session().early_room(), 995u);
    ASSERT_TRUE(pair.send_early("two"));
    EXPECT_EQ(pair.info().early_data, EarlyData::offered);
    pair.server_again->receive(pair.again->take_output());
    pair.server_again->settle();
    EXPECT_EQ(as_text(pair.server_again->early_plaintext), "one, two");
    pair.server_again->send("three");
    pair.pass();
    EXPECT_EQ(pair.info().early_data, EarlyData::accepted);
    EXPECT_EQ(as_text(pair.again->plaintext), "three");
    EXPECT_EQ(pair.again->session().early_room(), 0u);
    EXPECT_FALSE(pair.send_early("x"));
    pair.expect_talk();
    EXPECT_EQ(pair.client_world.statistics.early_data_offered.get(), 1u);
    EXPECT_EQ(pair.client_world.statistics.early_data_declined.get(), 0u);
    EXPECT_EQ(pair.client_world.frames.blocks_taken(), 0u);
  }
}

TEST(ClientEarlyData, may_still_leave_while_the_servers_flight_is_on_its_way) {
  Returning pair;
  pair.again->start();
  pair.server_again->receive(pair.again->take_output());
  pair.server_again->settle();
  const Buffer flight = pair.server_again->take_output();
  const std::size_t hello_bytes = kRecordHeaderBytes + load_be16(&flight[3]);
  pair.again->receive(Bytes(flight).first(hello_bytes));
  pair.again->settle();
  ASSERT_TRUE(pair.send_early("in between"));
  pair.again->receive(Bytes(flight).subspan(hello_bytes));
  pair.pass();
  EXPECT_EQ(as_text(pair.server_again->early_plaintext), "in between");
  pair.expect_talk();
}

TEST(ClientEarlyData, is_no_more_than_the_ticket_allows) {
  Returning pair;
  pair.again->start();
  EXPECT_FALSE(pair.send_early(std::string(1'001, 'x')));
  EXPECT_TRUE(pair.send_early(std::string(1'000, 'x')));
  EXPECT_FALSE(pair.send_early("x"));
  pair.pass();
  pair.expect_talk();
}

TEST(ClientEarlyData, is_of_the_protocol_that_the_ticket_was_of) {
  ClientConfig client_draft = early_client();
  client_draft.alpn = {"h2", "http/1.1"};
  ServerConfig server_draft = early_server();
  server_draft.alpn = {"http/1.1"};
  Returning pair(client_draft, server_draft);
  pair.again->start();
  EXPECT_EQ(pair.again->session().alpn(), "http/1.1");
  ASSERT_TRUE(pair.send_early("x"));
  pair.pass();
  EXPECT_EQ(pair.info().early_data, EarlyData::accepted);
  EXPECT_EQ(pair.again->session().alpn(), "http/1.1");
  pair.expect_talk();
}

TEST(ClientEarlyData, is_not_offered_without_the_wish_or_a_ticket_that_allows_it) {
  for (const bool wished : {true, false}) {
    ClientConfig client_draft = early_client();
    client_draft.early_data = wished;
    ServerConfig server_draft = early_server();
    if (wished) server_draft.max_early_data = 0;
    Returning pair(client_draft, server_draft);
    pair.again->start();
    EXPECT_EQ(pair.again->session().early_room(), 0u);
    pair.pass();
    EXPECT_EQ(pair.info().early_data, EarlyData::none);
    EXPECT_TRUE(pair.info().resumed);
    pair.expect_talk();
  }
}

struct Refusal {
  const char* name;
  void (*arrange)(Returning& pair);
  bool resumes;
};
void PrintTo(const Refusal& row, std::ostream* out) { *out << row.name; }

class RefusedClientEarlyData : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedClientEarlyData, is_told_to_the_caller_and_the_handshake_goes_on) {
  Returning pair;
  GetParam().arrange(pair);
  pair.server_again = std::make_unique<ServerEnd>(pair.server_world, pair.server_config);
  pair.again->start();
  ASSERT_TRUE(pair.send_early("lost"));
  pair.pass();
  EXPECT_EQ(pair.info().early_data, EarlyData::rejected);
  EXPECT_EQ(pair.info().resumed, GetParam().resumes);
  EXPECT_EQ(pair.client_world.statistics.early_data_declined.get(), 1u);
  EXPECT_TRUE(pair.server_again->early_plaintext.empty());
  pair.expect_talk();
}

INSTANTIATE_TEST_SUITE_P(
    Reasons, RefusedClientEarlyData,
    testing::Values(
        Refusal{"disabled", [](Returning& pair) { pair.server_config.max_early_data = 0; }, true},
        Refusal{"ticket_unknown", [](Returning& pair) { pair.server_config.ticket_keys = nullptr; }, false},
        Refusal{"retried", [](Returning& pair) { pair.server_config.groups = {NamedGroup::secp256r1}; }, true},
        Refusal{"other_suite",
                [](Returning& pair) { pair.server_config.suites = {CipherSuite::chacha20_poly1305_sha256}; }, true}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(ClientEarlyDataFault, server_that_goes_back_to_tls12_is_left) {
  Returning pair;
  pair.again->start();
  ASSERT_TRUE(pair.send_early("x"));
  // A ServerHello of TLS 1.2, as a server answers that has been set back since.
  Buffer hello = {22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3};
  hello.resize(hello.size() + 32, 9);
  append(hello, Buffer{0, 0xc0, 0x2b, 0});
  pair.again->receive(hello);
  pair.again->settle();
  EXPECT_EQ(pair.again->session().failure().error, Error::unsupported_version);
}

}  // namespace
}  // namespace handsel::tls::test
