#include "tls/alert.h"

#include <array>

namespace handsel::tls {
namespace {

struct Row {
  std::string_view name;
  Alert alert;
  std::string_view text;
};

constexpr std::array<Row, kErrors> kRows = {{{"none", Alert::close_notify, "no error"},
#define X(name, alert, text) {#name, Alert::alert, text},
                                             HANDSEL_TLS_ERRORS(X)
#undef X
}};

const Row& row(Error error) { return kRows[static_cast<std::size_t>(error)]; }

}  // namespace

std::string_view name_of(Error error) { return row(error).name; }
std::string_view explain(Error error) { return row(error).text; }
Alert alert_for(Error error) { return row(error).alert; }
bool is_answered(Error error) { return row(error).alert != Alert::close_notify; }

std::string_view name_of(Alert alert) {
  switch (alert) {
#define X(name, number) \
  case Alert::name:     \
    return #name;
    HANDSEL_TLS_ALERTS(X)
#undef X
  }
  return "unknown";
}

}  // namespace handsel::tls
