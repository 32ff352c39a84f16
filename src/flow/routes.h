#pragma once
/// Which way packets leave: straight to a neighbour on one of our networks, or by a gateway.

#include <optional>
#include <vector>

#include "wire/address.h"

namespace handsel::flow {

/// Fixed at start; as long as a port's list of addresses.
class Routes {
 public:
  /// `addresses`: ours, with their networks. `gateways`: at most one a family is used, the first.
  Routes(std::vector<wire::IpPrefix> addresses, const std::vector<wire::IpAddress>& gateways);

  /// The neighbour to whom packets for `to` go; nullopt when no way leads there. fe80::/10 is on the link, whatever our
  /// addresses (RFC 4861 5.1).
  std::optional<wire::IpAddress> next_hop(const wire::IpAddress& to) const;
  /// The address of ours that packets to `to` come from: one in the network of the next hop, else the first of the
  /// family (RFC 6724 5, as far as a host with static addresses needs it); nullopt without one.
  std::optional<wire::IpAddress> source_for(const wire::IpAddress& to) const;
  /// True when `address` is one of ours.
  bool is_ours(const wire::IpAddress& address) const;
  /// True when one of our networks holds `address`, or it is link-local.
  bool on_link(const wire::IpAddress& address) const;
  /// True when `address` can be one host other than us: no group, no broadcast of our networks, no loopback.
  bool is_host(const wire::IpAddress& address) const;

 private:
  std::vector<wire::IpPrefix> addresses_;
  std::optional<wire::IpAddress> gateway_v4_;
  std::optional<wire::IpAddress> gateway_v6_;
};

}  // namespace handsel::flow
