#pragma once
/// The engine's counters as they leave the process: by name in groups, as JSON, and as text for people.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace handsel::engine {

struct NamedValue {
  std::string name;
  std::uint64_t value = 0;
};

/// Values of one subject, in the order in which they are shown: "packets", "tcp", "tls", "drops", "port 0", …
struct NamedGroup {
  std::string name;
  std::vector<NamedValue> values;
};
using NamedGroups = std::vector<NamedGroup>;

/// "1,234,567": eleven digits in a row are nobody's to read.
std::string grouped(std::uint64_t value);

/// {"packets": {"rx_frames": 12, …}, "drops": {…}, …}
nlohmann::json to_json(const NamedGroups& groups);

/// Tables for people out of what to_json() made: a group a heading, a value a line, zeros left out but for a group
/// without any other. With `before` (an earlier answer) and `seconds` between the two a rate stands beside each value.
std::string render_stats(const nlohmann::json& now, const nlohmann::json* before = nullptr, double seconds = 0);

}  // namespace handsel::engine
