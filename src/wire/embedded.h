#pragma once
/// The start of a datagram of ours that an ICMP or ICMPv6 error carries back (RFC 792, RFC 1812 4.3.2.3, RFC 4443 2.4):
/// enough to tell which connection it was and whether the error can be believed (RFC 5927 4.1).

#include <cstddef>
#include <cstdint>
#include <expected>

#include "base/bytes.h"
#include "base/drop.h"
#include "wire/address.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/sequence.h"

namespace handsel::wire {

struct EmbeddedDatagram {
  std::uint8_t ip_version = 0;
  std::uint8_t protocol = 0;
  IpAddress source;
  IpAddress destination;
  std::uint16_t source_port = 0;       ///< TCP and UDP
  std::uint16_t destination_port = 0;  ///< TCP and UDP
  SeqNum seq;                          ///< TCP

  bool operator==(const EmbeddedDatagram&) const = default;
};

/// Reads the IP header and the first 8 bytes behind it; the datagram may be cut off anywhere after those, so its length
/// field is not believed. Errors: icmp_malformed for anything shorter or that is not the first fragment.
std::expected<EmbeddedDatagram, Drop> parse_embedded(Bytes datagram, std::uint8_t ip_version);

}  // namespace handsel::wire
