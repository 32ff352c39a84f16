#pragma once
/// Runs one world per seed: many clients fetch from one shard; afterwards nothing may be left.

#include <functional>
#include <memory>

#include "endpoints.h"

namespace handsel::sim {

struct Setting {
  LinkConfig link;
  int clients = 1;
  std::uint16_t port = kHttpPort;
  flow::CookieMode cookies = flow::CookieMode::adaptive;
  /// Makes a client's program; the world's random numbers are the only source of chance.
  std::function<std::unique_ptr<Script>(World&)> script;
};

/// Worlds of the seeds 1…count, until the first that fails (it names its seed). HANDSEL_SIM_SEED=n replays one seed,
/// HANDSEL_SIM_SEEDS=n runs so many in place of `count`.
void run_seeds(std::uint64_t count, const Setting& setting);

}  // namespace handsel::sim
