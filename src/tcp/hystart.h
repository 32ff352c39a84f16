#pragma once
/// HyStart++ (RFC 9406): slow start ends when round trips grow longer, before the queue that grows overflows.

#include <cstdint>
#include <optional>

#include "wire/sequence.h"

namespace handsel::tcp {

/// One flight's view of slow start, in rounds: a round ends when what had been sent at its begin is acknowledged.
class HyStart {
 public:
  enum class Phase : std::uint8_t {
    slow_start,
    conservative,  ///< grows at a quarter of the pace, until it is sure or the round trips are short again
    done,          ///< ssthresh is to be set to cwnd
  };

  /// An acknowledgement of new data in the first slow start; `rtt_us` is its sample, if it gave one.
  Phase on_ack(wire::SeqNum una, wire::SeqNum nxt, std::optional<std::uint32_t> rtt_us);

  static constexpr std::uint32_t kGrowthDivisor = 4;  ///< CSS_GROWTH_DIVISOR

 private:
  void begin_round(wire::SeqNum nxt);
  void take_sample(std::uint32_t rtt_us);

  static constexpr std::uint32_t kUnknown = ~0u;
  Phase phase_ = Phase::slow_start;
  bool running_ = false;
  std::uint8_t samples_ = 0;  // of this round
  std::uint8_t rounds_ = 0;   // of the conservative phase
  wire::SeqNum round_end_;
  std::uint32_t last_min_us_ = kUnknown;
  std::uint32_t current_min_us_ = kUnknown;
  std::uint32_t baseline_min_us_ = kUnknown;
};

}  // namespace handsel::tcp
