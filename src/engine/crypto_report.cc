#include "engine/crypto_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/histogram_sum.h"
#include "engine/stats_json.h"

namespace handsel::engine {
namespace {

using nlohmann::json;

std::uint64_t number(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}
std::string text(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}
std::vector<std::uint64_t> numbers(const json& object, const char* name) {
  std::vector<std::uint64_t> values;
  if (const auto found = object.find(name); found != object.end() && found->is_array())
    for (const json& each : *found) values.push_back(each.is_number_unsigned() ? each.get<std::uint64_t>() : 0);
  return values;
}
std::string joined(const json& object, const char* name) {
  std::string all;
  if (const auto found = object.find(name); found != object.end() && found->is_array())
    for (const json& each : *found)
      if (each.is_string()) all += (all.empty() ? "" : ", ") + each.get<std::string>();
  return all;
}

/// A column for each number of lanes, as high as its share of the batches.
std::string drawn(const std::vector<std::uint64_t>& fill) {
  static constexpr std::array<const char*, 9> kHeights = {"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::uint64_t most = fill.empty() ? 0 : std::ranges::max(fill);
  std::string columns;
  for (const std::uint64_t batches : fill) {
    const double share = most == 0 ? 0 : static_cast<double>(batches) / static_cast<double>(most);
    columns += kHeights[batches == 0 ? 0 : 1 + static_cast<std::size_t>(share * 7)];
  }
  return columns;
}

double ratio(std::uint64_t amount, std::uint64_t of) {
  return of == 0 ? 0 : static_cast<double>(amount) / static_cast<double>(of);
}

constexpr std::string_view kHeading =
    "                                            lanes         cycles of   wait, µs\n"
    "kind              kernel       operations   filled        one        p50    p99\n";

std::string row(const json& kind) {
  const std::uint64_t operations = number(kind, "operations");
  const std::vector<std::uint64_t> fill = numbers(kind, "fill");
  std::string columns = drawn(fill);
  columns.append(limits::kMaxLanes - std::min(fill.size(), limits::kMaxLanes), ' ');  // fmt counts bytes
  std::string line = fmt::format("{:<17} {:<12} {:>10} {:>4.1f} {} {:>10} {:>6.1f} {:>6.1f}\n", text(kind, "kind"),
                                 fmt::format("{} x{}", text(kind, "kernel"), number(kind, "lanes")), operations,
                                 ratio(operations, number(kind, "batches")), columns,
                                 grouped(operations == 0 ? 0 : number(kind, "cycles") / operations),
                                 static_cast<double>(number(kind, "wait_p50_ns")) / 1e3,
                                 static_cast<double>(number(kind, "wait_p99_ns")) / 1e3);
  const std::uint64_t failures = number(kind, "failures");
  const std::uint64_t refused = number(kind, "refused");
  if (failures + refused != 0)
    line += fmt::format("                  {} failed, {} refused because the queue was full\n", grouped(failures),
                        grouped(refused));
  return line;
}

constexpr std::string_view kBanksHeading =
    "\nbank                 entries         of        served    found none   cycles of\n";

std::string bank_row(const json& bank) {
  const std::uint64_t filled = number(bank, "filled");
  return fmt::format("{:<17} {:>10} {:>10} {:>13} {:>13} {:>11}\n", text(bank, "kind"), grouped(number(bank, "level")),
                     grouped(number(bank, "capacity")), grouped(number(bank, "taken")), grouped(number(bank, "empty")),
                     grouped(filled == 0 ? 0 : number(bank, "cycles") / filled));
}

json bank_of(std::span<const crypto::Stage* const> stages, crypto::Kind kind) {
  const auto total = [&](Counter crypto::BankStatistics::* counter) {
    std::uint64_t sum = 0;
    for (const crypto::Stage* stage : stages) sum += (stage->bank_statistics(kind)->*counter).get();
    return sum;
  };
  return {{"kind", crypto::name_of(kind)},
          {"level", total(&crypto::BankStatistics::level)},
          {"capacity", stages.front()->kernel(kind).bank->capacity() * stages.size()},
          {"filled", total(&crypto::BankStatistics::filled)},
          {"taken", total(&crypto::BankStatistics::taken)},
          {"empty", total(&crypto::BankStatistics::empty)},
          {"spoiled", total(&crypto::BankStatistics::spoiled)},
          {"cycles", total(&crypto::BankStatistics::cycles)}};
}

json kind_of(std::span<const crypto::Stage* const> stages, crypto::Kind kind) {
  const crypto::Kernel& kernel = stages.front()->kernel(kind);
  const auto total = [&](auto&& of) {
    std::uint64_t sum = 0;
    for (const crypto::Stage* stage : stages) sum += of(stage->statistics(kind)).get();
    return sum;
  };
  using Counted = const crypto::KindStatistics&;
  HistogramSum waits;
  for (const crypto::Stage* stage : stages) waits.add(stage->statistics(kind).wait_ns);
  json fill = json::array();
  for (std::size_t lanes = 1; lanes <= kernel.lanes; ++lanes)
    fill.push_back(total([lanes](Counted each) -> const Counter& { return each.fill[lanes]; }));
  return {{"kind", crypto::name_of(kind)},
          {"kernel", kernel.name},
          {"lanes", std::uint64_t{kernel.lanes}},
          {"operations", total([](Counted each) -> const Counter& { return each.operations; })},
          {"batches", total([](Counted each) -> const Counter& { return each.batches; })},
          {"failures", total([](Counted each) -> const Counter& { return each.failures; })},
          {"refused", total([](Counted each) -> const Counter& { return each.refused; })},
          {"cycles", total([](Counted each) -> const Counter& { return each.cycles; })},
          {"fill", std::move(fill)},
          {"wait_p50_ns", waits.percentile(50)},
          {"wait_p99_ns", waits.percentile(99)}};
}

}  // namespace

json crypto_kinds(std::span<const crypto::Stage* const> stages) {
  json kinds = json::array();
  for (std::size_t kind = 0; kind < crypto::kKinds && !stages.empty(); ++kind)
    kinds.push_back(kind_of(stages, static_cast<crypto::Kind>(kind)));
  return kinds;
}

json crypto_banks(std::span<const crypto::Stage* const> stages) {
  json banks = json::array();
  for (std::size_t kind = 0; kind < crypto::kKinds && !stages.empty(); ++kind)
    if (stages.front()->bank_statistics(static_cast<crypto::Kind>(kind)) != nullptr)
      banks.push_back(bank_of(stages, static_cast<crypto::Kind>(kind)));
  return banks;
}

std::string render_crypto(const json& answer) {
  if (!answer.is_object()) return {};
  std::string out =
      fmt::format("kernels  {} (this processor runs {})\n", text(answer, "kernels"), joined(answer, "available"));
  out += fmt::format("records  {}\n", text(answer, "records"));
  out += fmt::format("runs     {}\n\n", text(answer, "runs"));
  std::string rows;
  if (const auto kinds = answer.find("kinds"); kinds != answer.end() && kinds->is_array())
    for (const json& kind : *kinds)
      if (kind.is_object() && number(kind, "operations") + number(kind, "refused") != 0) rows += row(kind);
  out += rows.empty() ? "no public-key operation yet\n" : std::string(kHeading) + rows;
  std::string bank_rows;
  if (const auto banks = answer.find("banks"); banks != answer.end() && banks->is_array())
    for (const json& bank : *banks)
      if (bank.is_object()) bank_rows += bank_row(bank);
  if (!bank_rows.empty()) out += std::string(kBanksHeading) + bank_rows;
  return out;
}

}  // namespace handsel::engine
