#include "engine/load_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/load_report_tls.h"

namespace handsel::engine {
namespace {

using nlohmann::json;
using service::LoadFailure;
using service::LoadLatency;
using service::LoadStatistics;
using Workers = std::span<const LoadStatistics* const>;

// The largest value that lands in `bucket`.
std::uint64_t ceiling_of(std::size_t bucket) { return Histogram::floor_of(bucket + 1) - 1; }

LatencySummary summarise(Workers workers, LoadLatency LoadStatistics::* which) {
  LatencySummary out;
  std::uint64_t sum = 0;
  std::array<std::uint64_t, Histogram::kBuckets> buckets{};
  for (const LoadStatistics* worker : workers) {
    const LoadLatency& latency = worker->*which;
    for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] += latency.ns.bucket(i);
    sum += latency.ns.sum();
    out.max = std::max(out.max, latency.max_ns.get());
  }
  for (const std::uint64_t bucket : buckets) out.count += bucket;
  if (out.count == 0) return out;
  out.mean = sum / out.count;
  const auto percentile = [&](double fraction) {
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(out.count - 1) * fraction) + 1;
    std::uint64_t seen = 0;
    std::size_t at = 0;
    while (at + 1 < buckets.size() && (seen += buckets[at]) < wanted) ++at;
    return std::min(ceiling_of(at), out.max);
  };
  out.p50 = percentile(0.5);
  out.p90 = percentile(0.9);
  out.p99 = percentile(0.99);
  out.p999 = percentile(0.999);
  return out;
}

std::string time_text(std::uint64_t ns) {
  const auto value = static_cast<double>(ns);
  if (ns < 1'000'000) return fmt::format("{:.1f} us", value / 1e3);
  if (ns < 1'000'000'000) return fmt::format("{:.2f} ms", value / 1e6);
  return fmt::format("{:.3f} s", value / 1e9);
}

std::string bytes_text(double bytes) {
  if (bytes < 1e3) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1e6) return fmt::format("{:.1f} kB", bytes / 1e3);
  if (bytes < 1e9) return fmt::format("{:.1f} MB", bytes / 1e6);
  return fmt::format("{:.2f} GB", bytes / 1e9);
}

std::string bits_text(double bits_per_second) {
  if (bits_per_second < 1e6) return fmt::format("{:.1f} kbit/s", bits_per_second / 1e3);
  if (bits_per_second < 1e9) return fmt::format("{:.1f} Mbit/s", bits_per_second / 1e6);
  return fmt::format("{:.2f} Gbit/s", bits_per_second / 1e9);
}

std::string status_text(const LoadResult& result) {
  std::string text;
  for (std::size_t digit = 1; digit < result.status.size(); ++digit)
    if (result.status[digit] != 0) text += fmt::format("   {}xx {}", digit, result.status[digit]);
  return text;
}

std::uint64_t value_of(const NamedGroups& groups, std::string_view group, std::string_view name) {
  for (const NamedGroup& each : groups)
    if (each.name == group)
      for (const NamedValue& value : each.values)
        if (value.name == name) return value.value;
  return 0;
}

std::vector<NamedValue> drops_in(const NamedGroups& groups) {
  const auto found = std::ranges::find(groups, "drops", &NamedGroup::name);
  return found == groups.end() ? std::vector<NamedValue>{} : found->values;
}

void add_latency(std::string& out, std::string_view name, const LatencySummary& latency) {
  if (latency.count == 0) return;
  out += fmt::format("  {:<12} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}\n", name, latency.count,
                     time_text(latency.mean), time_text(latency.p50), time_text(latency.p90), time_text(latency.p99),
                     time_text(latency.p999), time_text(latency.max));
}

json latency_json(const LatencySummary& latency) {
  return {{"count", latency.count}, {"mean", latency.mean}, {"p50", latency.p50}, {"p90", latency.p90},
          {"p99", latency.p99},     {"p999", latency.p999}, {"max", latency.max}};
}

}  // namespace

LoadResult LoadResult::of(Workers workers) {
  LoadResult out;
  std::uint64_t first = ~std::uint64_t{0};
  std::uint64_t last = 0;
  std::uint64_t steady = 0;
  for (const LoadStatistics* worker : workers) {
    out.begun += worker->begun.get();
    out.opened += worker->opened.get();
    out.opened_steady += worker->opened_steady.get();
    out.completed += worker->completed.get();
    out.cut += worker->cut.get();
    out.active += worker->active.get();
    out.unstarted += worker->unstarted.get();
    for (std::size_t i = 0; i < out.failures.size(); ++i) out.failures[i] += worker->failures[i].get();
    out.requests += worker->requests.get();
    for (std::size_t i = 0; i < out.status.size(); ++i) out.status[i] += worker->status[i].get();
    out.bytes_received += worker->bytes_received.get();
    out.bytes_sent += worker->bytes_sent.get();
    if (worker->started_ns.get() == 0) continue;
    first = std::min(first, worker->started_ns.get());
    last = std::max(last, worker->last_ns.get());
    steady = std::max(steady, worker->steady_ns.get());
  }
  for (const std::uint64_t failure : out.failures) out.failed += failure;
  if (last > first) out.elapsed_s = static_cast<double>(last - first) / 1e9;
  out.steady_s = steady > first ? static_cast<double>(steady - first) / 1e9 : out.elapsed_s;
  out.connect = summarise(workers, &LoadStatistics::connect);
  out.handshake = summarise(workers, &LoadStatistics::handshake);
  out.first_byte = summarise(workers, &LoadStatistics::first_byte);
  out.request = summarise(workers, &LoadStatistics::request);
  out.total = summarise(workers, &LoadStatistics::total);
  return out;
}

std::string render_load(const LoadFacts& facts, const LoadResult& result, const NamedGroups& engine) {
  const std::string loop = facts.rate > 0 ? fmt::format("open loop, {:g} a second", facts.rate) : "closed loop";
  std::string out = fmt::format("{}  {}, up to {} at once, {}, {:.3f} s\n\n", facts.target, facts.mode,
                                facts.connections, loop, result.elapsed_s);
  out += fmt::format("connections  {} begun, {} opened, {} completed, {} failed, {} cut at the end   {:.1f}/s\n",
                     result.begun, result.opened, result.completed, result.failed, result.cut,
                     result.per_second(result.opened));
  for (std::size_t i = 0; i < result.failures.size(); ++i)
    if (result.failures[i] != 0) {
      const auto why = static_cast<LoadFailure>(i);
      out += fmt::format("  {:<12} {:>10}   {}\n", name_of(why), result.failures[i], explain(why));
    }
  if (result.unstarted != 0)
    out += fmt::format("  {:<12} {:>10}   due by --rate, but --connections were open: not in the latencies\n",
                       "unstarted", result.unstarted);
  if (facts.tls) out += render_load_tls(engine);
  if (result.requests != 0)
    out += fmt::format("requests     {}   {:.1f}/s{}\n", result.requests, result.per_second(result.requests),
                       status_text(result));
  const auto received = static_cast<double>(result.bytes_received);
  const auto sent = static_cast<double>(result.bytes_sent);
  out += fmt::format("received     {}   {}\nsent         {}   {}\n", bytes_text(received),
                     bits_text(8 * result.per_second(result.bytes_received)), bytes_text(sent),
                     bits_text(8 * result.per_second(result.bytes_sent)));
  if (const auto again = value_of(engine, "tcp", "retransmits"); again != 0)
    out += fmt::format("sent again   {} of {} segments\n", again, value_of(engine, "tcp", "segments_out"));
  if (result.connect.count != 0)
    out += fmt::format("\n  {:<12} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}\n", "latency", "count", "mean",
                       "p50", "p90", "p99", "p99.9", "max");
  add_latency(out, "connect", result.connect);
  add_latency(out, "handshake", result.handshake);
  add_latency(out, "first byte", result.first_byte);
  add_latency(out, "request", result.request);
  add_latency(out, "total", result.total);
  if (const auto drops = drops_in(engine); !drops.empty()) {
    out += "\ndrops\n";
    for (const NamedValue& drop : drops) out += fmt::format("  {:<28} {:>10}\n", drop.name, drop.value);
  }
  return out;
}

json load_json(const LoadFacts& facts, const LoadResult& result, const NamedGroups& engine) {
  json failures = json::object();
  for (std::size_t i = 0; i < result.failures.size(); ++i)
    if (result.failures[i] != 0) failures[name_of(static_cast<LoadFailure>(i))] = result.failures[i];
  json status = json::object();
  for (std::size_t digit = 1; digit < result.status.size(); ++digit)
    if (result.status[digit] != 0) status[fmt::format("{}xx", digit)] = result.status[digit];
  json drops = json::object();
  for (const NamedValue& drop : drops_in(engine)) drops[drop.name] = drop.value;
  json report = {
      {"version", facts.version},
      {"target", facts.target},
      {"mode", facts.mode},
      {"loop", facts.rate > 0 ? "open" : "closed"},
      {"rate", facts.rate},
      {"concurrency", facts.connections},
      {"elapsed_s", result.elapsed_s},
      {"connections",
       {{"begun", result.begun},
        {"opened", result.opened},
        {"completed", result.completed},
        {"failed", result.failed},
        {"cut", result.cut},
        {"unstarted", result.unstarted},
        {"opened_per_s", result.per_second(result.opened)},
        {"steady_per_s", result.steady_per_second()}}},
      {"failures", std::move(failures)},
      {"requests",
       {{"completed", result.requests}, {"per_s", result.per_second(result.requests)}, {"status", std::move(status)}}},
      {"bytes",
       {{"received", result.bytes_received},
        {"sent", result.bytes_sent},
        {"received_per_s", result.per_second(result.bytes_received)},
        {"sent_per_s", result.per_second(result.bytes_sent)}}},
      {"latency_ns",
       {{"connect", latency_json(result.connect)},
        {"handshake", latency_json(result.handshake)},
        {"first_byte", latency_json(result.first_byte)},
        {"request", latency_json(result.request)},
        {"total", latency_json(result.total)}}},
      {"tcp",
       {{"segments_out", value_of(engine, "tcp", "segments_out")},
        {"segments_in", value_of(engine, "tcp", "segments_in")},
        {"retransmits", value_of(engine, "tcp", "retransmits")}}},
      {"drops", std::move(drops)}};
  if (facts.tls) report["tls"] = load_tls_json(engine);
  return report;
}

std::string render_progress(const LoadResult& before, const LoadResult& now, double seconds_since_start,
                            double seconds_between) {
  const auto rate = [&](std::uint64_t later, std::uint64_t earlier) {
    return seconds_between > 0 ? static_cast<double>(later - earlier) / seconds_between : 0;
  };
  return fmt::format("{:>6.1f} s  {:>6} open  {:>9.1f} conn/s  {:>9.1f} req/s  {:>14} in  {:>14} out  {} failed",
                     seconds_since_start, now.active, rate(now.opened, before.opened),
                     rate(now.requests, before.requests),
                     bits_text(8 * rate(now.bytes_received, before.bytes_received)),
                     bits_text(8 * rate(now.bytes_sent, before.bytes_sent)), now.failed);
}

}  // namespace handsel::engine
