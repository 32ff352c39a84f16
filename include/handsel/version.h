#pragma once
/// The version that this tree is of; meson.build says the same, and tests/house compares the two.

#include <string_view>

namespace handsel {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace handsel
