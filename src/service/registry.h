#pragma once
/// The services that a listener can name in the configuration.

#include <memory>
#include <span>
#include <string_view>

#include "flow/service.h"

namespace handsel::service {

/// A new instance of the service called `name` for one worker, or nullptr when there is none.
std::unique_ptr<flow::Service> make_service(std::string_view name);
/// Every name that make_service knows.
std::span<const std::string_view> service_names();

}  // namespace handsel::service
