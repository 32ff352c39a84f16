#pragma once
/// Whole frames: what a worker learns of a received one in one pass, and how it writes one to be sent.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>

#include "base/bytes.h"
#include "base/drop.h"
#include "wire/address.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/tcp.h"

namespace handsel::wire {

/// Which checksums parse_frame has to compute: all of them, unless the port has found them good.
struct ChecksumPolicy {
  bool verify_ip = true;         ///< the IPv4 header's
  bool verify_transport = true;  ///< TCP's, ICMP's, ICMPv6's
};

/// A received frame, checked. Views into the frame's own bytes: it lives no longer than the packet buffer.
struct FrameView {
  // Not defaulted: it would be zeroed as a whole first, by a string instruction that takes longer than the parse.
  FrameView() {}

  EthernetView link;
  IpAddress source;
  IpAddress destination;
  Bytes transport;                 ///< the IP payload behind all headers of IP, without Ethernet's padding
  TcpView tcp;                     ///< only when is_tcp()
  std::uint8_t ip_version = 0;     ///< 4, 6, or 0 for ARP, whose packet is then `transport`
  std::uint8_t protocol = 0;       ///< behind IPv6 extension headers
  std::uint8_t ttl = 0;            ///< or hop limit
  std::uint8_t traffic_class = 0;  ///< DSCP and ECN
  std::uint16_t ip_offset = 0;     ///< of the IP header in the frame

  bool is_arp() const { return ip_version == 0; }
  bool is_tcp() const { return protocol == kProtocolTcp && ip_version != 0; }
  bool is_icmp() const { return protocol == kProtocolIcmp && ip_version == 4; }
  bool is_icmpv6() const { return protocol == kProtocolIcmpv6 && ip_version == 6; }
  Ecn ecn() const { return static_cast<Ecn>(traffic_class & 3); }
  /// The IP packet as received, from its header to its last byte.
  Bytes ip_packet() const {
    const std::uint8_t* begin = link.frame().data() + ip_offset;
    return {begin, static_cast<std::size_t>(transport.data() + transport.size() - begin)};
  }
};

/// Parses the link header, VLAN tags, ARP's presence, IPv4 or IPv6 with its extensions, and TCP; verifies what `policy`
/// asks for. A transport protocol other than TCP, ICMP and ICMPv6 is not looked into and not an error here. Errors: any
/// of the wire group of base/drop.h but those of reject_address and of ARP, ICMP and ND contents; ip_fragment for
/// fragments of either family.
std::expected<FrameView, Drop> parse_frame(Bytes frame, ChecksumPolicy policy);

/// What addresses betray: ip_martian for sources that cannot be one (RFC 1812 5.3.7, RFC 4291 2.7: multicast,
/// broadcast, loopback, IPv4-mapped over IPv6, unspecified except for IPv6 neighbour discovery) and for loopback or
/// unspecified destinations; ip_land when source equals destination. nullopt lets the frame through. Nothing to say
/// about ARP.
std::optional<Drop> reject_address(const FrameView& frame);

/// What IP has to say of an outgoing packet apart from protocol and length.
struct IpFields {
  IpAddress source;
  IpAddress destination;             ///< of the same family as source
  std::uint8_t ttl = 64;             ///< or hop limit
  std::uint8_t traffic_class = 0;    ///< DSCP and ECN
  std::uint16_t identification = 0;  ///< IPv4 only; 0 is right for atomic datagrams (RFC 6864 4.1)
  bool dont_fragment = true;         ///< IPv4 only
};

/// Which checksums the port fills in on its own. With `tcp` the field holds the folded pseudo-header sum.
struct ChecksumOffload {
  bool ip = false;
  bool tcp = false;
};

/// Bytes of the IP header that `ip` asks for.
inline std::size_t ip_header_bytes(const IpFields& ip) {
  return ip.source.is_v4() ? Ipv4Header::kMinBytes : Ipv6Header::kBytes;
}

/// Writes an IP header of ip_header_bytes() bytes that exist, for `payload_bytes` of `protocol`; gives what follows it.
std::uint8_t* write_ip_header(std::uint8_t* at, const IpFields& ip, std::uint8_t protocol, std::size_t payload_bytes,
                              bool with_checksum = true);

/// Where the payload of a TCP frame begins: link, IP and TCP header with its options. Copy the payload there, then
/// call write_tcp_frame. Always even, so that the payload's sum can be taken while it is copied.
std::size_t tcp_frame_header_bytes(const LinkHeader& link, const IpAddress& destination, const TcpHeader& tcp);

/// Writes the headers of a TCP frame in front of its payload. `frame` holds tcp_frame_header_bytes() bytes to be
/// written and then the payload, to its end; the whole must fit an IP packet. The link's EtherType is set by the
/// addresses' family. `payload_sum` is what copy_and_sum gave, or nullopt to have it computed here (it is not looked at
/// when the port computes TCP checksums).
void write_tcp_frame(MutableBytes frame, const LinkHeader& link, const IpFields& ip, const TcpHeader& tcp,
                     std::optional<Sum> payload_sum, ChecksumOffload offload);

}  // namespace handsel::wire
