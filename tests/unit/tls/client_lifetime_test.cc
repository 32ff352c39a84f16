// A client's handshake torn off at every step, and what may come once it is connected.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "client_end.h"
#include "test_server.h"
#include "tls/messages/finished.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

ServerConfig server_with_tickets() {
  ServerConfig draft = World::default_config();
  crypto::SystemEntropy entropy;
  draft.ticket_keys = TicketKeys::random(entropy);
  return draft;
}

void expect_nothing_left(ClientWorld& world) {
  EXPECT_EQ(world.frames.blocks_taken(), 0u);
  EXPECT_EQ(world.frames.longs_taken(), 0u);
  EXPECT_EQ(world.stage.waiting(), 0u);
  EXPECT_EQ(world.stage.take_completed(), nullptr);
  EXPECT_EQ(world.sessions.taken_out(), 0u);
  EXPECT_EQ(world.sessions.pending_count(), 0u);
}

/// Goes through a handshake one step at a time (a record taken, a batch computed, its results handed in), and stops
/// when `budget` steps are done; false when the handshake was complete before.
bool walk(ClientAndServer& pair, std::size_t budget, std::vector<Waiting>& waited) {
  const auto step = [&](auto&& act) {
    if (budget == 0) return false;
    --budget;
    act();
    waited.push_back(pair.client.session().waiting());
    return true;
  };
  if (!step([&] { pair.client.session().connect(pair.client, Instant{}); })) return true;
  Buffer stream;
  while (!pair.client.connected) {
    if (pair.client_world.stage.waiting() != 0) {
      if (!step([&] { pair.client_world.stage.flush(Instant{}); })) return true;
      if (!step([&] { pair.client.run_crypto(); })) return true;
      continue;
    }
    pair.server.receive(pair.client.take_output());
    pair.server.settle();
    append(stream, pair.server.take_output());
    if (stream.empty()) return false;
    const auto whole = static_cast<std::ptrdiff_t>(kRecordHeaderBytes + load_be16(&stream[3]));
    const Buffer record(stream.begin(), stream.begin() + whole);
    stream.erase(stream.begin(), stream.begin() + whole);
    if (!step([&] { pair.client.receive(record); })) return true;
  }
  return false;
}

struct Road {
  const char* name;
  Version version;
  bool retried;
  bool resumed;
};
void PrintTo(const Road& road, std::ostream* out) { *out << road.name; }

class ClientLifetime : public testing::TestWithParam<Road> {};

TEST_P(ClientLifetime, torn_off_anywhere_leaves_nothing) {
  const Road& road = GetParam();
  ServerConfig server = server_with_tickets();
  server.min_version = Version::tls12;
  if (road.retried) server.groups = {NamedGroup::secp256r1};
  ClientConfig draft = default_client();
  draft.max_version = road.version;
  std::vector<Waiting> waited;
  for (std::size_t steps = 0;; ++steps) {
    ASSERT_LT(steps, 60u);
    ClientAndServer pair(draft, server);
    if (road.resumed) {
      pair.connect();
      std::destroy_at(&pair.client);
      std::destroy_at(&pair.server);
      std::construct_at(&pair.client, pair.client_world, pair.client_config);
      std::construct_at(&pair.server, pair.server_world, pair.server_config);
    }
    waited.clear();
    const bool cut = walk(pair, steps, waited);
    if (!cut) {
      EXPECT_TRUE(pair.client.connected) << name_of(pair.client.session().failure().error);
      EXPECT_EQ(pair.client.session().info().resumed, road.resumed);
      break;
    }
    pair.client.destroy();
    expect_nothing_left(pair.client_world);
  }
  EXPECT_GT(waited.size(), 5u);
}

INSTANTIATE_TEST_SUITE_P(Roads, ClientLifetime,
                         testing::Values(Road{"tls13", Version::tls13, false, false},
                                         Road{"tls13_retried", Version::tls13, true, false},
                                         Road{"tls13_resumed", Version::tls13, false, true},
                                         Road{"tls12", Version::tls12, false, false}),
                         [](const testing::TestParamInfo<Road>& row) { return std::string(row.param.name); });

TEST(ClientLifetime, has_nothing_and_wants_nothing_before_it_is_begun) {
  ClientWorld world;
  const ClientConfig config = *prepared(default_client());
  ClientEnd client(world, config);
  EXPECT_FALSE(client.session().wants_record());
  EXPECT_EQ(client.session().waiting(), Waiting::nothing);
  client.destroy();
  expect_nothing_left(world);
  EXPECT_EQ(world.statistics.handshakes_started.get(), 0u);
}

TEST(ClientLifetime, without_memory_for_the_handshake_it_fails_at_once) {
  ClientWorld world;
  std::vector<void*> blocks;
  while (void* block = world.frames.take_block()) blocks.push_back(block);
  const ClientConfig config = *prepared(default_client());
  ClientEnd client(world, config);
  client.start();
  EXPECT_EQ(client.session().failure().error, Error::no_handshake_memory);
  for (void* block : blocks) world.frames.give_block(block);
}

TEST(ClientLifetime, closed_before_the_server_answers_sends_close_notify) {
  ClientWorld world;
  const ClientConfig config = *prepared(default_client());
  ClientEnd client(world, config);
  client.start();
  client.take_output();
  client.session().close(client);
  EXPECT_EQ(client.take_output(), (Buffer{21, 3, 3, 0, 2, 1, 0}));
  EXPECT_EQ(client.session().phase(), Phase::closed);
  expect_nothing_left(world);
}

// After the handshake

/// A connected client, and the server's side in the test's hands.
struct WithTestServer {
  explicit WithTestServer(Script script = {})
      : config(*prepared(default_client())), server(server_world, std::move(script)), client(world, config) {
    client.start();
    exchange(client, server);
    EXPECT_TRUE(client.connected) << name_of(client.session().failure().error);
  }
  void send(const Buffer& message) { server.send_record(ContentType::handshake, message); }
  void pass() { exchange(client, server); }
  Error error() { return client.session().failure().error; }

  ClientWorld world;
  World server_world;
  ClientConfig config;
  TestServer server;
  ClientEnd client;
};

Buffer ticket(std::size_t bytes = 4, std::uint32_t lifetime_seconds = 100, std::size_t nonce = 2) {
  const Buffer identity(bytes, 't'), nonce_bytes(nonce, 'n');
  Buffer out(bytes + nonce + 64);
  Writer writer(out);
  NewSessionTicket{lifetime_seconds, 7, nonce_bytes, identity, {}}.emit(writer);
  out.resize(writer.size());
  return out;
}

TEST(ClientTickets, are_kept_newest_first_up_to_the_bound_of_their_name) {
  WithTestServer pair;
  for (std::size_t bytes = 4; bytes < 9; ++bytes) pair.send(ticket(bytes));
  pair.pass();
  EXPECT_FALSE(pair.client.failed);
  EXPECT_EQ(pair.world.statistics.tickets_kept.get(), 5u);
  EXPECT_EQ(pair.world.sessions.size(), 2u);
  SessionCache::Taken newest = pair.world.sessions.take(pair.config.session_scope, pair.world.worker.unix_at_zero_ms);
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->ticket_bytes, 8u);
  EXPECT_EQ(newest->age_add, 7u);
  EXPECT_EQ(newest->secret.size(), 32u);
}

TEST(ClientTickets, several_in_a_record_and_a_key_update_between_records) {
  WithTestServer pair;
  Buffer both = ticket();
  append(both, ticket());
  pair.send(both);
  pair.send({24, 0, 0, 1, 0});
  pair.server.writer().update13(*pair.server_world.aead);
  pair.send(ticket());
  pair.pass();
  EXPECT_FALSE(pair.client.failed) << name_of(pair.error());
  EXPECT_EQ(pair.world.statistics.tickets_kept.get(), 3u);
}

TEST(ClientTickets, in_pieces_is_passed_over_and_what_follows_is_read) {
  for (std::size_t cut = 1; cut < ticket().size(); ++cut) {
    WithTestServer pair;
    const Buffer whole = ticket();
    const auto at = whole.begin() + static_cast<std::ptrdiff_t>(cut);
    pair.send(Buffer(whole.begin(), at));
    Buffer rest(at, whole.end());
    append(rest, ticket(9));
    pair.send(rest);
    pair.server.send_record(ContentType::application_data, Buffer{'o', 'k'});
    pair.pass();
    EXPECT_EQ(as_text(pair.client.plaintext), "ok") << cut << ' ' << name_of(pair.error());
    EXPECT_EQ(pair.world.statistics.tickets_dropped.get(), 1u);
    EXPECT_EQ(pair.world.statistics.tickets_kept.get(), 1u);
  }
}

TEST(ClientTickets, too_long_or_of_no_lifetime_are_dropped_and_a_long_nonce_is_not) {
  WithTestServer pair;
  pair.send(ticket(limits::kMaxStoredTicketBytes + 1));
  pair.send(ticket(4, 0));
  pair.send(ticket(4, 100, 255));
  pair.pass();
  EXPECT_FALSE(pair.client.failed);
  EXPECT_EQ(pair.world.statistics.tickets_dropped.get(), 2u);
  EXPECT_EQ(pair.world.statistics.tickets_kept.get(), 1u);
}

struct After {
  const char* name;
  Error error;
  std::function<void(WithTestServer&)> act;
  bool tls12 = false;
};
void PrintTo(const After& row, std::ostream* out) { *out << row.name; }

class ClientAfterHandshake : public testing::TestWithParam<After> {};

TEST_P(ClientAfterHandshake, what_has_no_place_is_refused) {
  Script script;
  if (GetParam().tls12) {
    script.version = Version::tls12;
    script.suite = CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256;
  }
  WithTestServer pair(script);
  GetParam().act(pair);
  pair.pass();
  EXPECT_EQ(name_of(pair.error()), name_of(GetParam().error));
  ASSERT_TRUE(pair.server.alert);
  EXPECT_EQ(name_of(*pair.server.alert), name_of(alert_for(GetParam().error)));
  EXPECT_EQ(pair.world.sessions.pending_count(), 0u);
  EXPECT_EQ(pair.world.statistics.connections_failed[static_cast<std::size_t>(GetParam().error)].get(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Records, ClientAfterHandshake,
                         testing::Values(After{"certificate_request", Error::unexpected_handshake_message,
                                               [](WithTestServer& p) { p.send({13, 0, 0, 3, 0, 0, 0}); }},
                                         After{"client_hello", Error::unexpected_handshake_message,
                                               [](WithTestServer& p) { p.send({1, 0, 0, 3, 0, 0, 0}); }},
                                         After{"finished_again", Error::unexpected_handshake_message,
                                               [](WithTestServer& p) { p.send({20, 0, 0, 1, 0}); }},
                                         After{"key_update_of_another_value", Error::illegal_parameter,
                                               [](WithTestServer& p) { p.send({24, 0, 0, 1, 2}); }},
                                         After{"key_update_too_long", Error::malformed_message,
                                               [](WithTestServer& p) { p.send({24, 0, 0, 2, 0, 0}); }},
                                         After{"key_update_with_a_ticket_behind", Error::straddles_key_change,
                                               [](WithTestServer& p) {
                                                 Buffer both = {24, 0, 0, 1, 0};
                                                 append(both, ticket());
                                                 p.send(both);
                                               }},
                                         After{"ticket_truncated", Error::malformed_message,
                                               [](WithTestServer& p) {
                                                 Buffer message = ticket();
                                                 message.pop_back();
                                                 --message[3];
                                                 p.send(message);
                                               }},
                                         After{"ticket_empty", Error::malformed_message,
                                               [](WithTestServer& p) { p.send(ticket(0)); }},
                                         After{"ticket_with_a_duplicate_extension", Error::duplicate_extension,
                                               [](WithTestServer& p) {
                                                 Buffer message = ticket();
                                                 message.back() = 8;
                                                 append(message, Buffer{0, 99, 0, 0, 0, 99, 0, 0});
                                                 message[3] = static_cast<std::uint8_t>(message.size() - 4);
                                                 p.send(message);
                                               }},
                                         After{"ticket_longer_than_the_bound", Error::message_too_long,
                                               [](WithTestServer& p) { p.send({4, 0xff, 0, 0, 0}); }},
                                         After{"data_inside_a_ticket_in_pieces", Error::interleaved_records,
                                               [](WithTestServer& p) {
                                                 p.send({4, 0, 0, 99, 0, 0});
                                                 p.server.send_record(ContentType::application_data, Buffer{1});
                                               }},
                                         After{"flood_of_tickets", Error::too_many_empty_records,
                                               [](WithTestServer& p) {
                                                 for (std::size_t i = 0; i <= limits::kMaxEmptyRecords; ++i)
                                                   p.send(ticket());
                                               }},
                                         After{"change_cipher_spec", Error::bad_change_cipher_spec,
                                               [](WithTestServer& p) { p.server.put(Buffer{20, 3, 3, 0, 1, 1}); }},
                                         After{"hello_request", Error::renegotiation_refused,
                                               [](WithTestServer& p) { p.send({0, 0, 0, 0}); }, true},
                                         After{"ticket_in_tls12", Error::unexpected_handshake_message,
                                               [](WithTestServer& p) { p.send(ticket()); }, true}),
                         [](const testing::TestParamInfo<After>& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace handsel::tls::test
