#include "base/drop.h"

namespace handsel {
namespace {

constexpr std::array<std::string_view, kDropReasons> kNames = {
#define X(name, text) #name,
    HANDSEL_DROP_REASONS(X)
#undef X
};
constexpr std::array<std::string_view, kDropReasons> kTexts = {
#define X(name, text) text,
    HANDSEL_DROP_REASONS(X)
#undef X
};

}  // namespace

std::string_view name_of(Drop reason) { return kNames[static_cast<std::size_t>(reason)]; }
std::string_view explain(Drop reason) { return kTexts[static_cast<std::size_t>(reason)]; }

}  // namespace handsel
