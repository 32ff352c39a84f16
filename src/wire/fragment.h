#pragma once
/// Fragments of IP packets (RFC 791 3.2, RFC 8200 4.5): a received one, read and checked.

#include <cstddef>
#include <cstdint>
#include <expected>

#include "base/bytes.h"
#include "base/drop.h"
#include "wire/address.h"
#include "wire/ethernet.h"

namespace handsel::wire {

/// One fragment. Views into the frame's own bytes.
struct FragmentView {
  EthernetView link;
  IpAddress source;
  IpAddress destination;
  std::uint32_t identification = 0;  ///< 16 bits over IPv4
  std::uint16_t offset = 0;          ///< in bytes, of `payload` in the whole packet's
  bool more = false;                 ///< others lie behind it
  std::uint8_t protocol = 0;         ///< what the payload of the whole is; over IPv6 only the first one's counts
  std::uint8_t ttl = 0;              ///< or hop limit
  std::uint8_t traffic_class = 0;
  Bytes payload;

  std::size_t end() const { return offset + payload.size(); }
};

/// Reads a frame that parse_frame has called Drop::ip_fragment. Errors: those of parse_frame up to the IP header;
/// ip_fragment_malformed when the payload is empty, when it is not the last one and no multiple of 8 bytes, when it
/// ends past 65,535 bytes, or when a first fragment of TCP does not hold the fixed TCP header, or one behind it begins
/// inside that (RFC 1858 3, RFC 3128, RFC 7112 5); ip_fragment when it is none.
std::expected<FragmentView, Drop> parse_fragment(Bytes frame, bool verify_ip);

}  // namespace handsel::wire
