#pragma once
/// Everything the workers count, summed up and named: what `handsel stats`, telemetry and metrics show.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/worker_view.h"

namespace handsel::engine {

struct NamedValue {
  std::string name;
  std::uint64_t value = 0;
};

/// Values that belong together, in the order in which they are shown.
struct ValueGroup {
  std::string name;
  std::vector<NamedValue> values;
};

/// One reading of all workers' counters. Control thread; the workers go on counting meanwhile, so that values of
/// one reading may be a few packets apart.
std::vector<ValueGroup> take_snapshot(std::span<const WorkerView> workers);

}  // namespace handsel::engine
