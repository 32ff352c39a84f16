#include "flow/service.h"

namespace handsel::flow {
namespace {

struct Named {
  std::string_view name;
  std::string_view text;
};
constexpr std::array kOpenFailures = {
#define X(name, text) Named{#name, text},
    HANDSEL_OPEN_FAILURES(X)
#undef X
};

}  // namespace

std::string_view name_of(OpenFailure why) { return kOpenFailures[static_cast<std::size_t>(why)].name; }
std::string_view explain(OpenFailure why) { return kOpenFailures[static_cast<std::size_t>(why)].text; }

}  // namespace handsel::flow
