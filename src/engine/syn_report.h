#pragma once
/// What a run of SYNs has come to. Control thread.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "engine/load_report.h"
#include "engine/syn_generator.h"

namespace handsel::engine {

/// One reading of the workers' counters.
struct SynResult {
  double elapsed_s = 0;  ///< from the first SYN until the last one, or the last answer
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t refused = 0;
  std::uint64_t strange = 0;

  static SynResult of(std::span<const SynStatistics* const> workers);

  bool good() const { return answered != 0 && refused == 0; }
  double per_second(std::uint64_t count) const { return elapsed_s > 0 ? static_cast<double>(count) / elapsed_s : 0; }
};

std::string render_syns(const LoadFacts& facts, const SynResult& result, const NamedGroups& engine);
/// The same as one object; README describes its names, which stay.
nlohmann::json syns_json(const LoadFacts& facts, const SynResult& result, const NamedGroups& engine);
/// One line about the time between two readings.
std::string render_syn_progress(const SynResult& before, const SynResult& now, double seconds_since_start,
                                double seconds_between);

}  // namespace handsel::engine
