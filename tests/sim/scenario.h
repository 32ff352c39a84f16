#pragma once
/// Runs one world per seed, each whole in itself, until the first that fails; says how to replay that one.

#include <functional>
#include <memory>
#include <optional>

#include "trial.h"

namespace handsel::sim {

/// Makes the world of a seed and runs it; what was wrong, empty when nothing was. It hands the trial over before it
/// runs, so that a failure can be looked at.
using OneWorld = std::function<std::unique_ptr<Trial>(std::uint64_t seed)>;

/// Worlds of the seeds 1…count. From the environment:
///   HANDSEL_SIM_SEED=n    that seed alone; with HANDSEL_SIM_PCAP=file a pcap is written there and ladders are printed
///   HANDSEL_SIM_SEEDS=n   so many in place of `count`
///   HANDSEL_SIM_FIRST=n   from this seed on
/// A world that fails leaves sim-TEST-SEED.pcap in the working directory (in meson-logs, where there is one). A build
/// with a sanitizer runs an eighth of the seeds.
void run_seeds(std::uint64_t count, const OneWorld& make, Duration patience = std::chrono::minutes(20));

/// Clients alike, over paths alike.
struct Setting {
  LinkConfig link;
  int clients = 1;
  std::uint16_t port = kHttpPort;
  flow::CookieMode cookies = flow::CookieMode::adaptive;
  std::optional<Duration> core_takes = {};  ///< the server's operations are computed by a crypto core, so much later
  /// Makes a client's program; the world's random numbers are the only source of chance.
  std::function<std::unique_ptr<Script>(World&)> script;
};
OneWorld worlds_of(const Setting& setting);

}  // namespace handsel::sim
