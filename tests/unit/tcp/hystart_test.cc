/// HyStart++: slow start ends by delay (RFC 9406).

#include "tcp/hystart.h"
#include "harness.h"

namespace handsel::tcp::test {
namespace {

using Phase = HyStart::Phase;

/// A round of `samples` acknowledgements with the same round trip; the phase after the last.
class Rounds {
 public:
  Phase round(std::uint32_t rtt_us, int samples = 10) {
    const SeqNum nxt = una_ + 1'000;
    Phase phase = Phase::slow_start;
    for (int i = 1; i < samples; ++i) phase = hystart_.on_ack(una_ + static_cast<std::uint32_t>(i), nxt, rtt_us);
    phase = hystart_.on_ack(nxt, nxt + 1'000, rtt_us);
    una_ = nxt;
    return phase;
  }

 private:
  HyStart hystart_;
  SeqNum una_{0xFFFF'F000};
};

TEST(HyStart, SteadyRoundTripsKeepSlowStart) {
  Rounds rounds;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(rounds.round(40'000), Phase::slow_start);
}

TEST(HyStart, ARoundTripLongerByAnEighthMakesItConservativeAndFiveRoundsWithThatOneEndIt) {
  Rounds rounds;
  rounds.round(40'000);
  EXPECT_EQ(rounds.round(44'999), Phase::slow_start);
  EXPECT_EQ(rounds.round(44'999 + 5'625), Phase::conservative);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(rounds.round(60'000), Phase::conservative) << i;
  EXPECT_EQ(rounds.round(60'000), Phase::done);
}

TEST(HyStart, TheThresholdLiesBetweenFourAndSixteenMilliseconds) {
  Rounds brief;
  brief.round(1'000);
  EXPECT_EQ(brief.round(4'999), Phase::slow_start);
  EXPECT_EQ(brief.round(8'999), Phase::conservative);
  Rounds longer;
  longer.round(400'000);
  EXPECT_EQ(longer.round(415'999), Phase::slow_start);
  EXPECT_EQ(longer.round(431'999), Phase::conservative);
}

TEST(HyStart, SevenSamplesSayNothing) {
  Rounds rounds;
  rounds.round(40'000);
  EXPECT_EQ(rounds.round(80'000, 7), Phase::slow_start);
  rounds.round(40'000);
  EXPECT_EQ(rounds.round(80'000, 8), Phase::conservative);
}

TEST(HyStart, ShorterRoundTripsReturnToSlowStart) {
  Rounds rounds;
  rounds.round(40'000);
  EXPECT_EQ(rounds.round(50'000), Phase::conservative);
  EXPECT_EQ(rounds.round(40'000), Phase::slow_start);
  EXPECT_EQ(rounds.round(50'000), Phase::conservative);
}

/// A sender that always has something to say, and whose round trips last `rtt`: for one of them.
class Bulk {
 public:
  explicit Bulk(CongestionAlgorithm algorithm) {
    h_.config.congestion = algorithm;
    h_.config.send_buffer_bytes = 4 << 20;
    h_.with_sack().with_window_scale(7).establish();
    send();
  }
  Harness& harness() { return h_; }
  /// Gives by how much cwnd grew.
  std::uint32_t round(Duration rtt) {
    const std::uint32_t before = h_.c->cwnd();
    h_.advance(rtt);
    for (const SeqNum end : std::exchange(in_flight_, {})) {
      h_.ack(end);
      send();
    }
    return h_.c->cwnd() - before;
  }

 private:
  void send() {
    while (h_.write(1'460) != 0) {
    }
    for (const Sent& sent : h_.flush())
      if (!sent.payload.empty()) in_flight_.push_back(sent->seq + static_cast<std::uint32_t>(sent.payload.size()));
  }
  Harness h_;
  std::vector<SeqNum> in_flight_;
};

TEST(HyStart, AConnectionWhoseRoundTripsGrowLeavesSlowStartWithoutALoss) {
  Bulk bulk(CongestionAlgorithm::cubic);
  EXPECT_EQ(bulk.round(40ms), 14'600u);
  EXPECT_EQ(bulk.round(40ms), 29'200u);
  EXPECT_EQ(bulk.round(60ms), 58'400u) << "what left last before it was still quick";
  EXPECT_LT(bulk.round(60ms), 58'400u) << "a quarter of the pace from the eighth sample on";
  EXPECT_EQ(bulk.harness().c->ssthresh(), ~0u);
  for (int i = 0; i < 5; ++i) bulk.round(60ms);
  EXPECT_LE(bulk.harness().c->ssthresh(), bulk.harness().c->cwnd());
  EXPECT_EQ(bulk.harness().c->retransmits(), 0u);
}

TEST(HyStart, NewRenoHasNone) {
  Bulk bulk(CongestionAlgorithm::newreno);
  for (int i = 0; i < 2; ++i) bulk.round(40ms);
  for (int i = 0; i < 3; ++i) EXPECT_GT(bulk.round(80ms), 50'000u) << i;
  EXPECT_EQ(bulk.harness().c->ssthresh(), ~0u);
}

}  // namespace
}  // namespace handsel::tcp::test
