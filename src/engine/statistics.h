#pragma once
/// Everything the workers count, summed up and named: what `handsel stats`, telemetry and metrics show.

#include <span>

#include "engine/stats_json.h"
#include "engine/worker_view.h"

namespace handsel::engine {

/// One reading of all workers' counters. Control thread; the workers go on counting meanwhile, so that values of
/// one reading may be a few packets apart.
NamedGroups take_snapshot(std::span<const WorkerView> workers);

}  // namespace handsel::engine
