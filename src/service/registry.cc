#include "service/registry.h"

#include <array>

#include "service/echo.h"
#include "service/http.h"

namespace handsel::service {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"http", "echo", "discard"};

}  // namespace

std::unique_ptr<flow::Service> make_service(std::string_view name) {
  if (name == kNames[0]) return std::make_unique<Http>();
  if (name == kNames[1]) return std::make_unique<Echo>();
  if (name == kNames[2]) return std::make_unique<Discard>();
  return nullptr;
}

std::span<const std::string_view> service_names() { return kNames; }

}  // namespace handsel::service
