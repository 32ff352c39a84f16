#pragma once
/// A configuration text as a plain tree with positions: all that the reader sees of TOML.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/config.h"

namespace handsel::engine {

struct ConfigEntry;

/// A value and where it stands. Dates and times are kept as `Other`: no key takes one.
struct ConfigNode {
  struct Other {};
  using List = std::vector<ConfigNode>;
  using Table = std::vector<ConfigEntry>;

  Position at;
  std::variant<Other, bool, std::int64_t, double, std::string, List, Table> value;

  /// "an integer", "a table": for saying what was found in place of what was wanted.
  std::string_view type_name() const;
};

struct ConfigEntry {
  std::string key;
  Position at;  ///< of the key
  ConfigNode node;
};

/// The root is a table, its entries in the order of the text. The fault is one of TOML's syntax.
std::expected<ConfigNode, Fault> parse_toml(std::string_view text);

}  // namespace handsel::engine
