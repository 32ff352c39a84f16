#pragma once
/// Where the engine's threads take their time from.

#include <cstdint>

#include "base/time.h"

namespace handsel::engine {

/// In production the TSC, in tests whatever the test says.
struct Clock {
  Instant (*now)() = nullptr;
  std::uint64_t (*cycles)() = nullptr;
};

}  // namespace handsel::engine
