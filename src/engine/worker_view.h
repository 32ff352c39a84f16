#pragma once
/// A worker as the control thread sees it, whatever port it polls.

#include "base/counter.h"
#include "flow/shard.h"

namespace handsel::engine {

/// A worker's share of a core, in cycles. Written by the worker, read by anyone.
struct WorkerStatistics {
  Counter polls;
  Counter empty_polls;
  Counter busy_cycles;  ///< of passes that received, computed or sent something
};

struct WorkerView {
  const flow::Shard* shard = nullptr;
  const WorkerStatistics* statistics = nullptr;
};

}  // namespace handsel::engine
