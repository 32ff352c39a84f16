#include "flow/responder.h"

#include <algorithm>
#include <utility>

#include "wire/arp.h"
#include "wire/icmp.h"
#include "wire/icmpv6.h"
#include "wire/nd.h"

namespace handsel::flow {
namespace {

// ff02::1, all nodes of the link (RFC 4291 2.7.1).
const wire::IpAddress kAllNodes = wire::IpAddress::from_v6({0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});

// Writes link header and IP header, lets `write_body` put `body_bytes` behind them, and sends the frame.
template <class WriteBody>
void send_ip(FrameSink& sink, PacketStatistics& statistics, wire::LinkHeader link, const wire::IpFields& ip,
             std::uint8_t protocol, std::size_t body_bytes, WriteBody&& write_body) {
  link.ether_type = ip.source.is_v4() ? wire::kEtherIpv4 : wire::kEtherIpv6;
  const std::size_t headers = link.header_bytes() + wire::ip_header_bytes(ip);
  const MutableBytes frame = sink.begin(headers + body_bytes);
  if (frame.empty()) return;
  std::uint8_t* at = wire::write_at(frame.data(), link);
  wire::write_ip_header(at, ip, protocol, body_bytes);
  Writer body(frame.subspan(headers, body_bytes));
  write_body(body);
  sink.commit(headers + body_bytes);
  statistics.tx_frames.add();
  statistics.tx_bytes.add(headers + body_bytes);
}

void send_arp(FrameSink& sink, PacketStatistics& statistics, wire::LinkHeader link, const wire::ArpPacket& packet) {
  link.ether_type = wire::kEtherArp;
  const std::size_t bytes = link.header_bytes() + wire::ArpPacket::kBytes;
  const MutableBytes frame = sink.begin(bytes);
  if (frame.empty()) return;
  Writer writer(frame.first(bytes));
  wire::emit(link, writer);
  wire::emit(packet, writer);
  sink.commit(bytes);
  statistics.tx_frames.add();
  statistics.tx_bytes.add(bytes);
}

void send_advertisement(FrameSink& sink, PacketStatistics& statistics, const wire::LinkHeader& link,
                        const wire::IpAddress& target, const wire::IpAddress& to, bool solicited) {
  const wire::NeighbourAdvertisement advertisement{
      .target = target, .solicited = solicited, .target_link = link.source};
  const wire::IpFields ip{.source = target, .destination = to, .ttl = wire::kNdHopLimit};
  send_ip(sink, statistics, link, ip, wire::kProtocolIcmpv6, wire::message_bytes(advertisement),
          [&](Writer& body) { wire::emit(advertisement, {target, to}, body); });
}

}  // namespace

Responder::Responder(const wire::MacAddress& mac, std::optional<std::uint16_t> vlan,
                     std::vector<wire::IpPrefix> addresses)
    : mac_(mac), vlan_(vlan), addresses_(std::move(addresses)) {}

bool Responder::is_ours(const wire::IpAddress& address) const {
  return std::ranges::any_of(addresses_, [&](const wire::IpPrefix& ours) { return ours.address == address; });
}

std::optional<Drop> Responder::refuse(const wire::FrameView& frame) const {
  const wire::MacAddress to = frame.link.destination();
  if (to != mac_ && !to.is_multicast()) return Drop::eth_not_for_us;
  const bool tagged_as_ours =
      vlan_ ? frame.link.tag_count() == 1 && frame.link.tag(0).id() == *vlan_
            // A tag of VLAN 0 carries a priority and no VLAN (IEEE 802.1Q 9.6).
            : frame.link.tag_count() == 0 || (frame.link.tag_count() == 1 && frame.link.tag(0).id() == 0);
  if (!tagged_as_ours) return Drop::vlan_unexpected;
  if (frame.is_arp()) return std::nullopt;
  if (const auto reason = wire::reject_address(frame)) return reason;
  if (frame.is_icmpv6() && frame.destination.is_multicast()) return std::nullopt;  // solicitations come by multicast
  if (!is_ours(frame.destination) || to.is_multicast()) return Drop::ip_not_for_us;
  return std::nullopt;
}

std::optional<Drop> Responder::answer(const wire::FrameView& frame, FrameSink& sink,
                                      PacketStatistics& statistics) const {
  if (frame.is_arp()) return answer_arp(frame, sink, statistics);
  if (frame.is_icmp()) return answer_icmp(frame, sink, statistics);
  if (frame.is_icmpv6()) return answer_icmpv6(frame, sink, statistics);
  return Drop::ip_unknown_protocol;
}

std::optional<Drop> Responder::answer_arp(const wire::FrameView& frame, FrameSink& sink,
                                          PacketStatistics& statistics) const {
  const auto arp = wire::ArpView::parse(frame.transport);
  if (!arp) return arp.error();
  if (!is_ours(arp->target_ip())) return Drop::ip_not_for_us;
  if (arp->operation() != wire::ArpOperation::request) return std::nullopt;  // an answer: heard, nothing to do
  const wire::ArpPacket reply{.operation = wire::ArpOperation::reply,
                              .sender_mac = mac_,
                              .sender_ip = arp->target_ip(),
                              .target_mac = arp->sender_mac(),
                              .target_ip = arp->sender_ip()};
  statistics.arp_requests.add();
  send_arp(sink, statistics, wire::reply_to(frame.link, mac_), reply);
  return std::nullopt;
}

std::optional<Drop> Responder::answer_icmp(const wire::FrameView& frame, FrameSink& sink,
                                           PacketStatistics& statistics) const {
  const auto icmp = wire::IcmpView::parse(frame.transport);
  if (!icmp) return icmp.error();
  if (icmp->type() != wire::IcmpType::echo_request) return Drop::icmp_ignored;
  const wire::IcmpEcho reply{
      .reply = true, .identifier = icmp->identifier(), .sequence = icmp->sequence(), .data = icmp->data()};
  statistics.icmp_echo.add();
  send_ip(sink, statistics, wire::reply_to(frame.link, mac_),
          {.source = frame.destination, .destination = frame.source}, wire::kProtocolIcmp, wire::message_bytes(reply),
          [&](Writer& body) { wire::emit(reply, body); });
  return std::nullopt;
}

std::optional<Drop> Responder::answer_icmpv6(const wire::FrameView& frame, FrameSink& sink,
                                             PacketStatistics& statistics) const {
  const auto icmp = wire::Icmpv6View::parse(frame.transport);
  if (!icmp) return icmp.error();
  const wire::LinkHeader link = wire::reply_to(frame.link, mac_);
  if (icmp->type() == wire::Icmpv6Type::echo_request) {
    if (!is_ours(frame.destination)) return Drop::ip_not_for_us;
    const wire::Icmpv6Echo reply{
        .reply = true, .identifier = icmp->identifier(), .sequence = icmp->sequence(), .data = icmp->data()};
    statistics.icmp_echo.add();
    send_ip(sink, statistics, link, {.source = frame.destination, .destination = frame.source}, wire::kProtocolIcmpv6,
            wire::message_bytes(reply),
            [&](Writer& body) { wire::emit(reply, {frame.destination, frame.source}, body); });
    return std::nullopt;
  }
  if (icmp->type() != wire::Icmpv6Type::neighbour_solicitation) return Drop::icmp_ignored;
  const auto message = wire::parse_nd(icmp->message(), {frame.source, frame.destination}, frame.ttl);
  if (!message) return message.error();
  const wire::IpAddress target = std::get<wire::NeighbourSolicitation>(*message).target;
  if (!is_ours(target)) return Drop::ip_not_for_us;
  statistics.nd_solicitations.add();
  // Somebody who tests whether our address is free has none to be answered at (RFC 4862 5.4): all nodes are told.
  const bool probing = frame.source.is_unspecified();
  wire::LinkHeader to = link;
  if (probing) to.destination = wire::MacAddress::for_multicast(kAllNodes);
  send_advertisement(sink, statistics, to, target, probing ? kAllNodes : frame.source, !probing);
  return std::nullopt;
}

void Responder::announce(FrameSink& sink, PacketStatistics& statistics) const {
  wire::LinkHeader link{.destination = wire::MacAddress::broadcast(), .source = mac_};
  if (vlan_) {
    link.tags[0].control = *vlan_;
    link.tag_count = 1;
  }
  for (const wire::IpPrefix& ours : addresses_) {
    if (ours.address.is_v4()) {
      send_arp(sink, statistics, link, {.sender_mac = mac_, .sender_ip = ours.address, .target_ip = ours.address});
    } else {
      wire::LinkHeader multicast = link;
      multicast.destination = wire::MacAddress::for_multicast(kAllNodes);
      send_advertisement(sink, statistics, multicast, ours.address, kAllNodes, false);
    }
  }
}

}  // namespace handsel::flow
