// Early data that is not taken: skipped, counted by its reason, and the handshake goes on.

#include <set>

#include "early_pair.h"
#include "tls/early_data_refusal.h"

namespace handsel::tls::test {
namespace {

struct Row {
  const char* name;
  EarlyDataRefusal why;
  void (*arrange)(EarlyPair& pair);
  bool resumes = true;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

void shift_now(EarlyPair& pair, std::int64_t ms) {
  pair.now += std::chrono::seconds(60) + std::chrono::milliseconds(ms);
  pair.offer.ticket_age_ms = 60'000;
}

class RefusedEarlyData : public testing::TestWithParam<Row> {};

TEST_P(RefusedEarlyData, is_skipped_and_counted_and_the_handshake_goes_on) {
  EarlyPair pair;
  GetParam().arrange(pair);
  pair.start(std::string(900, 'e'));
  pair.pass();
  ASSERT_TRUE(pair.server->connected) << name_of(pair.failure().error);
  EXPECT_FALSE(pair.client->early_data_accepted);
  EXPECT_EQ(pair.client->resumed, GetParam().resumes);
  EXPECT_TRUE(pair.server->early_plaintext.empty());
  EXPECT_EQ(pair.server->session().info().early_data, EarlyData::rejected);
  EXPECT_EQ(pair.refused(GetParam().why), 1u);
  EXPECT_EQ(pair.world.statistics.early_data_accepted.get(), 0u);
  pair.client->send("again");
  pair.pass();
  EXPECT_EQ(as_text(pair.server->plaintext), "again");
}

INSTANTIATE_TEST_SUITE_P(
    Reasons, RefusedEarlyData,
    testing::Values(
        Row{"disabled", EarlyDataRefusal::disabled, [](EarlyPair& pair) { pair.config.max_early_data = 0; }},
        Row{"without_a_guard", EarlyDataRefusal::disabled,
            [](EarlyPair& pair) { pair.world.worker.replay_guard = nullptr; }},
        Row{"retried", EarlyDataRefusal::retried, [](EarlyPair& pair) { pair.offer.shares.clear(); }},
        Row{"expired_ticket", EarlyDataRefusal::not_resumed,
            [](EarlyPair& pair) { pair.now += std::chrono::seconds(pair.config.ticket_lifetime_seconds + 1); }, false},
        Row{"other_name", EarlyDataRefusal::not_resumed, [](EarlyPair& pair) { pair.offer.server_name = "other.test"; },
            false},
        Row{"not_first", EarlyDataRefusal::not_first,
            [](EarlyPair& pair) { pair.offer.strange_identity = Buffer(100, 0x51); }},
        Row{"other_suite", EarlyDataRefusal::other_suite,
            [](EarlyPair& pair) { pair.offer.suites = {CipherSuite::chacha20_poly1305_sha256}; }},
        Row{"protocol_where_there_was_none", EarlyDataRefusal::other_protocol,
            [](EarlyPair& pair) {
              pair.config.alpn = {"http/1.1"};
              pair.offer.protocols = {"http/1.1"};
            }},
        Row{"other_worker", EarlyDataRefusal::other_worker,
            [](EarlyPair& pair) {
              static ReplayGuard other(64, pair.world.entropy);
              pair.world.worker.replay_guard = &other;
            }},
        Row{"too_late", EarlyDataRefusal::stale, [](EarlyPair& pair) { shift_now(pair, 10'001); }},
        Row{"too_soon", EarlyDataRefusal::stale, [](EarlyPair& pair) { shift_now(pair, -10'001); }},
        Row{"guard_full", EarlyDataRefusal::guard_full,
            [](EarlyPair& pair) {
              const std::uint64_t now = pair.world.worker.unix_at_zero_ms;
              for (std::uint32_t i = 0; i < 10'000; ++i) {
                std::array<std::uint8_t, 4> binder;
                store_be32(binder.data(), i);
                pair.world.replay_guard.admit(binder, now);
              }
            }}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(RefusedEarlyDataOf, a_ticket_that_does_not_allow_it) {
  ServerConfig without = early_server();
  without.max_early_data = 0;
  EarlyPair pair({}, without);
  EXPECT_EQ(pair.offer.tickets[0].max_early_data, 0u);
  pair.config.max_early_data = kBudget;
  pair.start();
  pair.pass();
  EXPECT_TRUE(pair.server->connected);
  EXPECT_EQ(pair.refused(EarlyDataRefusal::not_allowed), 1u);
}

TEST(RefusedEarlyDataOf, another_protocol_than_the_tickets) {
  Offer first;
  first.protocols = {"http/1.1"};
  ServerConfig draft = early_server();
  draft.alpn = {"h2", "http/1.1"};
  for (const bool other : {false, true}) {
    EarlyPair pair(first, draft);
    if (other) pair.offer.protocols = {"h2"};
    pair.start();
    pair.pass();
    EXPECT_TRUE(pair.server->connected);
    EXPECT_EQ(pair.client->early_data_accepted, !other);
    EXPECT_EQ(pair.refused(EarlyDataRefusal::other_protocol), other ? 1u : 0u);
  }
}

TEST(EarlyDataWindow, within_ten_seconds_of_the_moment_that_the_ticket_speaks_of_it_is_taken) {
  for (const std::int64_t ms : {-10'000, 0, 10'000}) {
    EarlyPair pair;
    shift_now(pair, ms);
    pair.start();
    pair.pass();
    EXPECT_TRUE(pair.client->early_data_accepted) << ms;
  }
}

// What somebody on the way has recorded and sends again: it must not be acted on twice.
struct Replay {
  Replay() {
    pair.start("pay");
    recorded = pair.client->take_output();
    pair.client->put(recorded);
    pair.pass();
    EXPECT_EQ(as_text(pair.server->early_plaintext), "pay");
  }
  void replay(World& world, Instant now = {}) {
    server = std::make_unique<ServerEnd>(world, pair.config);
    server->now = now;
    server->receive(recorded);
    server->settle();
    EXPECT_TRUE(server->early_plaintext.empty());
    EXPECT_EQ(server->session().info().early_data, EarlyData::rejected);
    EXPECT_FALSE(server->session().send(as_bytes("x"), *server));
  }

  EarlyPair pair;
  Buffer recorded;
  std::unique_ptr<ServerEnd> server;
};

TEST(ReplayedEarlyData, is_not_taken_a_second_time_by_the_worker_that_has_taken_it) {
  Replay again;
  for (unsigned times = 1; times <= 3; ++times) {
    again.replay(again.pair.world);
    EXPECT_EQ(again.pair.refused(EarlyDataRefusal::replayed), times);
  }
  EXPECT_EQ(again.pair.world.statistics.early_data_accepted.get(), 1u);
}

TEST(ReplayedEarlyData, is_not_taken_by_another_worker_or_a_new_start_of_the_engine) {
  World other;
  Replay again;
  again.replay(other);
  EXPECT_EQ(other.statistics.early_data_refused[static_cast<std::size_t>(EarlyDataRefusal::other_worker)].get(), 1u);
}

TEST(ReplayedEarlyData, is_stale_before_it_is_forgotten) {
  Replay again;
  again.replay(again.pair.world, Instant{} + std::chrono::milliseconds(ReplayGuard::kSpanMs));
  EXPECT_EQ(again.pair.refused(EarlyDataRefusal::stale), 1u);
}

TEST(SkippedEarlyData, ends_with_the_second_client_hello) {
  EarlyPair pair;
  pair.offer.shares.clear();
  pair.prepare = [](TestClient& client) {
    client.alter_finished = [&client](Buffer&) {
      const Buffer garbage = {23, 3, 3, 0, 20};
      client.put(garbage);
      client.put(Buffer(20, 7));
    };
  };
  pair.start();
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::bad_record_mac);
}

TEST(EarlyDataRefusals, have_names_of_their_own_and_sentences) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kEarlyDataRefusals; ++i) {
    const auto refusal = static_cast<EarlyDataRefusal>(i);
    EXPECT_TRUE(names.insert(name_of(refusal)).second);
    EXPECT_FALSE(explain(refusal).empty());
  }
}

TEST(EarlyDataConfig, more_than_is_ever_held_is_refused_with_a_sentence) {
  ServerConfig draft = early_server();
  draft.max_early_data = limits::kMaxEarlyData + 1;
  EXPECT_EQ(prepared(draft).error(), "max_early_data: more than 32768 bytes");
}

}  // namespace
}  // namespace handsel::tls::test
