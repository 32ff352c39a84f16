#include "tcp/congestion.h"

#include <cmath>

#include "tcp/rtt.h"

#include "harness.h"

namespace handsel::tcp::test {
namespace {

constexpr std::uint32_t kMss = 1'000;

TEST(Congestion, InitialWindowFollowsRfc6928) {
  EXPECT_EQ(initial_window(1'460), 14'600u);
  EXPECT_EQ(initial_window(536), 5'360u);
  EXPECT_EQ(initial_window(2'190), 14'600u);
  EXPECT_EQ(initial_window(8'960), 17'920u);
}

TEST(NewReno, GrowsByOneSegmentAWindowInCongestionAvoidance) {
  CongestionState state{.cwnd = 10 * kMss, .ssthresh = 10 * kMss};
  const Congestion& reno = Congestion::of(CongestionAlgorithm::newreno);
  for (int i = 0; i < 9; ++i) reno.on_ack(state, {kMss, kMss, 0, 10'000});
  EXPECT_EQ(state.cwnd, 10 * kMss);
  reno.on_ack(state, {kMss, kMss, 0, 10'000});
  EXPECT_EQ(state.cwnd, 11 * kMss);
}

TEST(NewReno, HalvesTheFlightButNotBelowTwoSegments) {
  CongestionState state{.cwnd = 20 * kMss};
  const Congestion& reno = Congestion::of(CongestionAlgorithm::newreno);
  reno.on_congestion(state, 20 * kMss, kMss);
  EXPECT_EQ(state.ssthresh, 10 * kMss);
  reno.on_congestion(state, kMss, kMss);
  EXPECT_EQ(state.ssthresh, 2 * kMss);
}

/// Plays one acknowledgement a segment for `seconds`, then compares with W_cubic(t) = C (t − K)^3 + W_max.
TEST(Cubic, FollowsTheCurveOfRfc9438) {
  const Congestion& cubic = Congestion::of(CongestionAlgorithm::cubic);
  constexpr std::uint32_t kRttMs = 100;
  CongestionState state{.cwnd = 1'000 * kMss};
  cubic.on_congestion(state, 1'000 * kMss, kMss);
  EXPECT_EQ(state.ssthresh, 700 * kMss);
  state.cwnd = state.ssthresh;
  const double w_max = 1'000, k = std::cbrt(300 / 0.4);
  std::uint32_t now = 5'000;
  for (std::uint32_t round = 0; round < 150; ++round, now += kRttMs) {
    const std::uint32_t window = state.cwnd / kMss;
    for (std::uint32_t i = 0; i < window; ++i) cubic.on_ack(state, {kMss, kMss, now, kRttMs * 1'000});
    const double t = (now - 5'000 + kRttMs) / 1e3;  // one round trip ahead: 4.4's target
    const double expected = 0.4 * std::pow(t - k, 3) + w_max;
    EXPECT_NEAR(state.cwnd / 1e3, expected, expected * 0.03) << "at " << t << " s";
  }
  EXPECT_GT(state.cwnd, 1'000 * kMss);  // K = 9.1 s lies behind us
}

TEST(Cubic, FastConvergenceGivesWayWhenTheMaximumWasNotReached) {
  const Congestion& cubic = Congestion::of(CongestionAlgorithm::cubic);
  CongestionState state{.cwnd = 100 * kMss};
  cubic.on_congestion(state, 100 * kMss, kMss);
  EXPECT_EQ(state.w_max, 100 * kMss);
  state.cwnd = 80 * kMss;
  cubic.on_congestion(state, 80 * kMss, kMss);
  EXPECT_EQ(state.w_max, 68 * kMss);
}

TEST(Cubic, IsNoSlowerThanRenoOnShortPaths) {
  CongestionState cubic_state{.cwnd = 20 * kMss}, reno_state{.cwnd = 20 * kMss};
  const Congestion& cubic = Congestion::of(CongestionAlgorithm::cubic);
  cubic.on_congestion(cubic_state, 20 * kMss, kMss);
  cubic_state.cwnd = cubic_state.ssthresh;
  reno_state.cwnd = reno_state.ssthresh = cubic_state.cwnd;
  std::uint32_t now = 1'000;
  for (int round = 0; round < 200; ++round, now += 1) {
    for (std::uint32_t i = 0, n = cubic_state.cwnd / kMss; i < n; ++i)
      cubic.on_ack(cubic_state, {kMss, kMss, now, 1'000});
  }
  // Reno with beta 0.7 in the same space: 9/17 of a segment a round at first, one later.
  EXPECT_GT(cubic_state.cwnd, 100 * kMss);
}

TEST(RttEstimator, FollowsRfc6298) {
  RttEstimator rtt;
  EXPECT_EQ(rtt.rto_us(), 1'000'000u);
  rtt.sample(100'000);
  EXPECT_EQ(rtt.srtt_us(), 100'000u);
  EXPECT_EQ(rtt.rttvar_us(), 50'000u);
  EXPECT_EQ(rtt.rto_us(), 300'000u);
  rtt.sample(200'000);
  EXPECT_EQ(rtt.srtt_us(), 112'500u);
  EXPECT_EQ(rtt.rttvar_us(), 62'500u);
  EXPECT_EQ(rtt.rto_us(), 362'500u);
  EXPECT_EQ(rtt.min_us(), 100'000u);
}

TEST(RttEstimator, BackOffDoublesUpToAMinute) {
  RttEstimator rtt;
  EXPECT_EQ(rtt.rto(0), 1s);
  EXPECT_EQ(rtt.rto(3), 8s);
  EXPECT_EQ(rtt.rto(6), 60s);
  EXPECT_EQ(rtt.rto(255), 60s);
}

}  // namespace
}  // namespace handsel::tcp::test
