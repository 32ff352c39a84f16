#pragma once
/// Whole frames of the protocols that keep a link alive: ARP, ICMP, ICMPv6 with neighbour discovery. The writer fails
/// when its buffer is too small; nothing is to be sent then.

#include "base/bytes.h"
#include "wire/arp.h"
#include "wire/frame.h"
#include "wire/icmp.h"
#include "wire/icmpv6.h"
#include "wire/nd.h"

namespace handsel::wire {

inline void emit_arp_frame(LinkHeader link, const ArpPacket& packet, Writer& writer) {
  link.ether_type = kEtherArp;
  emit(link, writer);
  emit(packet, writer);
}

namespace detail {
/// Link and IP header for a message of `payload_bytes`.
inline void emit_headers(LinkHeader link, const IpFields& ip, std::uint8_t protocol, std::size_t payload_bytes,
                         Writer& writer) {
  link.ether_type = ip.source.is_v4() ? kEtherIpv4 : kEtherIpv6;
  emit(link, writer);
  if (const MutableBytes room = writer.hole(ip_header_bytes(ip)); !room.empty())
    write_ip_header(room.data(), ip, protocol, payload_bytes);
}
}  // namespace detail

/// Message: IcmpEcho or IcmpError. `ip` names IPv4 addresses.
template <typename Message>
void emit_icmp_frame(const LinkHeader& link, const IpFields& ip, const Message& message, Writer& writer) {
  detail::emit_headers(link, ip, kProtocolIcmp, message_bytes(message), writer);
  emit(message, writer);
}

/// Message: Icmpv6Echo, Icmpv6Error, or one of wire/nd.h, for which ip.ttl has to be kNdHopLimit.
template <typename Message>
void emit_icmpv6_frame(const LinkHeader& link, const IpFields& ip, const Message& message, Writer& writer) {
  detail::emit_headers(link, ip, kProtocolIcmpv6, message_bytes(message), writer);
  emit(message, Icmpv6Path{ip.source, ip.destination}, writer);
}

}  // namespace handsel::wire
