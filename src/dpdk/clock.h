#pragma once
/// The processor's time stamp counter as the engine's clock.

#include <cstdint>

#include "base/time.h"

namespace handsel::dpdk {

/// Any thread, once start() has been called; a reading costs about 25 cycles.
class Clock {
 public:
  /// Time zero is now. Called once, after the EAL has started (which measures the counter's rate).
  static void start();
  static Instant now();
  /// The counter itself.
  static std::uint64_t cycles();
  /// Cycles a second.
  static std::uint64_t rate();
};

}  // namespace handsel::dpdk
