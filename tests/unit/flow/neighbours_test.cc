#include "flow/neighbours.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace handsel::flow {
namespace {

using State = Neighbours::State;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const wire::MacAddress kFirst{{2, 0, 0, 0, 0, 1}};
const wire::MacAddress kSecond{{2, 0, 0, 0, 0, 2}};
const wire::IpAddress kWho = wire::IpAddress::from_v4(10, 77, 0, 1);

wire::IpAddress host(int number) { return wire::IpAddress::from_v4(0x0a4d'0000u + static_cast<std::uint32_t>(number)); }

class NeighboursTest : public ::testing::Test {
 protected:
  /// In steps of a tenth of a second; counts what is asked and what fails.
  void pass(Duration time) {
    for (const Instant end = now + time; now < end;) {
      now += milliseconds(100);
      advance();
    }
  }
  void advance() {
    table.advance(
        now,
        [&](const Neighbours::Query& query) {
          if (full) return false;
          (query.to ? unicasts : broadcasts).push_back(now);
          return true;
        },
        [&](std::uint32_t entry) { failed.push_back(entry); });
  }
  /// Asked, answered.
  void make_reachable(const wire::IpAddress& address = kWho) {
    table.resolve(address, now);
    advance();
    table.learn({.address = address, .mac = kFirst, .answer = true}, now);
    ASSERT_EQ(table.state_of(address), State::reachable);
    broadcasts.clear();
  }
  void make_stale() {
    make_reachable();
    pass(Neighbours::kReachable * 3 / 2);
    ASSERT_EQ(table.state_of(kWho), State::stale);
  }

  Instant now{seconds(100)};
  Neighbours table{SipKey{1, 2}, now, 4};
  bool full = false;
  std::vector<Instant> unicasts;
  std::vector<Instant> broadcasts;
  std::vector<std::uint32_t> failed;
};

TEST_F(NeighboursTest, unknown_neighbour_is_asked_for_once_a_second_three_times_and_then_failed) {
  const auto found = table.resolve(kWho, now);
  EXPECT_FALSE(found.mac);
  const Instant begun = now;
  advance();
  for (int i = 0; i < 50; ++i) table.resolve(kWho, now);  // a storm of wishes asks no more often
  pass(milliseconds(2'900));
  ASSERT_EQ(broadcasts.size(), 3u);
  EXPECT_EQ(broadcasts[0], begun);
  for (int i = 1; i < 3; ++i) EXPECT_GE(broadcasts[i] - broadcasts[i - 1], seconds(1));
  EXPECT_TRUE(failed.empty());
  pass(milliseconds(400));
  EXPECT_EQ(failed, std::vector{found.entry});
  EXPECT_EQ(table.size(), 0u);
  EXPECT_TRUE(unicasts.empty());
}

TEST_F(NeighboursTest, answer_resolves) {
  const auto found = table.resolve(kWho, now);
  const auto learnt = table.learn({.address = kWho, .mac = kFirst, .answer = true}, now);
  EXPECT_EQ(learnt.resolved, found.entry);
  EXPECT_EQ(table.state_of(kWho), State::reachable);
  EXPECT_EQ(table.resolve(kWho, now).mac, kFirst);
  pass(seconds(5));
  EXPECT_TRUE(failed.empty());
}

TEST_F(NeighboursTest, answer_that_nobody_asked_for_makes_no_entry) {
  table.learn({.address = kWho, .mac = kFirst, .answer = true}, now);
  table.learn({.address = kWho, .mac = kFirst}, now);
  EXPECT_EQ(table.size(), 0u);
}

TEST_F(NeighboursTest, answer_without_link_address_resolves_nothing) {
  table.resolve(kWho, now);
  EXPECT_EQ(table.learn({.address = kWho, .answer = true}, now).resolved, Neighbours::kNone);
  EXPECT_EQ(table.state_of(kWho), State::incomplete);
}

TEST_F(NeighboursTest, link_address_of_a_group_is_not_believed) {
  table.resolve(kWho, now);
  for (const wire::MacAddress& mac :
       {wire::MacAddress::broadcast(), wire::MacAddress({1, 0, 0x5e, 0, 0, 1}), wire::MacAddress()})
    EXPECT_EQ(table.learn({.address = kWho, .mac = mac, .answer = true}, now).resolved, Neighbours::kNone);
}

TEST_F(NeighboursTest, neighbour_that_asks_us_is_remembered_to_be_verified) {
  table.learn({.address = kWho, .mac = kFirst, .to_us = true}, now);
  EXPECT_EQ(table.state_of(kWho), State::stale);
  EXPECT_EQ(table.resolve(kWho, now).mac, kFirst);
  EXPECT_EQ(table.state_of(kWho), State::delay);
}

TEST_F(NeighboursTest, stale_neighbour_is_used_then_probed_by_unicast_and_believed_when_it_answers) {
  make_stale();
  EXPECT_EQ(table.resolve(kWho, now).mac, kFirst);
  pass(milliseconds(4'900));
  EXPECT_EQ(table.state_of(kWho), State::delay);
  EXPECT_TRUE(unicasts.empty());
  pass(milliseconds(300));
  EXPECT_EQ(table.state_of(kWho), State::probe);
  EXPECT_EQ(unicasts.size(), 1u);
  table.learn({.address = kWho, .mac = kFirst, .answer = true}, now);
  EXPECT_EQ(table.state_of(kWho), State::reachable);
  EXPECT_TRUE(broadcasts.empty());
}

TEST_F(NeighboursTest, stale_neighbour_that_no_longer_answers_is_forgotten) {
  make_stale();
  table.resolve(kWho, now);
  pass(Neighbours::kDelay + seconds(4));
  EXPECT_EQ(unicasts.size(), 3u);
  EXPECT_EQ(table.state_of(kWho), std::nullopt);
}

TEST_F(NeighboursTest, peer_that_answers_behind_a_stale_neighbour_confirms_it) {
  make_stale();
  table.resolve(kWho, now);
  table.confirm(kWho, now);
  EXPECT_EQ(table.state_of(kWho), State::reachable);
  pass(seconds(10));
  EXPECT_TRUE(unicasts.empty());
}

TEST_F(NeighboursTest, confirmation_resolves_nothing_that_is_not_known) {
  table.resolve(kWho, now);
  table.confirm(kWho, now);
  EXPECT_EQ(table.state_of(kWho), State::incomplete);
}

TEST_F(NeighboursTest, reachable_time_differs_from_worker_to_worker_within_its_bounds) {
  std::vector<Instant> ends;
  for (std::uint64_t key = 0; key < 20; ++key) {
    Neighbours one(SipKey{key, 7}, Instant{}, 4);
    one.learn({.address = kWho, .mac = kFirst, .to_us = true}, Instant{});
    one.resolve(kWho, Instant{});
    one.confirm(kWho, Instant{});
    Instant at{};
    while (one.state_of(kWho) == State::reachable) {
      at += milliseconds(10);
      one.advance(at, [](const Neighbours::Query&) { return true; }, [](std::uint32_t) {});
    }
    EXPECT_GE(at, Instant{} + Neighbours::kReachable / 2);
    EXPECT_LE(at, Instant{} + Neighbours::kReachable * 3 / 2 + milliseconds(20));
    ends.push_back(at);
  }
  std::ranges::sort(ends);
  EXPECT_GT(ends.back() - ends.front(), seconds(5));
}

TEST_F(NeighboursTest, unused_stale_neighbour_is_forgotten_after_a_while) {
  make_stale();
  pass(Neighbours::kStaleLife + seconds(2));
  EXPECT_EQ(table.size(), 0u);
  EXPECT_TRUE(unicasts.empty());
}

// RFC 4861 7.2.5 with the override flag; RFC 826 and gratuitous ARP.
TEST_F(NeighboursTest, another_link_address_unasked_is_taken_as_stale_and_so_verified) {
  make_reachable();
  const auto learnt = table.learn({.address = kWho, .mac = kSecond, .answer = true}, now);  // nothing is open
  EXPECT_TRUE(learnt.changed);
  EXPECT_EQ(table.state_of(kWho), State::stale);
  table.resolve(kWho, now);
  pass(seconds(6));
  EXPECT_FALSE(unicasts.empty());
}

TEST_F(NeighboursTest, another_link_address_without_override_only_makes_us_doubt) {
  make_reachable();
  const auto learnt = table.learn({.address = kWho, .mac = kSecond, .override_cache = false}, now);
  EXPECT_FALSE(learnt.changed);
  EXPECT_EQ(table.state_of(kWho), State::stale);
  EXPECT_EQ(table.resolve(kWho, now).mac, kFirst);
}

TEST_F(NeighboursTest, same_link_address_unasked_makes_nothing_fresher) {
  make_stale();
  table.learn({.address = kWho, .mac = kFirst, .answer = true}, now);
  EXPECT_EQ(table.state_of(kWho), State::stale);
}

TEST_F(NeighboursTest, full_table_gives_up_the_one_unused_for_longest_but_none_that_is_waited_for) {
  for (int i = 1; i <= 4; ++i) {
    make_reachable(host(i));
    now += seconds(1);
  }
  table.resolve(host(1), now);
  EXPECT_NE(table.resolve(host(5), now).entry, Neighbours::kNone);
  EXPECT_EQ(table.state_of(host(2)), std::nullopt);
  EXPECT_EQ(table.state_of(host(1)), State::reachable);
  for (int i = 6; i <= 8; ++i) EXPECT_NE(table.resolve(host(i), now).entry, Neighbours::kNone);
  EXPECT_EQ(table.resolve(host(9), now).entry, Neighbours::kNone);  // all four are being asked for
  EXPECT_EQ(table.size(), 4u);
}

TEST_F(NeighboursTest, strangers_who_ask_us_displace_only_each_other) {
  make_reachable(host(1));
  make_reachable(host(2));
  for (int i = 100; i < 200; ++i) table.learn({.address = host(i), .mac = kSecond, .to_us = true}, now);
  EXPECT_EQ(table.size(), 4u);
  EXPECT_EQ(table.state_of(host(1)), State::reachable);
  EXPECT_EQ(table.state_of(host(2)), State::reachable);
  EXPECT_EQ(table.state_of(host(199)), State::stale);
  make_reachable(host(3));
  make_reachable(host(4));
  table.learn({.address = host(300), .mac = kSecond, .to_us = true}, now);
  EXPECT_EQ(table.state_of(host(300)), std::nullopt);
}

TEST_F(NeighboursTest, query_that_found_no_buffer_leaves_as_soon_as_there_is_one) {
  full = true;
  table.resolve(kWho, now);
  advance();
  EXPECT_TRUE(broadcasts.empty());
  EXPECT_EQ(table.next_deadline(), Instant{});
  full = false;
  advance();
  EXPECT_EQ(broadcasts.size(), 1u);
  EXPECT_GT(table.next_deadline(), now);
}

}  // namespace
}  // namespace handsel::flow
