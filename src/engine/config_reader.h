#pragma once
/// Reads tables of keys: each key is a row with its name, type, default, help, and the function that takes its value.
/// The rows are both the reader and the reference.

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config.h"
#include "engine/config_node.h"

namespace handsel::engine {

/// The known name with the smallest edit distance, when that is small enough to be a slip of the keyboard.
std::optional<std::string_view> nearest(std::string_view name, std::span<const std::string_view> known);
/// ": did you mean \"mtu\"?" or nothing.
std::string suggestion(std::string_view name, std::span<const std::string_view> known);

/// What reading gathers, and what it needs to know.
struct ReadContext {
  std::filesystem::path folder;  ///< relative paths count from here
  std::vector<Fault> faults;

  template <class... Arguments>
  void fault(Position at, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    faults.push_back({at, fmt::format(text, std::forward<Arguments>(arguments)...)});
  }
  /// "mtu wants an integer and is a text"
  void wrong_type(const ConfigEntry& entry, std::string_view wanted) {
    fault(entry.node.at, "{} wants {} and is {}", entry.key, wanted, entry.node.type_name());
  }
};

// Each takes a value of one type, or adds a fault and gives nothing.
std::optional<std::string> read_text(const ConfigEntry& entry, ReadContext& context);
std::optional<bool> read_boolean(const ConfigEntry& entry, ReadContext& context);
std::optional<std::int64_t> read_integer(const ConfigEntry& entry, std::int64_t least, std::int64_t most,
                                         ReadContext& context);
/// A number from 0 to 1.
std::optional<double> read_probability(const ConfigEntry& entry, ReadContext& context);
/// "250ms", "10s", "2min", or a number of seconds.
std::optional<std::chrono::milliseconds> read_duration(const ConfigEntry& entry, ReadContext& context);
std::optional<wire::IpAddress> read_address(const ConfigEntry& entry, ReadContext& context);
/// One of `known`, which the fault lists.
std::optional<std::string> read_choice(const ConfigEntry& entry, std::span<const std::string_view> known,
                                       ReadContext& context);
/// The elements of a list, each under the list's key; a value alone is a list of one.
std::vector<ConfigEntry> read_list(const ConfigEntry& entry);

template <class Target>
struct Key {
  std::string_view name;
  std::string_view type;
  std::string_view default_value;  ///< "required": a table without it is a fault
  std::string_view help;
  void (*read)(const ConfigEntry&, Target&, ReadContext&);
};

inline constexpr std::string_view kRequired = "required";

/// Fills `target` from a table; unknown keys, and required ones that are missing, are faults.
template <class Target>
void read_table(const ConfigEntry& entry, std::string_view section, std::span<const Key<Target>> keys, Target& target,
                ReadContext& context) {
  const auto* table = std::get_if<ConfigNode::Table>(&entry.node.value);
  if (table == nullptr) return context.wrong_type(entry, "a table");
  std::vector<std::string_view> names;
  for (const Key<Target>& key : keys) names.push_back(key.name);
  for (const ConfigEntry& member : *table) {
    bool known = false;
    for (const Key<Target>& key : keys) {
      if (key.name != member.key) continue;
      key.read(member, target, context);
      known = true;
    }
    if (!known)
      context.fault(member.at, "unknown key \"{}\" in {}{}", member.key, section, suggestion(member.key, names));
  }
  for (const Key<Target>& key : keys) {
    if (key.default_value != kRequired) continue;
    bool given = false;
    for (const ConfigEntry& member : *table) given |= member.key == key.name;
    if (!given) context.fault(entry.node.at, "{} lacks {}: {}", section, key.name, key.help);
  }
}

}  // namespace handsel::engine
