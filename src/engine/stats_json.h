#pragma once
/// The engine's counters as they leave the process: by name in groups, as JSON, and as text for people.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace handsel::engine {

/// The name is a literal or otherwise outlives the value.
struct NamedValue {
  std::string_view name;
  std::uint64_t value = 0;
};

/// Values of one subject: "packets", "tcp", "tls", "drops", "port 0", …
struct NamedGroup {
  std::string name;
  std::vector<NamedValue> values;
};
using NamedGroups = std::vector<NamedGroup>;

/// {"packets": {"rx_frames": 12, …}, "drops": {…}, …}
nlohmann::json to_json(const NamedGroups& groups);

/// Tables for people out of what to_json() made: a group a heading, a value a line, zeros left out but for a group
/// without any other. With `before` (an earlier answer) and `seconds` between the two a rate stands beside each value.
std::string render_stats(const nlohmann::json& now, const nlohmann::json* before = nullptr, double seconds = 0);

}  // namespace handsel::engine
