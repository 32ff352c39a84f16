#pragma once
/// Entropy as a value: whoever drives a shard provides it (the kernel's generator, or a seed in the simulator).

#include "base/bytes.h"

namespace handsel {

/// Used by one thread.
class Entropy {
 public:
  virtual ~Entropy() = default;
  /// Fills all of `out` with unpredictable bytes. Cannot fail: a source that dries up ends the process.
  virtual void fill(MutableBytes out) = 0;
};

}  // namespace handsel
