#include "wire/embedded.h"

namespace handsel::wire {
namespace {

constexpr std::size_t kTransportBytes = 8;

void take_transport(Bytes transport, EmbeddedDatagram& datagram) {
  if (datagram.protocol != kProtocolTcp && datagram.protocol != kProtocolUdp) return;
  datagram.source_port = load_be16(transport.data());
  datagram.destination_port = load_be16(transport.data() + 2);
  if (datagram.protocol == kProtocolTcp) datagram.seq = SeqNum(load_be32(transport.data() + 4));
}

/// The offset of the transport header, or zero.
std::size_t take_ipv4(Bytes bytes, EmbeddedDatagram& datagram) {
  if (bytes.size() < Ipv4Header::kMinBytes || bytes[0] >> 4 != 4) return 0;
  const std::size_t header = std::size_t{bytes[0] & 15u} * 4;
  if (header < Ipv4Header::kMinBytes || (load_be16(bytes.data() + 6) & 0x1fff) != 0) return 0;
  datagram.protocol = bytes[9];
  datagram.source = IpAddress::from_v4(bytes.data() + 12);
  datagram.destination = IpAddress::from_v4(bytes.data() + 16);
  return header;
}

std::size_t take_ipv6(Bytes bytes, EmbeddedDatagram& datagram) {
  if (bytes.size() < Ipv6Header::kBytes || bytes[0] >> 4 != 6) return 0;
  const auto upper = walk_ipv6_extensions(bytes[6], bytes.subspan(Ipv6Header::kBytes));
  if (!upper || (upper->fragment && upper->fragment->offset != 0)) return 0;
  datagram.protocol = upper->protocol;
  datagram.source = IpAddress::from_v6(bytes.data() + 8);
  datagram.destination = IpAddress::from_v6(bytes.data() + 24);
  return Ipv6Header::kBytes + upper->offset;
}

}  // namespace

std::expected<EmbeddedDatagram, Drop> parse_embedded(Bytes bytes, std::uint8_t ip_version) {
  EmbeddedDatagram datagram;
  datagram.ip_version = ip_version;
  const std::size_t header = ip_version == 4 ? take_ipv4(bytes, datagram) : take_ipv6(bytes, datagram);
  if (header == 0 || bytes.size() < header + kTransportBytes) return std::unexpected(Drop::icmp_malformed);
  take_transport(bytes.subspan(header), datagram);
  return datagram;
}

}  // namespace handsel::wire
