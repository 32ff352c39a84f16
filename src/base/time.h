#pragma once
/// Time as a value. Nothing below `engine` reads a clock; whoever drives a shard says what time it is.

#include <chrono>

namespace handsel {

using Duration = std::chrono::nanoseconds;

/// The engine's own monotonic timeline. It has no now() on purpose: in the simulator time is invented.
struct Timeline {
  using duration = Duration;
  using rep = Duration::rep;
  using period = Duration::period;
  using time_point = std::chrono::time_point<Timeline>;
  static constexpr bool is_steady = true;
};

/// Nanoseconds on the Timeline, counted from the start of the process (or of the simulated world).
using Instant = std::chrono::time_point<Timeline, Duration>;

inline constexpr Instant kNever = Instant::max();

using namespace std::chrono_literals;

}  // namespace handsel
