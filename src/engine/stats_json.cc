#include "engine/stats_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace handsel::engine {
namespace {

using nlohmann::json;

/// A counter's value; nullopt for what is none.
std::optional<std::uint64_t> count_of(const json& value) {
  if (value.is_number_unsigned() || (value.is_number_integer() && value.get<std::int64_t>() >= 0))
    return value.get<std::uint64_t>();
  return std::nullopt;
}

std::optional<std::uint64_t> value_at(const json* groups, const std::string& group, const std::string& name) {
  if (groups == nullptr) return std::nullopt;
  const auto found = groups->find(group);
  if (found == groups->end() || !found->is_object()) return std::nullopt;
  const auto value = found->find(name);
  return value == found->end() ? std::nullopt : count_of(*value);
}

std::string rate(std::uint64_t now, std::uint64_t before, double seconds) {
  if (seconds <= 0 || now <= before) return {};
  return fmt::format("{:.1f}/s", static_cast<double>(now - before) / seconds);
}

void render_group(std::string& out, const std::string& name, const json& values, const json* before, double seconds) {
  std::string rows;
  std::size_t zeros = 0;
  for (const auto& [key, value] : values.items()) {
    const auto count = count_of(value);
    if (!count) continue;
    const std::uint64_t number = *count;
    const auto earlier = value_at(before, name, key);
    if (number == 0 && earlier.value_or(0) == 0) {
      ++zeros;
      continue;
    }
    rows += fmt::format("  {:<44} {:>16}", key, grouped(number));
    if (const std::string change = earlier ? rate(number, *earlier, seconds) : std::string(); !change.empty())
      rows += fmt::format(" {:>14}", change);
    rows += '\n';
  }
  if (rows.empty() && zeros == 0) return;
  out += name + '\n';
  out += rows.empty() ? "  (all zero)\n" : rows;
}

}  // namespace

std::string grouped(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

json to_json(const NamedGroups& groups) {
  json out = json::object();
  for (const NamedGroup& group : groups) {
    json& values = out[group.name] = json::object();
    for (const NamedValue& value : group.values) values[value.name] = value.value;
  }
  return out;
}

std::string render_stats(const json& now, const json* before, double seconds) {
  std::string out;
  if (!now.is_object()) return out;
  for (const auto& [name, values] : now.items())
    if (values.is_object()) render_group(out, name, values, before, seconds);
  return out;
}

}  // namespace handsel::engine
