#pragma once
/// Neighbour discovery for IPv6 (RFC 4861 4 and 7.1): solicitations and advertisements of neighbours and routers.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <variant>

#include "base/bytes.h"
#include "base/drop.h"
#include "wire/address.h"
#include "wire/icmpv6.h"

namespace handsel::wire {

/// "Who has `target`?" The source link address is absent when the sender has no address yet (RFC 4862 5.4).
struct NeighbourSolicitation {
  IpAddress target;
  std::optional<MacAddress> source_link;
  bool operator==(const NeighbourSolicitation&) const = default;
};

/// "`target` is at `target_link`."
struct NeighbourAdvertisement {
  IpAddress target;
  bool router = false;
  bool solicited = false;  ///< an answer to a solicitation
  bool override_cache = true;
  std::optional<MacAddress> target_link;
  bool operator==(const NeighbourAdvertisement&) const = default;
};

struct RouterSolicitation {
  std::optional<MacAddress> source_link;
  bool operator==(const RouterSolicitation&) const = default;
};

/// What the engine needs of a router: that it is one, its link address, and the link's MTU and first prefix.
struct RouterAdvertisement {
  std::uint8_t hop_limit = 0;
  bool managed = false;  ///< addresses by DHCPv6
  bool other_configuration = false;
  std::uint16_t lifetime_s = 0;  ///< zero: no default router
  std::uint32_t reachable_ms = 0;
  std::uint32_t retransmit_ms = 0;
  std::optional<MacAddress> source_link;
  std::optional<std::uint32_t> mtu;
  std::optional<IpPrefix> prefix;  ///< the first one announced
  bool prefix_on_link = false;
  bool prefix_autonomous = false;
  std::uint32_t prefix_valid_s = 0;
  std::uint32_t prefix_preferred_s = 0;
  bool operator==(const RouterAdvertisement&) const = default;
};

using NdMessage = std::variant<NeighbourSolicitation, NeighbourAdvertisement, RouterSolicitation, RouterAdvertisement>;

/// Parses `message` (the ICMPv6 message, checksum verified before) that came over `path` with `hop_limit`, under all
/// the rules of RFC 4861 6.1 and 7.1. Options of unknown kinds are stepped over. Errors: nd_malformed, icmp_ignored for
/// types that are not of neighbour discovery.
std::expected<NdMessage, Drop> parse_nd(Bytes message, const Icmpv6Path& path, std::uint8_t hop_limit);

/// Bytes that emit writes.
std::size_t message_bytes(const NeighbourSolicitation& message);
std::size_t message_bytes(const NeighbourAdvertisement& message);
std::size_t message_bytes(const RouterSolicitation& message);
std::size_t message_bytes(const RouterAdvertisement& message);

/// Emit the message with its checksum for `path`. The packet that carries it needs kNdHopLimit.
void emit(const NeighbourSolicitation& message, const Icmpv6Path& path, Writer& writer);
void emit(const NeighbourAdvertisement& message, const Icmpv6Path& path, Writer& writer);
void emit(const RouterSolicitation& message, const Icmpv6Path& path, Writer& writer);
void emit(const RouterAdvertisement& message, const Icmpv6Path& path, Writer& writer);

/// No router has passed a packet on that still has it (RFC 4861 3.1).
inline constexpr std::uint8_t kNdHopLimit = 255;

}  // namespace handsel::wire
