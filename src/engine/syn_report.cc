#include "engine/syn_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace handsel::engine {

using nlohmann::json;

SynResult SynResult::of(std::span<const SynStatistics* const> workers) {
  SynResult out;
  std::uint64_t first = ~std::uint64_t{0};
  std::uint64_t last = 0;
  for (const SynStatistics* worker : workers) {
    out.sent += worker->sent.get();
    out.answered += worker->answered.get();
    out.refused += worker->refused.get();
    out.strange += worker->strange.get();
    if (worker->started_ns.get() == 0) continue;
    first = std::min(first, worker->started_ns.get());
    last = std::max(last, worker->last_ns.get());
  }
  if (last > first) out.elapsed_s = static_cast<double>(last - first) / 1e9;
  return out;
}

std::string render_syns(const LoadFacts& facts, const SynResult& result, const NamedGroups& engine) {
  const std::string pace = facts.rate > 0 ? fmt::format("{:g} a second", facts.rate) : "flat out";
  std::string out = fmt::format("{}  SYNs, {}, {:.3f} s\n\n", facts.target, pace, result.elapsed_s);
  const auto line = [&](std::string_view name, std::uint64_t count) {
    out += fmt::format("{:<12} {:>12}   {:.0f}/s\n", name, count, result.per_second(count));
  };
  line("sent", result.sent);
  line("answered", result.answered);
  if (result.refused != 0) line("refused", result.refused);
  if (result.strange != 0) line("strange", result.strange);
  const auto found = std::ranges::find(engine, "drops", &NamedGroup::name);
  if (found == engine.end() || found->values.empty()) return out;
  out += "\ndrops\n";
  for (const NamedValue& drop : found->values) out += fmt::format("  {:<28} {:>10}\n", drop.name, drop.value);
  return out;
}

json syns_json(const LoadFacts& facts, const SynResult& result, const NamedGroups& engine) {
  json drops = json::object();
  const auto found = std::ranges::find(engine, "drops", &NamedGroup::name);
  if (found != engine.end())
    for (const NamedValue& drop : found->values) drops[drop.name] = drop.value;
  return {{"version", facts.version},
          {"target", facts.target},
          {"mode", facts.mode},
          {"rate", facts.rate},
          {"elapsed_s", result.elapsed_s},
          {"syns",
           {{"sent", result.sent},
            {"answered", result.answered},
            {"refused", result.refused},
            {"strange", result.strange},
            {"sent_per_s", result.per_second(result.sent)},
            {"answered_per_s", result.per_second(result.answered)}}},
          {"drops", std::move(drops)}};
}

std::string render_syn_progress(const SynResult& before, const SynResult& now, double seconds_since_start,
                                double seconds_between) {
  const auto rate = [&](std::uint64_t later, std::uint64_t earlier) {
    return seconds_between > 0 ? static_cast<double>(later - earlier) / seconds_between : 0;
  };
  return fmt::format("{:>6.1f} s  {:>11.0f} SYN/s sent  {:>11.0f} SYN/s answered  {} refused", seconds_since_start,
                     rate(now.sent, before.sent), rate(now.answered, before.answered), now.refused);
}

}  // namespace handsel::engine
