#include "harness.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>

namespace handsel::bench {
namespace {

using Json = nlohmann::ordered_json;

/// Few digits for a table: 0.148, 12.3, 45,800.
std::string shown(double value) {
  if (value < 10) return fmt::format("{:.3f}", value);
  if (value < 1000) return fmt::format("{:.1f}", value);
  std::string digits = fmt::format("{:.0f}", value);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

Json to_json(const Figure& figure) {
  const bool alone = figure.peer.empty();
  return {{"name", figure.name},
          {"value", figure.value},
          {"unit", figure.unit},
          {"better", figure.better},
          {"peer", alone ? Json() : Json(figure.peer)},
          {"peer_value", alone ? Json() : Json(figure.peer_value)},
          {"ratio", alone ? Json() : Json(figure.ratio())},
          {"runs", figure.runs},
          {"min", figure.minimum},
          {"max", figure.maximum}};
}

/// The list in `file`, or an empty one when there is no such file or no list in it.
Json read_list(const std::string& file) {
  std::ifstream in(file);
  Json list = in ? Json::parse(in, nullptr, false) : Json::array();
  return list.is_array() ? list : Json::array();
}

bool write_list(const std::string& file, const std::vector<Figure>& figures) {
  Json list = read_list(file);
  for (const Figure& figure : figures) {
    const auto same = std::ranges::find_if(
        list, [&](const Json& entry) { return entry.is_object() && entry.value("name", "") == figure.name; });
    if (same != list.end())
      *same = to_json(figure);
    else
      list.push_back(to_json(figure));
  }
  std::ofstream out(file, std::ios::trunc);
  out << list.dump(2) << '\n';
  return out.good();
}

[[noreturn]] void usage(const char* program) {
  std::fprintf(stderr, "usage: %s [--json FILE] [--runs N] [--filter TEXT] [--quick]\n       N is at least 5\n",
               program);
  std::exit(2);
}

}  // namespace

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double ticks_per_second() {
  static const double rate = [] {
    const auto begin = std::chrono::steady_clock::now();
    const std::uint64_t from = ticks();
    std::chrono::duration<double> passed{};
    do {
      passed = std::chrono::steady_clock::now() - begin;
    } while (passed.count() < 0.05);
    return static_cast<double>(ticks() - from) / passed.count();
  }();
  return rate;
}

double Figure::ratio() const {
  if (peer.empty() || value == 0 || peer_value == 0) return 0;
  return better == "lower" ? peer_value / value : value / peer_value;
}

Report::Report(std::string title, int count, char** values) : title_(std::move(title)) {
  for (int i = 1; i < count; ++i) {
    const std::string_view name = values[i];
    if (name == "--quick") {
      quick_ = true;
      continue;
    }
    if (i + 1 == count) usage(values[0]);
    const char* value = values[++i];
    if (name == "--json")
      json_file_ = value;
    else if (name == "--filter")
      filter_ = value;
    else if (name == "--runs")
      runs_ = std::atoi(value);
    else
      usage(values[0]);
  }
  if (runs_ < 5) usage(values[0]);
}

void Report::add(Figure figure) { figures_.push_back(std::move(figure)); }

void Report::add(const Task& task, std::vector<double> ours, std::vector<double> theirs) {
  for (double& value : ours) value /= task.operations;
  for (double& value : theirs) value /= task.operations;
  const auto [least, most] = std::ranges::minmax(ours);
  add(Figure{.name = task.name,
             .value = median(ours),
             .unit = task.unit,
             .peer = theirs.empty() ? std::string() : task.peer,
             .peer_value = theirs.empty() ? 0 : median(theirs),
             .runs = static_cast<int>(ours.size()),
             .minimum = least,
             .maximum = most});
}

const Figure* Report::find(const std::string& name) const {
  const auto found = std::ranges::find(figures_, name, &Figure::name);
  return found != figures_.end() ? &*found : nullptr;
}

int Report::finish() {
  fmt::print("{}: TSC at {:.2f} GHz, medians of {} run{}\n", title_, ticks_per_second() / 1e9, runs(),
             runs() == 1 ? " (quick: no figures worth keeping)" : "s");
  fmt::print("{:<32} {:>10} {:<6} {:>8} {:>8}   {:<24} {:>10} {:>7}\n", "name", "median", "unit", "min", "max", "peer",
             "median", "ratio");
  for (const Figure& figure : figures_) {
    fmt::print("{:<32} {:>10} {:<6} {:>8} {:>8}", figure.name, shown(figure.value), figure.unit, shown(figure.minimum),
               shown(figure.maximum));
    if (!figure.peer.empty())
      fmt::print("   {:<24} {:>10} {:>6.2f}x", figure.peer, shown(figure.peer_value), figure.ratio());
    fmt::print("\n");
  }
  if (json_file_.empty()) return 0;
  if (write_list(json_file_, figures_)) return 0;
  std::fprintf(stderr, "%s: cannot be written: %s\n", json_file_.c_str(), std::strerror(errno));
  return 1;
}

}  // namespace handsel::bench
