#include "flow/handshake_budget.h"

#include <gtest/gtest.h>

namespace handsel::flow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using tls::Error;

constexpr Instant kStart{std::chrono::seconds(1)};
constexpr std::uint32_t kRate = 400;   // one each 2.5 ms
constexpr std::uint32_t kBurst = 100;  // of which the last quarter is for resumptions
constexpr Duration kOne = std::chrono::microseconds(2'500);

wire::IpAddress peer(std::uint32_t number) { return wire::IpAddress::from_v4(0x0a000000 + number); }

class HandshakeBudgetTest : public testing::Test {
 protected:
  /// How many of `wanted` are admitted at once.
  std::uint32_t admitted(std::uint32_t wanted, bool resumes, bool one_peer = false) {
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < wanted; ++i) {
      last = budget.admit(one_peer ? peer(7) : peer(next_peer_++), resumes, now);
      if (last == Error::none) {
        budget.ended(resumes);
        ++count;
      }
    }
    return count;
  }
  const AdmissionStatistics& counted() const { return budget.statistics(); }

  // With this key none of the peers here meets another in its share.
  HandshakeBudget budget{{.per_second = kRate, .in_progress = 1'000}, {3, 4}, kStart};
  Instant now = kStart;
  Error last = Error::none;

 private:
  std::uint32_t next_peer_ = 1'000;
};

TEST_F(HandshakeBudgetTest, full_ones_leave_the_last_quarter_to_resumptions) {
  EXPECT_EQ(admitted(500, false), kBurst * 3 / 4);
  EXPECT_EQ(last, Error::budget_rate);
  EXPECT_EQ(admitted(500, true), kBurst / 4);
  EXPECT_EQ(last, Error::budget_rate);
  EXPECT_EQ(counted().full_admitted.get(), 75u);
  EXPECT_EQ(counted().full_refused.get(), 425u);
  EXPECT_EQ(counted().resumed_admitted.get(), 25u);
  EXPECT_EQ(counted().resumed_refused.get(), 475u);
}

TEST_F(HandshakeBudgetTest, resumptions_of_the_whole_rate_leave_nothing_to_full_ones) {
  admitted(500, false);
  admitted(500, true);
  for (int i = 0; i < 100; ++i) {
    now += kOne;
    EXPECT_EQ(admitted(1, false), 0u);
    EXPECT_EQ(admitted(2, true), 1u);
  }
}

TEST_F(HandshakeBudgetTest, spent_budget_comes_back_at_its_rate_and_no_further_than_full) {
  admitted(500, true);
  now += kOne - std::chrono::nanoseconds(1);
  EXPECT_EQ(admitted(1, true), 0u);
  now += std::chrono::nanoseconds(1);
  EXPECT_EQ(admitted(2, true), 1u);
  now += 10 * kOne;
  EXPECT_EQ(admitted(500, true), 10u);
  now += seconds(1'000);
  EXPECT_EQ(admitted(500, true), kBurst);
}

TEST_F(HandshakeBudgetTest, any_second_of_a_flood_gets_the_rate) {
  admitted(500, false);
  std::uint32_t count = 0;
  for (int i = 0; i < 1'000; ++i) {
    now += milliseconds(1);
    count += admitted(3, false);
  }
  EXPECT_EQ(count, kRate);
}

TEST_F(HandshakeBudgetTest, lone_peer_may_have_the_whole_rate) {
  EXPECT_EQ(admitted(500, false, true), kBurst / 2);
  EXPECT_EQ(last, Error::budget_share);
  std::uint32_t count = 0;
  for (int i = 0; i < 1'000; ++i) {
    now += milliseconds(1);
    count += admitted(3, false, true);
  }
  EXPECT_NEAR(count, kRate, 1);
}

TEST_F(HandshakeBudgetTest, flood_of_one_peer_leaves_the_others_theirs) {
  std::uint32_t flood = 0;
  std::uint32_t others = 0;
  for (int i = 0; i < 1'000; ++i) {
    now += milliseconds(1);
    flood += admitted(20, false, true);
    if (i % 4 == 0) others += admitted(1, false);  // 250 a second
  }
  EXPECT_EQ(others, 250u);
  EXPECT_NEAR(flood, kRate - 250 + kBurst / 2, 10);
}

TEST_F(HandshakeBudgetTest, addresses_of_one_ipv6_network_are_one_peer) {
  const auto address = [](std::uint8_t network, std::uint8_t host) {
    return wire::IpAddress::from_v6({0xfd, 0x77, 0, 0, 0, 0, 0, network, 0, 0, 0, 0, 0, 0, 0, host});
  };
  for (std::uint8_t host = 0; host < 200; ++host) last = budget.admit(address(1, host), false, now);
  EXPECT_EQ(last, Error::budget_share);
  EXPECT_EQ(budget.admit(address(2, 1), false, now), Error::none);
}

TEST_F(HandshakeBudgetTest, rate_of_one_has_room_for_both_sorts) {
  HandshakeBudget slow({.per_second = 1}, {1, 2}, kStart);
  std::uint32_t full = 0;
  for (std::uint32_t i = 0; i < 20; ++i) full += slow.admit(peer(i), false, kStart) == Error::none;
  EXPECT_EQ(full, 6u);
  EXPECT_EQ(slow.admit(peer(30), true, kStart), Error::none);
}

TEST(HandshakeBudgetInProgress, full_ones_leave_a_quarter_whatever_the_rate) {
  HandshakeBudget budget({.in_progress = 8}, {1, 2}, kStart);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(budget.admit(peer(1), false, kStart), Error::none);
  EXPECT_EQ(budget.admit(peer(1), false, kStart), Error::budget_progress);
  EXPECT_EQ(budget.admit(peer(1), true, kStart), Error::none);
  budget.ended(true);
  EXPECT_EQ(budget.admit(peer(1), false, kStart), Error::budget_progress);
  budget.ended(false);
  EXPECT_EQ(budget.admit(peer(1), false, kStart), Error::none);
  EXPECT_EQ(budget.statistics().full_in_progress.get(), 6u);
}

}  // namespace
}  // namespace handsel::flow
