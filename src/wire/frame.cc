#include "wire/frame.h"

#include <cassert>

namespace handsel::wire {
namespace {

/// Every step of the parse gives the reason to stop, if there is one.
using Verdict = std::optional<Drop>;

Verdict take_ipv4(FrameView& view, Bytes packet, ChecksumPolicy policy) {
  Ipv4View ip;
  if (const Verdict fault = ip.assign(packet)) return fault;
  if (policy.verify_ip && !ip.checksum_ok()) return Drop::ip4_bad_checksum;
  if (ip.is_fragment()) return Drop::ip_fragment;
  view.ip_version = 4;
  view.protocol = ip.protocol();
  view.ttl = ip.ttl();
  view.traffic_class = ip.traffic_class();
  view.source = ip.source();
  view.destination = ip.destination();
  view.transport = ip.payload();
  return std::nullopt;
}

Verdict take_ipv6(FrameView& view, Bytes packet) {
  Ipv6View ip;
  if (const Verdict fault = ip.assign(packet)) return fault;
  view.protocol = ip.next_header();
  view.transport = ip.payload();
  if (view.protocol != kProtocolTcp && view.protocol != kProtocolIcmpv6) {
    const auto upper = walk_ipv6_extensions(view.protocol, view.transport);
    if (!upper) return upper.error();
    if (upper->fragment) return Drop::ip_fragment;
    view.protocol = upper->protocol;
    view.transport = view.transport.subspan(upper->offset);
  }
  view.ip_version = 6;
  view.ttl = ip.hop_limit();
  view.traffic_class = ip.traffic_class();
  view.source = ip.source();
  view.destination = ip.destination();
  return std::nullopt;
}

Verdict take_tcp(FrameView& view, ChecksumPolicy policy) {
  TcpView& tcp = view.tcp;
  if (const Verdict fault = tcp.assign(view.transport)) return fault;
  if (policy.verify_transport && !tcp.checksum_ok(view.source, view.destination)) return Drop::tcp_bad_checksum;
  if (tcp.source_port() == 0 || tcp.destination_port() == 0) return Drop::tcp_port_zero;
  if (!tcp_flags_sane(tcp.flags())) return Drop::tcp_bad_flags;
  return std::nullopt;
}

/// ICMP's checksum covers the message alone, ICMPv6's the pseudo-header too (RFC 4443 2.3).
Verdict take_icmp(const FrameView& view, ChecksumPolicy policy) {
  constexpr std::size_t kSmallest = 8;
  if (view.transport.size() < kSmallest) return Drop::icmp_malformed;
  if (!policy.verify_transport) return std::nullopt;
  const Sum pseudo = view.ip_version == 4
                         ? 0
                         : pseudo_header_sum(view.source, view.destination, kProtocolIcmpv6, view.transport.size());
  if (!is_valid(pseudo + sum_bytes(view.transport))) return Drop::icmp_bad_checksum;
  return std::nullopt;
}

Verdict fill(FrameView& view, Bytes frame, ChecksumPolicy policy) {
  EthernetView& link = view.link;
  if (const Verdict fault = link.assign(frame)) return fault;
  view.ip_offset = static_cast<std::uint16_t>(link.header_bytes());
  Verdict verdict;
  switch (link.ether_type()) {
    case kEtherIpv4:
      verdict = take_ipv4(view, link.payload(), policy);
      break;
    case kEtherIpv6:
      verdict = take_ipv6(view, link.payload());
      break;
    case kEtherArp:
      view.transport = link.payload();
      return std::nullopt;
    default:
      return Drop::eth_unknown_type;
  }
  if (verdict) return verdict;
  if (view.is_tcp()) return take_tcp(view, policy);
  if (view.is_icmp() || view.is_icmpv6()) return take_icmp(view, policy);
  return std::nullopt;
}

/// 0.0.0.0/8 is "this network" (RFC 1122 3.2.1.3); 240.0.0.0/4 is reserved and holds the limited broadcast address.
bool impossible_v4_source(const IpAddress& address) {
  const std::uint8_t first = address.v4_bytes()[0];
  return first == 0 || first == 127 || first >= 224;
}

}  // namespace

std::expected<FrameView, Drop> parse_frame(Bytes frame, ChecksumPolicy policy) {
  std::expected<FrameView, Drop> result(std::in_place);
  if (const Verdict verdict = fill(*result, frame, policy)) result = std::unexpected(*verdict);
  return result;
}

std::optional<Drop> reject_address(const FrameView& frame) {
  if (frame.is_arp()) return std::nullopt;
  const IpAddress& source = frame.source;
  const IpAddress& destination = frame.destination;
  if (source == destination) return Drop::ip_land;
  if (destination.is_unspecified() || destination.is_loopback()) return Drop::ip_martian;
  if (frame.ip_version == 4) {
    if (impossible_v4_source(source)) return Drop::ip_martian;
    return std::nullopt;
  }
  if (source.is_v4() || destination.is_v4() || source.is_multicast() || source.is_loopback()) return Drop::ip_martian;
  // A host that is choosing its address asks from :: (RFC 4861 4.3).
  if (source.is_unspecified() && !frame.is_icmpv6()) return Drop::ip_martian;
  return std::nullopt;
}

std::uint8_t* write_ip_header(std::uint8_t* at, const IpFields& ip, std::uint8_t protocol, std::size_t payload_bytes,
                              bool with_checksum) {
  if (ip.source.is_v4()) {
    assert(payload_bytes + Ipv4Header::kMinBytes <= 0xffff);
    SummedWords words(at);
    words.put(0x4500u | ip.traffic_class, static_cast<std::uint32_t>(payload_bytes + Ipv4Header::kMinBytes));
    words.put(ip.identification, ip.dont_fragment ? 0x4000 : 0);
    words.put(std::uint32_t{ip.ttl} << 8 | protocol, 0);
    words.copy(ip.source.v4_bytes().data());
    words.copy(ip.destination.v4_bytes().data());
    if (with_checksum) store_be16(at + 10, finish(words.sum()));
    return words.at();
  }
  assert(payload_bytes <= 0xffff);
  return write_at(at, Ipv6Header{ip.traffic_class, 0, static_cast<std::uint16_t>(payload_bytes), protocol, ip.ttl,
                                 ip.source, ip.destination});
}

std::size_t tcp_frame_header_bytes(const LinkHeader& link, const IpAddress& destination, const TcpHeader& tcp) {
  const std::size_t ip = destination.is_v4() ? Ipv4Header::kMinBytes : Ipv6Header::kBytes;
  return link.header_bytes() + ip + header_bytes(tcp);
}

void write_tcp_frame(MutableBytes frame, const LinkHeader& link, const IpFields& ip, const TcpHeader& tcp,
                     std::optional<Sum> payload_sum, ChecksumOffload offload) {
  const std::size_t tcp_offset = link.header_bytes() + ip_header_bytes(ip);
  assert(frame.size() >= tcp_offset + header_bytes(tcp));
  const std::size_t segment_bytes = frame.size() - tcp_offset;

  std::uint8_t* at = write_at(frame.data(), link);
  store_be16(at - 2, ip.source.is_v4() ? kEtherIpv4 : kEtherIpv6);
  std::uint8_t* const segment = write_ip_header(at, ip, kProtocolTcp, segment_bytes, !offload.ip);
  const SummedWords header = write_words(segment, tcp);

  const Sum pseudo = pseudo_header_sum(ip.source, ip.destination, kProtocolTcp, segment_bytes);
  if (offload.tcp) {
    store_be16(segment + kTcpChecksumOffset, fold(pseudo));
    return;
  }
  if (!payload_sum) payload_sum = sum_bytes({header.at(), frame.data() + frame.size()});
  store_be16(segment + kTcpChecksumOffset, finish(pseudo + header.sum() + *payload_sum));
}

}  // namespace handsel::wire
