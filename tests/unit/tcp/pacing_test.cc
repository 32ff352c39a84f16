/// Pacing: when segments leave. The virtual clock stands at each deadline, as a timer of perfect resolution would.

#include "harness.h"

namespace handsel::tcp::test {
namespace {

constexpr Duration kRoundTrip = 100ms;

/// A server with a first window acknowledged and 20 segments of cwnd.
Harness& ready(Harness& h, bool pacing) {
  h.config.pacing = pacing;
  h.with_sack().listen();
  h.flush();
  h.advance(kRoundTrip);
  EXPECT_TRUE(h.inject(h.segment()).established);
  h.write(60'000);
  EXPECT_EQ(h.flush().size(), 10u) << "the first flight is not held";
  h.advance(kRoundTrip);
  h.ack(h.ours(14'600));
  EXPECT_EQ(h.c->cwnd(), 29'200u);
  return h;
}

/// When each of the segments leaves that this window lets out.
std::vector<Duration> departures(Harness& h) {
  const Instant start = h.now;
  std::vector<Duration> all;
  while (true) {
    for (const Sent& sent : h.flush()) {
      if (!sent.payload.empty()) all.push_back(h.now - start);
    }
    if (all.size() >= 20 || h.now - start > kRoundTrip) return all;
    h.fire();
  }
}

TEST(Pacing, WithoutItAWindowLeavesAtOnce) {
  Harness h;
  const auto left = departures(ready(h, false));
  ASSERT_EQ(left.size(), 20u);
  EXPECT_EQ(left.back(), Duration::zero());
}

TEST(Pacing, SlowStartSpreadsAWindowOverHalfARoundTrip) {
  Harness h;
  const auto left = departures(ready(h, true));
  ASSERT_EQ(left.size(), 20u);
  for (std::size_t i = 2; i < left.size(); ++i) {
    EXPECT_NEAR(static_cast<double>((left[i] - left[i - 1]).count()), 2.5e6, 1e4) << i;
  }
  EXPECT_LE(left.back(), kRoundTrip / 2);
  EXPECT_GE(left.back(), kRoundTrip / 2 - 5ms);
}

TEST(Pacing, ALateTimerIsMadeUpForByOneMillisecondAtMost) {
  Harness h;
  ready(h, true);
  h.flush();
  h.advance(50ms);  // twenty segments' worth
  h.c->on_timer(h.now);
  EXPECT_EQ(h.flush().size(), 1u);  // 2.5 ms each
}

TEST(Pacing, WhatWaitsHasADeadlineAndWhatDoesNotHasNone) {
  Harness h;
  ready(h, true);
  h.flush();
  EXPECT_TRUE(h.c->wants_output());
  EXPECT_LT(h.c->next_deadline(), h.now + 3ms);
  h.fire();
  h.flush();
  // All acknowledged while a segment waits: the flight, and its pace with it, is gone.
  while (h.c->unsent_bytes() != 0) {
    h.ack(h.c->snd_nxt());
    h.flush();
    if (h.c->unsent_bytes() != 0) h.fire();
  }
  h.ack(h.c->snd_nxt());
  EXPECT_EQ(h.c->next_deadline(), kNever);
}

TEST(Pacing, RetransmissionsAreSpreadExceptTheFirst) {
  Harness h;
  ready(h, true);
  departures(h);
  h.advance(kRoundTrip / 2);
  h.sack(h.ours(14'600), {{h.ours(14'600 + 5 * 1'460), h.ours(14'600 + 19 * 1'460)}});
  const auto first = h.flush();
  ASSERT_GE(first.size(), 1u);
  EXPECT_EQ(first[0]->seq, h.ours(14'600));
  EXPECT_LE(first.size(), 2u);
  h.fire();
  ASSERT_EQ(h.flush().size(), 1u);
  EXPECT_LT(h.c->next_deadline(), h.now + 10ms);
}

}  // namespace
}  // namespace handsel::tcp::test
