#include "segment.h"

#include <algorithm>

#include "wire/control_frame.h"

namespace handsel::sim {
namespace {

constexpr std::size_t kLinkBytes = wire::EthernetHeader::kUntaggedBytes;
constexpr std::uint8_t kEct0 = 2;
constexpr std::uint8_t kCe = 3;

wire::IpAddress router_address(bool ipv6) { return *wire::IpAddress::parse(ipv6 ? "fd77::fe" : "10.77.0.254"); }

}  // namespace

std::optional<Segment> segment_of(Bytes frame) {
  const auto view = wire::parse_frame(frame, {});
  if (!view || !view->is_tcp()) return std::nullopt;
  const Bytes payload = view->tcp.payload();
  return Segment{.link = view->link.to_header(),
                 .source = view->source,
                 .destination = view->destination,
                 .traffic_class = view->traffic_class,
                 .header = view->tcp.to_header(),
                 .payload = {payload.begin(), payload.end()}};
}

Frame frame_of(const Segment& segment) {
  const std::size_t headers = wire::tcp_frame_header_bytes(segment.link, segment.destination, segment.header);
  Frame frame(headers + segment.payload.size());
  std::copy(segment.payload.begin(), segment.payload.end(), frame.begin() + static_cast<std::ptrdiff_t>(headers));
  wire::write_tcp_frame(
      frame, segment.link,
      {.source = segment.source, .destination = segment.destination, .traffic_class = segment.traffic_class},
      segment.header, std::nullopt, {});
  return frame;
}

std::optional<Frame> too_big_answer(Bytes frame, std::uint16_t mtu) {
  const auto view = wire::parse_frame(frame, {false, false});
  if (!view || view->is_arp()) return std::nullopt;
  const bool ipv6 = view->ip_version == 6;
  const wire::LinkHeader link = wire::reply_to(view->link, view->link.destination());
  const wire::IpFields ip{.source = router_address(ipv6), .destination = view->source};
  Frame answer(1'500);
  Writer writer(answer);
  if (ipv6)
    wire::emit_icmpv6_frame(
        link, ip,
        wire::Icmpv6Error{.type = wire::Icmpv6Type::packet_too_big, .mtu = mtu, .original = view->ip_packet()}, writer);
  else
    wire::emit_icmp_frame(
        link, ip,
        wire::IcmpError{.code = wire::kFragmentationNeeded, .next_hop_mtu = mtu, .original = view->ip_packet()},
        writer);
  if (!writer.ok()) return std::nullopt;
  answer.resize(writer.written().size());
  return answer;
}

bool mark_congestion(Frame& frame) {
  const auto view = wire::parse_frame(frame, {false, false});
  if (!view || (view->traffic_class & kCe) != kEct0) return false;
  std::uint8_t* ip = frame.data() + kLinkBytes;
  if (view->ip_version == 4) {
    const std::uint16_t before = load_be16(ip);
    ip[1] |= kCe;
    store_be16(ip + 10, wire::update_checksum(load_be16(ip + 10), before, load_be16(ip)));
  } else {
    ip[1] = static_cast<std::uint8_t>(ip[1] | kCe << 4);  // the traffic class lies across two bytes
  }
  return true;
}

}  // namespace handsel::sim
