#include "engine/statistics.h"

#include <array>
#include <functional>
#include <string>

#include "engine/histogram_sum.h"
#include "tls/names.h"

namespace handsel::engine {
namespace {

using Workers = std::span<const WorkerView>;

std::uint64_t sum(Workers workers, const std::function<std::uint64_t(const WorkerView&)>& of) {
  std::uint64_t total = 0;
  for (const WorkerView& worker : workers) total += of(worker);
  return total;
}

NamedGroup packets(Workers workers) {
  NamedGroup group{"packets", {}};
#define X(name, text)     \
  group.values.push_back( \
      {#name, sum(workers, [](const WorkerView& w) { return w.shard->statistics().packets.name.get(); })});
  HANDSEL_PACKET_COUNTERS(X)
#undef X
  return group;
}

NamedGroup tcp(Workers workers) {
  NamedGroup group{"tcp", {}};
#define X(name, text)     \
  group.values.push_back( \
      {#name, sum(workers, [](const WorkerView& w) { return w.shard->statistics().tcp.name.get(); })});
  HANDSEL_TCP_COUNTERS(X)
#undef X
  return group;
}

NamedGroup tls(Workers workers) {
  const auto total = [&](Counter tls::Statistics::* counter) {
    return sum(workers, [&](const WorkerView& w) { return (w.shard->tls_statistics().*counter).get(); });
  };
  NamedGroup group{"tls",
                   {
                       {"handshakes_started", total(&tls::Statistics::handshakes_started)},
                       {"handshakes_completed", total(&tls::Statistics::handshakes_completed)},
                       {"handshakes_abandoned", total(&tls::Statistics::handshakes_abandoned)},
                       {"handshakes_retried", total(&tls::Statistics::handshakes_retried)},
                       {"handshakes_resumed", total(&tls::Statistics::handshakes_resumed)},
                       {"tickets_issued", total(&tls::Statistics::tickets_issued)},
                       {"tickets_taken", total(&tls::Statistics::tickets_taken)},
                       {"tickets_refused", total(&tls::Statistics::tickets_refused)},
                       {"session_ids_issued", total(&tls::Statistics::session_ids_issued)},
                       {"session_ids_taken", total(&tls::Statistics::session_ids_taken)},
                       {"session_ids_refused", total(&tls::Statistics::session_ids_refused)},
                       {"session_ids_evicted", total(&tls::Statistics::session_ids_evicted)},
                   }};
  std::uint64_t failed = 0;
  for (std::size_t error = 0; error < tls::kErrors; ++error)
    failed +=
        sum(workers, [&](const WorkerView& w) { return w.shard->tls_statistics().handshakes_failed[error].get(); });
  group.values.push_back({"handshakes_failed", failed});
  group.values.push_back({"early_data_accepted", total(&tls::Statistics::early_data_accepted)});
  group.values.push_back({"early_data_bytes", total(&tls::Statistics::early_data_bytes)});
  group.values.push_back({"early_data_offered", total(&tls::Statistics::early_data_offered)});
  group.values.push_back({"early_data_declined", total(&tls::Statistics::early_data_declined)});
  group.values.push_back({"records_in", total(&tls::Statistics::records_in)});
  group.values.push_back({"records_out", total(&tls::Statistics::records_out)});
  group.values.push_back({"bytes_in", total(&tls::Statistics::bytes_in)});
  group.values.push_back({"bytes_out", total(&tls::Statistics::bytes_out)});
  group.values.push_back({"key_updates_in", total(&tls::Statistics::key_updates_in)});
  group.values.push_back({"key_updates_out", total(&tls::Statistics::key_updates_out)});
  return group;
}

NamedGroup admission(Workers workers) {
  NamedGroup group{"admission", {}};
#define X(name, text)     \
  group.values.push_back( \
      {#name, sum(workers, [](const WorkerView& w) { return w.shard->admission_statistics().name.get(); })});
  HANDSEL_ADMISSION_COUNTERS(X)
#undef X
  return group;
}

// The rows of a table of counters that are not zero, under names of their own.
template <std::size_t Size>
NamedGroup rows(Workers workers, std::string name, std::array<Counter, Size> tls::Statistics::* table,
                const std::function<std::string_view(std::size_t)>& name_of_row) {
  NamedGroup group{std::move(name), {}};
  for (std::size_t row = 0; row < Size; ++row) {
    const std::uint64_t value =
        sum(workers, [&](const WorkerView& w) { return (w.shard->tls_statistics().*table)[row].get(); });
    if (value != 0) group.values.push_back({std::string(name_of_row(row)), value});
  }
  return group;
}

template <std::size_t Size>
std::function<std::string_view(std::size_t)> names_in(const std::array<tls::Named, Size>& table) {
  return [&table](std::size_t row) { return row < Size ? table[row].name : std::string_view("unknown"); };
}

NamedGroup drops(Workers workers) {
  NamedGroup group{"drops", {}};
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    const auto reason = static_cast<Drop>(i);
    const std::uint64_t value =
        sum(workers, [&](const WorkerView& w) { return w.shard->statistics().drops.get(reason); });
    if (value != 0) group.values.push_back({std::string(name_of(reason)), value});
  }
  return group;
}

using Stages = std::span<const crypto::Stage* const>;

std::uint64_t sum(Stages stages, const std::function<std::uint64_t(const crypto::Stage&)>& of) {
  std::uint64_t total = 0;
  for (const crypto::Stage* stage : stages) total += of(*stage);
  return total;
}

NamedGroup crypto_work(Stages stages, crypto::Kind kind) {
  const auto total = [&](Counter crypto::KindStatistics::* counter) {
    return sum(stages, [&](const crypto::Stage& stage) { return (stage.statistics(kind).*counter).get(); });
  };
  return {"crypto_" + std::string(crypto::name_of(kind)),
          {
              {"operations", total(&crypto::KindStatistics::operations)},
              {"batches", total(&crypto::KindStatistics::batches)},
              {"failures", total(&crypto::KindStatistics::failures)},
              {"refused", total(&crypto::KindStatistics::refused)},
              {"cycles", total(&crypto::KindStatistics::cycles)},
          }};
}

bool has_bank(Stages stages, crypto::Kind kind) {
  return !stages.empty() && stages.front()->bank_statistics(kind) != nullptr;
}

// All stages have the same kernels. Sums: `high` is of each stage's own.
NamedGroup bank(Stages stages, crypto::Kind kind) {
  const auto total = [&](Counter crypto::BankStatistics::* counter) {
    return sum(stages, [&](const crypto::Stage& stage) { return (stage.bank_statistics(kind)->*counter).get(); });
  };
  return {
      "bank_" + std::string(crypto::name_of(kind)),
      {
          {"level", total(&crypto::BankStatistics::level)},
          {"high", total(&crypto::BankStatistics::high)},
          {"capacity", sum(stages, [&](const crypto::Stage& stage) { return stage.kernel(kind).bank->capacity(); })},
          {"filled", total(&crypto::BankStatistics::filled)},
          {"taken", total(&crypto::BankStatistics::taken)},
          {"empty", total(&crypto::BankStatistics::empty)},
          {"spoiled", total(&crypto::BankStatistics::spoiled)},
          {"cycles", total(&crypto::BankStatistics::cycles)},
      }};
}

// Median and 99th of a hundred, in microseconds; nothing as long as nothing was measured.
void add_latency(NamedGroup& group, Workers workers, const std::string& name,
                 Histogram flow::ShardStatistics::* member) {
  HistogramSum sum_of_all;
  for (const WorkerView& worker : workers) sum_of_all.add(worker.shard->statistics().*member);
  if (sum_of_all.count() == 0) return;
  group.values.push_back({name + "_p50_us", sum_of_all.percentile(50) / 1'000});
  group.values.push_back({name + "_p99_us", sum_of_all.percentile(99) / 1'000});
}

NamedGroup latency(Workers workers) {
  NamedGroup group{"latency", {}};
  add_latency(group, workers, "tcp_handshake", &flow::ShardStatistics::tcp_handshake_ns);
  add_latency(group, workers, "tcp_connect", &flow::ShardStatistics::tcp_connect_ns);
  add_latency(group, workers, "tls_handshake", &flow::ShardStatistics::tls_handshake_ns);
  return group;
}

NamedGroup crypto_cores(std::size_t workers, const CryptoCores& cores) {
  const auto of_cores = [&](Counter CryptoCoreStatistics::* counter) {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < cores.size(); ++i) all += (cores.statistics(i).*counter).get();
    return all;
  };
  const auto of_workers = [&](Counter crypto::RemoteStatistics::* counter) {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < workers; ++i) all += (cores.of_worker(i).statistics().*counter).get();
    return all;
  };
  return {"crypto_cores",
          {
              {"count", cores.size()},
              {"turns", of_cores(&CryptoCoreStatistics::turns)},
              {"empty_turns", of_cores(&CryptoCoreStatistics::empty_turns)},
              {"busy_cycles", of_cores(&CryptoCoreStatistics::busy_cycles)},
              {"handed_over", of_workers(&crypto::RemoteStatistics::handed_over)},
              {"refused", of_workers(&crypto::RemoteStatistics::refused)},
              {"orphaned", of_workers(&crypto::RemoteStatistics::orphaned)},
              {"away", of_workers(&crypto::RemoteStatistics::away)},
          }};
}

NamedGroup workers_share(Workers workers) {
  NamedGroup group{"workers", {}};
  group.values.push_back({"count", workers.size()});
  group.values.push_back({"polls", sum(workers, [](const WorkerView& w) { return w.statistics->polls.get(); })});
  group.values.push_back(
      {"empty_polls", sum(workers, [](const WorkerView& w) { return w.statistics->empty_polls.get(); })});
  group.values.push_back(
      {"busy_cycles", sum(workers, [](const WorkerView& w) { return w.statistics->busy_cycles.get(); })});
  return group;
}

}  // namespace

std::vector<const crypto::Stage*> stages_of(std::span<const WorkerView> workers, const CryptoCores* cores) {
  std::vector<const crypto::Stage*> stages;
  for (std::size_t i = 0; cores != nullptr && i < cores->size(); ++i) stages.push_back(&cores->stage(i));
  if (stages.empty())
    for (const WorkerView& worker : workers) stages.push_back(&worker.shard->stage());
  return stages;
}

NamedGroups take_snapshot(std::span<const WorkerView> workers, const CryptoCores* cores) {
  using tls::Statistics;
  const auto error_name = [](std::size_t row) { return tls::name_of(static_cast<tls::Error>(row)); };
  const auto refusal_name = [](std::size_t row) { return tls::name_of(static_cast<tls::EarlyDataRefusal>(row)); };
  const auto alert_name = [](std::size_t row) { return tls::name_of(static_cast<tls::Alert>(row)); };
  // A resumed handshake has no signature, and a server makes none whose name it does not know.
  const auto signature_name = [](std::size_t row) {
    return row < tls::kSchemeNames.size() ? tls::kSchemeNames[row].name : std::string_view("none");
  };
  NamedGroups groups = {
      packets(workers),
      tcp(workers),
      latency(workers),
      tls(workers),
      admission(workers),
      rows(workers, "tls_versions", &Statistics::by_version, names_in(tls::kVersionNames)),
      rows(workers, "tls_suites", &Statistics::by_suite, names_in(tls::kSuiteNames)),
      rows(workers, "tls_groups", &Statistics::by_group, names_in(tls::kGroupNames)),
      rows(workers, "tls_signatures", &Statistics::by_signature, signature_name),
      rows(workers, "tls_refused_versions", &Statistics::refused_version, names_in(tls::kVersionNames)),
      rows(workers, "tls_early_data_refused", &Statistics::early_data_refused, refusal_name),
      rows(workers, "tls_failures", &Statistics::handshakes_failed, error_name),
      rows(workers, "tls_connection_failures", &Statistics::connections_failed, error_name),
      rows(workers, "tls_alerts_sent", &Statistics::alerts_sent, alert_name),
      rows(workers, "tls_alerts_received", &Statistics::alerts_received, alert_name),
      drops(workers),
      workers_share(workers),
  };
  if (cores != nullptr) groups.push_back(crypto_cores(workers.size(), *cores));
  const std::vector<const crypto::Stage*> stages = stages_of(workers, cores);
  for (std::size_t kind = 0; kind < crypto::kKinds; ++kind)
    groups.push_back(crypto_work(stages, static_cast<crypto::Kind>(kind)));
  for (std::size_t kind = 0; kind < crypto::kKinds; ++kind)
    if (has_bank(stages, static_cast<crypto::Kind>(kind)))
      groups.push_back(bank(stages, static_cast<crypto::Kind>(kind)));
  return groups;
}

}  // namespace handsel::engine
