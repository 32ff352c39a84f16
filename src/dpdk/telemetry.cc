#include "dpdk/telemetry.h"

#include <fmt/format.h>
#include <rte_telemetry.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <mutex>

namespace handsel::dpdk {
namespace {

// DPDK's bounds (rte_telemetry.h, and seen on 22.11): what does not fit is left out, and counted under "left_out".
constexpr std::size_t kMaxEntries = RTE_TEL_MAX_DICT_ENTRIES - 1;
constexpr std::size_t kMaxStringBytes = RTE_TEL_MAX_STRING_LEN - 1;
// A reply is 16 KiB of JSON; each entry costs its name, a number of up to 20 digits, and punctuation.
constexpr std::size_t kReplyBytes = 15 * 1024;
constexpr std::size_t kEntryOverhead = 26;

// A command's callback has no context, hence a global; the lock keeps the sources alive while one of DPDK's threads
// asks.
std::mutex g_lock;
const TelemetrySources* g_sources = nullptr;

std::string cut(std::string_view text) { return std::string(text.substr(0, kMaxStringBytes)); }

/// DPDK takes names of letters, digits, '_' and '/' alone.
std::string as_name(std::string_view text) {
  std::string name = cut(text);
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '/') c = '_';
  return name;
}

/// DPDK escapes nothing.
std::string as_value(std::string_view text) {
  std::string value = cut(text);
  for (char& c : value)
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) c = '?';
  return value;
}

/// DPDK shows a failed callback as a bare null, so a failure is an answer too.
int answer_error(rte_tel_data* answer, const std::string& message) {
  rte_tel_data_start_dict(answer);
  return rte_tel_data_add_dict_string(answer, "error", as_value(message).c_str());
}

/// A dictionary that stays within DPDK's bounds.
class BoundedDict {
 public:
  explicit BoundedDict(rte_tel_data* answer) : answer_(answer) { rte_tel_data_start_dict(answer); }
  void add(const std::string& name, std::uint64_t value) {
    if (!fits(name.size())) return;
    rte_tel_data_add_dict_u64(answer_, as_name(name).c_str(), value);
  }
  void add(const std::string& name, const std::string& value) {
    if (!fits(name.size() + value.size())) return;
    rte_tel_data_add_dict_string(answer_, as_name(name).c_str(), as_value(value).c_str());
  }
  void finish() {
    if (left_out_ != 0) rte_tel_data_add_dict_u64(answer_, "left_out", left_out_);
  }

 private:
  bool fits(std::size_t bytes) {
    if (entries_ == kMaxEntries || bytes_ + bytes + kEntryOverhead > kReplyBytes) {
      ++left_out_;
      return false;
    }
    ++entries_;
    bytes_ += bytes + kEntryOverhead;
    return true;
  }
  rte_tel_data* answer_;
  std::size_t entries_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t left_out_ = 0;
};

void add_groups(BoundedDict& dict, const engine::NamedGroups& groups) {
  for (const engine::NamedGroup& group : groups)
    for (const engine::NamedValue& value : group.values)
      dict.add(fmt::format("{}/{}", group.name, value.name), value.value);
}

/// /handsel/stats answers the groups, all or the one named behind a comma: "/handsel/stats,tcp".
int answer_stats(const TelemetrySources& sources, const char* parameters, rte_tel_data* answer) {
  engine::NamedGroups groups = sources.stats();
  if (parameters != nullptr && *parameters != '\0') {
    const std::string wanted(parameters);
    std::erase_if(groups, [&](const engine::NamedGroup& group) { return group.name != wanted; });
    if (groups.empty()) return answer_error(answer, fmt::format("no group is called {}", wanted));
  }
  BoundedDict dict(answer);
  add_groups(dict, groups);
  dict.finish();
  return 0;
}

int answer_drops(const TelemetrySources& sources, const char*, rte_tel_data* answer) {
  BoundedDict dict(answer);
  for (const engine::NamedGroup& group : sources.stats())
    if (group.name == "drops")
      for (const engine::NamedValue& value : group.values) dict.add(value.name, value.value);
  dict.finish();
  return 0;
}

int answer_info(const TelemetrySources& sources, const char*, rte_tel_data* answer) {
  BoundedDict dict(answer);
  for (const auto& [name, value] : sources.info()) dict.add(name, value);
  dict.finish();
  return 0;
}

struct Entry {
  const char* command;
  const char* help;
  int (*answer)(const TelemetrySources&, const char* parameters, rte_tel_data*);
};
constexpr std::array<Entry, 3> kCommands{{
    {"/handsel/stats", "Counters by group. Parameters: the name of one group", answer_stats},
    {"/handsel/drops", "Packets and connections turned away, by reason. No parameters", answer_drops},
    {"/handsel/info", "What runs: version, ports, listeners, workers. No parameters", answer_info},
}};

int on_command(const char* command, const char* parameters, rte_tel_data* answer) {
  const std::string_view name(command);
  const auto* entry = std::find_if(kCommands.begin(), kCommands.end(),
                                   [&](const Entry& candidate) { return name == candidate.command; });
  if (entry == kCommands.end()) return answer_error(answer, "no such command");
  const std::lock_guard guard(g_lock);
  if (g_sources == nullptr) return answer_error(answer, "the engine is not running");
  return entry->answer(*g_sources, parameters, answer);
}

}  // namespace

Telemetry::Telemetry(TelemetrySources sources) : sources_(std::make_unique<TelemetrySources>(std::move(sources))) {
  {
    const std::lock_guard guard(g_lock);
    g_sources = sources_.get();
  }
  for (const Entry& entry : kCommands) rte_telemetry_register_cmd(entry.command, on_command, entry.help);
}

Telemetry::~Telemetry() {
  const std::lock_guard guard(g_lock);
  g_sources = nullptr;
}

}  // namespace handsel::dpdk
