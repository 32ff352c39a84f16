#pragma once
/// The engine's counters on DPDK's telemetry socket: /handsel/stats, /handsel/drops, /handsel/info, readable with
/// dpdk-telemetry.py. Read-only on purpose: that socket knows no rights.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/stats_json.h"

namespace handsel::dpdk {

/// Where the answers come from. Called on DPDK's telemetry threads at any time, several at once.
struct TelemetrySources {
  std::function<engine::NamedGroups()> stats;  ///< all groups; /handsel/drops answers the one called "drops"
  std::function<std::vector<std::pair<std::string, std::string>>()> info;  ///< facts: version, device, listeners, …
};

/// Registers the commands for as long as it lives (afterwards they answer {"error": …}: DPDK can't unregister).
/// One a process; after Eal::start() or before.
class Telemetry {
 public:
  explicit Telemetry(TelemetrySources sources);
  ~Telemetry();
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

 private:
  std::unique_ptr<TelemetrySources> sources_;
};

}  // namespace handsel::dpdk
