#pragma once
/// Everything the workers count, summed up and named: what `handsel stats`, telemetry and metrics show.

#include <span>
#include <vector>

#include "engine/crypto_cores.h"
#include "engine/stats_json.h"
#include "engine/worker_view.h"

namespace handsel::engine {

/// One reading of all workers' counters. Control thread; the workers go on counting meanwhile, so that values of
/// one reading may be a few packets apart.
NamedGroups take_snapshot(std::span<const WorkerView> workers, const CryptoCores* cores = nullptr);
/// Where public-key operations are computed: the crypto cores' stages, where there are some, or the workers' own.
std::vector<const crypto::Stage*> stages_of(std::span<const WorkerView> workers, const CryptoCores* cores);

}  // namespace handsel::engine
