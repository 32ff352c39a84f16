// toml++ stays in this file: it is slow to compile, and nobody else needs to know it.
#define TOML_EXCEPTIONS 0
#undef TOML_HEADER_ONLY
#undef TOML_SHARED_LIB
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include <algorithm>

#include "engine/config_node.h"

namespace handsel::engine {
namespace {

Position position_of(const toml::source_region& source) { return {source.begin.line, source.begin.column}; }

ConfigNode convert(const toml::node& node) {
  ConfigNode out{.at = position_of(node.source()), .value = ConfigNode::Other{}};
  if (const auto* table = node.as_table()) {
    ConfigNode::Table entries;
    for (const auto& [key, value] : *table)
      entries.push_back({std::string(key.str()), position_of(key.source()), convert(value)});
    // toml++ sorts by name; faults are told in the order of the text.
    std::sort(entries.begin(), entries.end(), [](const ConfigEntry& a, const ConfigEntry& b) {
      return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
    });
    out.value = std::move(entries);
  } else if (const auto* array = node.as_array()) {
    ConfigNode::List list;
    for (const auto& value : *array) list.push_back(convert(value));
    out.value = std::move(list);
  } else if (const auto* text = node.as_string()) {
    out.value = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.value = integer->get();
  } else if (const auto* real = node.as_floating_point()) {
    out.value = real->get();
  } else if (const auto* boolean = node.as_boolean()) {
    out.value = boolean->get();
  }
  return out;
}

}  // namespace

std::string_view ConfigNode::type_name() const {
  static constexpr std::string_view kNames[] = {"a date or time", "a boolean", "an integer", "a number with a point",
                                                "a text",         "a list",    "a table"};
  return kNames[value.index()];
}

std::expected<ConfigNode, Fault> parse_toml(std::string_view text) {
  const toml::parse_result result = toml::parse(text);
  if (!result)
    return std::unexpected(Fault{position_of(result.error().source()), std::string(result.error().description())});
  return convert(result.table());
}

}  // namespace handsel::engine
