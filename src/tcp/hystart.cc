#include "tcp/hystart.h"

#include <algorithm>

namespace handsel::tcp {

namespace {
// RFC 9406 4.3.
constexpr std::uint32_t kMinThresholdUs = 4'000;
constexpr std::uint32_t kMaxThresholdUs = 16'000;
constexpr std::uint32_t kRttDivisor = 8;
constexpr std::uint8_t kRttSamples = 8;
constexpr std::uint8_t kConservativeRounds = 5;
}  // namespace

void HyStart::begin_round(wire::SeqNum nxt) {
  last_min_us_ = current_min_us_;
  current_min_us_ = kUnknown;
  samples_ = 0;
  round_end_ = nxt;
}

/// RFC 9406 4.2. The sample of an acknowledgement that ends a round still belongs to it: what it measures was sent in
/// the round before.
HyStart::Phase HyStart::on_ack(wire::SeqNum una, wire::SeqNum nxt, std::optional<std::uint32_t> rtt_us) {
  if (phase_ == Phase::done) return phase_;
  if (!running_) {
    running_ = true;
    begin_round(nxt);
  }
  if (rtt_us) take_sample(*rtt_us);
  if (una >= round_end_) {
    if (phase_ == Phase::conservative && ++rounds_ >= kConservativeRounds) phase_ = Phase::done;
    begin_round(nxt);
  }
  return phase_;
}

void HyStart::take_sample(std::uint32_t rtt_us) {
  current_min_us_ = std::min(current_min_us_, rtt_us);
  if (samples_ < kRttSamples) ++samples_;
  if (samples_ < kRttSamples) return;
  if (phase_ == Phase::slow_start) {
    if (last_min_us_ == kUnknown) return;
    const std::uint32_t threshold = std::clamp(last_min_us_ / kRttDivisor, kMinThresholdUs, kMaxThresholdUs);
    if (current_min_us_ < last_min_us_ + threshold) return;
    phase_ = Phase::conservative;
    baseline_min_us_ = current_min_us_;
    rounds_ = 0;
  } else if (current_min_us_ < baseline_min_us_) {  // it was a passing disturbance
    phase_ = Phase::slow_start;
    baseline_min_us_ = kUnknown;
  }
}

}  // namespace handsel::tcp
