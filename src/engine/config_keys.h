#pragma once
/// Every key of the configuration file with its type, its default and what it is for: what the reference is made of.

#include <span>
#include <string_view>
#include <vector>

namespace handsel::engine {

struct KeyHelp {
  std::string_view section;  ///< "[engine]", "[[port]]", …
  std::string_view name;
  std::string_view type;           ///< "integer", "list of addresses with prefix", …
  std::string_view default_value;  ///< as one would write it; "required" when there is none
  std::string_view help;           ///< a sentence
};

/// In the order of the sections and keys as a file would have them. The same rows drive the reader.
std::vector<KeyHelp> config_keys();

}  // namespace handsel::engine
