#pragma once
/// What a load run has come to: summed up over workers, as text for people and as JSON. Control thread.

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "engine/stats_json.h"
#include "service/load_statistics.h"

namespace handsel::engine {

/// Durations of one kind, in nanoseconds. A percentile is a value that so many did not exceed, up to 1/16 too high
/// (base/histogram.h), never above the maximum.
struct LatencySummary {
  std::uint64_t count = 0;
  std::uint64_t mean = 0;
  std::uint64_t p50 = 0;
  std::uint64_t p90 = 0;
  std::uint64_t p99 = 0;
  std::uint64_t p999 = 0;
  std::uint64_t max = 0;
};

/// One reading of the workers' counters.
struct LoadResult {
  double elapsed_s = 0;  ///< from the start until something last went on
  double steady_s = 0;   ///< from the start until no more connections were begun; elapsed_s when they ran out before
  std::uint64_t begun = 0;
  std::uint64_t opened = 0;
  std::uint64_t opened_steady = 0;  ///< in steady_s
  std::uint64_t completed = 0;
  std::uint64_t failed = 0;
  std::uint64_t cut = 0;
  std::uint64_t active = 0;
  std::uint64_t unstarted = 0;
  std::array<std::uint64_t, service::kLoadFailures> failures{};
  std::uint64_t requests = 0;
  std::array<std::uint64_t, 6> status{};
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  LatencySummary connect;
  LatencySummary handshake;
  LatencySummary first_byte;
  LatencySummary request;
  LatencySummary total;

  static LoadResult of(std::span<const service::LoadStatistics* const> workers);

  /// Everything that was begun came to its end, and no answer had a status of 400 or more.
  bool good() const { return failed == 0 && status[4] == 0 && status[5] == 0 && completed != 0; }
  /// Events a second of the run; 0 for a run of no length.
  double per_second(std::uint64_t count) const { return elapsed_s > 0 ? static_cast<double>(count) / elapsed_s : 0; }
  /// Connections opened a second without the end of the run, when none is begun any more: what a server can do, however
  /// long its last answers take.
  double steady_per_second() const { return steady_s > 0 ? static_cast<double>(opened_steady) / steady_s : 0; }
};

/// What the run was, for the head of a report.
struct LoadFacts {
  std::string version;
  std::string target;  ///< the URL
  std::string mode;
  std::uint32_t connections = 0;
  double rate = 0;   ///< 0: closed loop
  bool tls = false;  ///< connections are protected by it
};

/// The final table. `engine`: the engine's own counters, of which drops and retransmissions are shown.
std::string render_load(const LoadFacts& facts, const LoadResult& result, const NamedGroups& engine);
/// The same as one object; README describes its names, which stay.
nlohmann::json load_json(const LoadFacts& facts, const LoadResult& result, const NamedGroups& engine);
/// One line about the time between two readings.
std::string render_progress(const LoadResult& before, const LoadResult& now, double seconds_since_start,
                            double seconds_between);

}  // namespace handsel::engine
