#include "service/load_statistics.h"

namespace handsel::service {
namespace {

struct Named {
  std::string_view name;
  std::string_view text;
};
constexpr std::array kFailures = {
#define X(name, text) Named{#name, text},
    HANDSEL_LOAD_FAILURES(X)
#undef X
};

}  // namespace

std::string_view name_of(LoadFailure why) { return kFailures[static_cast<std::size_t>(why)].name; }
std::string_view explain(LoadFailure why) { return kFailures[static_cast<std::size_t>(why)].text; }

}  // namespace handsel::service
