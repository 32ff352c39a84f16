/// Floods and sieges, each with visitors in the midst of it: how long they take, what is counted, what is held.

#include <gtest/gtest.h>

#include "siege.h"

namespace handsel::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kFlows = 256;

flow::ShardConfig small_server() {
  flow::ShardConfig config = server_config();
  config.limits.flows = config.limits.time_wait = kFlows;
  config.limits.half_open = 32;
  config.limits.idle_timeout = 5s;
  config.limits.handshake_timeout = 4s;
  return config;
}

TEST(FloodSim, flood_of_syns_holds_half_of_the_half_open_bound_and_delays_nobody) {
  Siege siege(small_server());
  siege.flood({.segments = 2'000, .every = 500us, .completes = 0, .resets = 0});
  siege.visitors(kHttpPort, 12, Instant(50ms), 90ms);
  siege.visitors(kHttpsPort, 12, Instant(100ms), 90ms);
  ASSERT_EQ(siege.trial.run(1min), "");
  EXPECT_LE(siege.longest_visit(), Siege::kCalmTls);
  const std::uint64_t stored = siege.trial.shard().config().limits.half_open / 2;
  EXPECT_EQ(siege.peak.half_open, stored);
  EXPECT_LE(siege.peak.flows, stored + 2);
  EXPECT_EQ(siege.tcp().syn_received.get(), 2'000 + siege.visits.size());
  EXPECT_EQ(siege.tcp().cookies_sent.get(), siege.tcp().syn_received.get() - stored);
  EXPECT_EQ(siege.tcp().cookies_accepted.get(), siege.visits.size());
  EXPECT_EQ(siege.tcp().half_open_expired.get(), stored);
}

TEST(FloodSim, flood_of_acks_and_resets_is_refused_segment_by_segment_and_delays_nobody) {
  Siege siege(small_server());
  siege.flood({.flags = wire::kAck, .segments = 1'000, .every = 500us});
  siege.flood({.flags = wire::kRst, .segments = 1'000, .every = 500us});
  siege.flood({.flags = wire::kSyn | wire::kAck, .segments = 1'000, .every = 500us});
  siege.visitors(kHttpPort, 16, Instant(5ms), 45ms);
  ASSERT_EQ(siege.trial.run(1min), "");
  EXPECT_LE(siege.longest_visit(), Siege::kCalm);
  EXPECT_EQ(siege.drops(Drop::tcp_no_connection), 3'000u);
  EXPECT_EQ(siege.tcp().resets_sent.get(), 2'000u);  // a reset draws none
  EXPECT_LE(siege.peak.flows, 2u);
}

TEST(FloodSim, flood_of_acks_that_guess_cookies_makes_no_connection) {
  flow::ShardConfig config = small_server();
  config.cookies = flow::CookieMode::always;
  Siege siege(config);
  siege.visitors(kHttpPort, 16, Instant{}, 45ms);  // the first of them makes cookies live
  siege.flood({.flags = wire::kAck, .segments = 1'000, .every = 500us});
  ASSERT_EQ(siege.trial.run(1min), "");
  EXPECT_LE(siege.longest_visit(), Siege::kCalm);
  EXPECT_EQ(siege.drops(Drop::tcp_bad_cookie) + siege.drops(Drop::tcp_no_connection), 1'000u);
  EXPECT_GE(siege.drops(Drop::tcp_bad_cookie), 990u);
  EXPECT_EQ(siege.tcp().cookies_accepted.get(), siege.visits.size());
  EXPECT_LE(siege.peak.flows, 2u);
}

TEST(FloodSim, churn_of_connections_leaves_nothing_but_a_bounded_memory_of_them) {
  flow::ShardConfig config = small_server();
  config.limits.time_wait = 64;
  Siege siege(config);
  constexpr std::uint16_t kEach = 1'000;
  const std::string request = FetchCheck(10).request();
  siege.crowd({.members = kEach, .every = 500us, .says = request, .then = Crowd::Then::close});
  siege.crowd({.members = kEach, .every = 500us, .says = request, .then = Crowd::Then::reset});
  siege.visitors(kHttpPort, 16, Instant(5ms), 45ms);
  siege.visitors(kHttpsPort, 8, Instant(10ms), 100ms);
  ASSERT_EQ(siege.trial.run(1min), "");
  EXPECT_LE(siege.longest_visit(), Siege::kCalmTls);
  EXPECT_EQ(siege.tcp().connections_opened.get(), 2 * kEach + siege.visits.size());
  EXPECT_EQ(siege.tcp().connections_closed.get(), kEach + siege.visits.size());
  EXPECT_EQ(siege.tcp().connections_reset.get(), kEach);
  EXPECT_LE(siege.peak.time_wait, config.limits.time_wait);
  EXPECT_LE(siege.peak.flows, 40u);  // of a life of 6 ms at most
}

TEST(FloodSim, heads_that_drip_end_by_the_idle_timeout) {
  Siege siege(small_server());
  constexpr std::uint16_t kMembers = 100;
  Crowd& drips = siege.crowd(
      {.members = kMembers, .says = "GET /bytes/1000 HTTP/1.1\r\nX: " + std::string(1'000, 'x'), .pause = 500ms});
  siege.visitors(kHttpPort, 24, Instant(100ms), 500ms);
  ASSERT_EQ(siege.trial.run(1min), "");
  EXPECT_LE(siege.longest_visit(), Siege::kCalm);
  EXPECT_EQ(siege.tcp().idle_timeouts.get(), kMembers);
  EXPECT_LE(drips.said(), kMembers * 11u);
  EXPECT_LE(siege.peak.flows, kMembers + 2u);
}

TEST(FloodSim, hellos_that_drip_end_by_the_handshake_timeout) {
  Siege siege(small_server());
  constexpr std::uint16_t kMembers = 100;
  const std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  siege.crowd({.port = kHttpsPort, .members = kMembers, .says = hello + std::string(500, 'x'), .pause = 500ms});
  siege.visitors(kHttpsPort, 12, Instant(100ms), 500ms);
  ASSERT_EQ(siege.trial.run(1min), "");
  EXPECT_LE(siege.longest_visit(), Siege::kCalmTls);
  EXPECT_EQ(siege.tcp().handshake_timeouts.get(), kMembers);
}

}  // namespace
}  // namespace handsel::sim
