#include "flow/routes.h"

#include <algorithm>
#include <utility>

namespace handsel::flow {

Routes::Routes(std::vector<wire::IpPrefix> addresses, const std::vector<wire::IpAddress>& gateways)
    : addresses_(std::move(addresses)) {
  for (const wire::IpAddress& gateway : gateways) {
    std::optional<wire::IpAddress>& of_family = gateway.is_v4() ? gateway_v4_ : gateway_v6_;
    if (!of_family) of_family = gateway;
  }
}

bool Routes::is_ours(const wire::IpAddress& address) const {
  return std::ranges::any_of(addresses_, [&](const wire::IpPrefix& ours) { return ours.address == address; });
}

bool Routes::on_link(const wire::IpAddress& address) const {
  if (address.is_link_local() && !address.is_v4()) return true;
  return std::ranges::any_of(addresses_, [&](const wire::IpPrefix& ours) { return ours.contains(address); });
}

bool Routes::is_host(const wire::IpAddress& address) const {
  if (address.is_multicast() || address.is_broadcast() || address.is_unspecified() || address.is_loopback() ||
      is_ours(address))
    return false;
  return std::ranges::none_of(addresses_, [&](const wire::IpPrefix& ours) { return ours.broadcast() == address; });
}

std::optional<wire::IpAddress> Routes::next_hop(const wire::IpAddress& to) const {
  if (on_link(to)) return to;
  return to.is_v4() ? gateway_v4_ : gateway_v6_;
}

std::optional<wire::IpAddress> Routes::source_for(const wire::IpAddress& to) const {
  const std::optional<wire::IpAddress> hop = next_hop(to);
  std::optional<wire::IpAddress> first;
  for (const wire::IpPrefix& ours : addresses_) {
    if (ours.address.is_v4() != to.is_v4()) continue;
    if (hop && ours.contains(*hop)) return ours.address;
    if (!first) first = ours.address;
  }
  return first;
}

}  // namespace handsel::flow
