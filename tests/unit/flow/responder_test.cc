#include "flow/responder.h"

#include <gtest/gtest.h>

#include "capture_sink.h"
#include "wire/arp.h"
#include "wire/icmp.h"
#include "wire/icmpv6.h"
#include "wire/nd.h"

namespace handsel::flow {
namespace {

using wire::IpAddress;
using wire::MacAddress;

const MacAddress kOurs({2, 0, 0, 0, 0, 2});
const MacAddress kPeer({2, 0, 0, 0, 0, 1});
const IpAddress kOurV4 = IpAddress::from_v4(10, 77, 0, 2);
const IpAddress kPeerV4 = IpAddress::from_v4(10, 77, 0, 1);
const IpAddress kOurV6 = *IpAddress::parse("fd77::2");
const IpAddress kPeerV6 = *IpAddress::parse("fd77::1");

class ResponderTest : public ::testing::Test {
 protected:
  std::vector<std::uint8_t> arp(const IpAddress& target) {
    std::vector<std::uint8_t> frame(60);
    Writer writer(frame);
    wire::emit({.destination = MacAddress::broadcast(), .source = kPeer, .ether_type = wire::kEtherArp}, writer);
    wire::emit(wire::ArpPacket{.sender_mac = kPeer, .sender_ip = kPeerV4, .target_ip = target}, writer);
    return frame;
  }
  template <class Body>
  std::vector<std::uint8_t> ip(const MacAddress& to, const wire::IpFields& fields, std::uint8_t protocol,
                               std::size_t bytes, Body&& body) {
    const std::size_t headers = wire::EthernetHeader::kUntaggedBytes + wire::ip_header_bytes(fields);
    std::vector<std::uint8_t> frame(headers + bytes);
    const bool v4 = fields.source.is_v4();
    std::uint8_t* at = wire::write_at(
        frame.data(), wire::EthernetHeader{
                          .destination = to, .source = kPeer, .ether_type = v4 ? wire::kEtherIpv4 : wire::kEtherIpv6});
    wire::write_ip_header(at, fields, protocol, bytes);
    Writer writer(MutableBytes(frame).subspan(headers));
    body(writer);
    return frame;
  }
  std::optional<Drop> give(const std::vector<std::uint8_t>& frame) {
    const auto view = wire::parse_frame(frame, {});
    if (!view) return view.error();
    if (const auto reason = responder.refuse(*view)) return reason;
    return responder.answer(*view, sink, statistics);
  }

  Responder responder{
      kOurs, std::nullopt, {*wire::IpPrefix::parse("10.77.0.2/24"), *wire::IpPrefix::parse("fd77::2/64")}};
  CaptureSink sink;
  PacketStatistics statistics;
};

TEST_F(ResponderTest, arp_request_for_our_address_is_answered_with_our_mac) {
  EXPECT_EQ(give(arp(kOurV4)), std::nullopt);
  ASSERT_EQ(sink.frames.size(), 1u);
  const auto view = wire::parse_frame(sink.frames[0], {});
  ASSERT_TRUE(view && view->is_arp());
  const auto reply = wire::ArpView::parse(view->transport);
  EXPECT_EQ(view->link.destination(), kPeer);
  EXPECT_EQ(reply->operation(), wire::ArpOperation::reply);
  EXPECT_EQ(reply->sender_mac(), kOurs);
  EXPECT_EQ(reply->sender_ip(), kOurV4);
  EXPECT_EQ(statistics.arp_requests.get(), 1u);
}

TEST_F(ResponderTest, arp_request_for_another_host_is_left_alone) {
  EXPECT_EQ(give(arp(IpAddress::from_v4(10, 77, 0, 9))), Drop::ip_not_for_us);
  EXPECT_TRUE(sink.frames.empty());
}

TEST_F(ResponderTest, echo_request_comes_back_with_its_data) {
  const wire::IcmpEcho ping{.identifier = 7, .sequence = 3, .data = as_bytes("abcdefgh1")};
  EXPECT_EQ(give(ip(kOurs, {.source = kPeerV4, .destination = kOurV4}, wire::kProtocolIcmp, message_bytes(ping),
                    [&](Writer& writer) { wire::emit(ping, writer); })),
            std::nullopt);
  ASSERT_EQ(sink.frames.size(), 1u);
  const auto view = wire::parse_frame(sink.frames[0], {});
  ASSERT_TRUE(view && view->is_icmp());
  const auto reply = wire::IcmpView::parse(view->transport);
  EXPECT_EQ(reply->type(), wire::IcmpType::echo_reply);
  EXPECT_EQ(reply->sequence(), 3);
  EXPECT_EQ(as_text(reply->data()), "abcdefgh1");
}

TEST_F(ResponderTest, echo_request_over_ipv6_comes_back_with_its_data) {
  const wire::Icmpv6Echo ping{.identifier = 7, .sequence = 3, .data = as_bytes("hello")};
  EXPECT_EQ(give(ip(kOurs, {.source = kPeerV6, .destination = kOurV6}, wire::kProtocolIcmpv6, message_bytes(ping),
                    [&](Writer& writer) { wire::emit(ping, {kPeerV6, kOurV6}, writer); })),
            std::nullopt);
  ASSERT_EQ(sink.frames.size(), 1u);
  const auto view = wire::parse_frame(sink.frames[0], {});
  ASSERT_TRUE(view && view->is_icmpv6());
  EXPECT_EQ(wire::Icmpv6View::parse(view->transport)->type(), wire::Icmpv6Type::echo_reply);
}

TEST_F(ResponderTest, solicitation_of_our_address_is_answered_to_who_asked) {
  const wire::NeighbourSolicitation ask{.target = kOurV6, .source_link = kPeer};
  const IpAddress group = kOurV6.solicited_node();
  EXPECT_EQ(give(ip(MacAddress::for_multicast(group), {.source = kPeerV6, .destination = group, .ttl = 255},
                    wire::kProtocolIcmpv6, message_bytes(ask),
                    [&](Writer& writer) { wire::emit(ask, {kPeerV6, group}, writer); })),
            std::nullopt);
  ASSERT_EQ(sink.frames.size(), 1u);
  const auto view = wire::parse_frame(sink.frames[0], {});
  ASSERT_TRUE(view);
  EXPECT_EQ(view->destination, kPeerV6);
  const auto answer = wire::parse_nd(view->transport, {view->source, view->destination}, view->ttl);
  ASSERT_TRUE(answer);
  const auto& advertisement = std::get<wire::NeighbourAdvertisement>(*answer);
  EXPECT_TRUE(advertisement.solicited);
  EXPECT_EQ(advertisement.target_link, kOurs);
}

TEST_F(ResponderTest, duplicate_address_probe_is_answered_to_all_nodes) {
  const wire::NeighbourSolicitation ask{.target = kOurV6};
  const IpAddress group = kOurV6.solicited_node();
  EXPECT_EQ(give(ip(MacAddress::for_multicast(group), {.source = IpAddress(), .destination = group, .ttl = 255},
                    wire::kProtocolIcmpv6, message_bytes(ask),
                    [&](Writer& writer) { wire::emit(ask, {IpAddress(), group}, writer); })),
            std::nullopt);
  ASSERT_EQ(sink.frames.size(), 1u);
  EXPECT_EQ(wire::parse_frame(sink.frames[0], {})->destination, *IpAddress::parse("ff02::1"));
}

TEST_F(ResponderTest, frames_for_others_and_from_impossible_sources_are_refused_by_name) {
  const wire::IcmpEcho ping{.data = as_bytes("x")};
  const auto echo = [&](const MacAddress& mac, const IpAddress& from, const IpAddress& to) {
    return give(ip(mac, {.source = from, .destination = to}, wire::kProtocolIcmp, message_bytes(ping),
                   [&](Writer& writer) { wire::emit(ping, writer); }));
  };
  EXPECT_EQ(echo(MacAddress({2, 0, 0, 0, 0, 9}), kPeerV4, kOurV4), Drop::eth_not_for_us);
  EXPECT_EQ(echo(kOurs, kPeerV4, IpAddress::from_v4(10, 77, 0, 3)), Drop::ip_not_for_us);
  EXPECT_EQ(echo(kOurs, kOurV4, kOurV4), Drop::ip_land);
  EXPECT_EQ(echo(kOurs, IpAddress::from_v4(255, 255, 255, 255), kOurV4), Drop::ip_martian);
  EXPECT_TRUE(sink.frames.empty());
}

TEST_F(ResponderTest, announces_each_address_once) {
  responder.announce(sink, statistics);
  ASSERT_EQ(sink.frames.size(), 2u);
  const auto arp = wire::parse_frame(sink.frames[0], {});
  ASSERT_TRUE(arp && arp->is_arp());
  EXPECT_TRUE(wire::ArpView::parse(arp->transport)->to_packet().is_gratuitous());
  const auto advertisement = wire::parse_frame(sink.frames[1], {});
  ASSERT_TRUE(advertisement && advertisement->is_icmpv6());
  EXPECT_TRUE(wire::parse_nd(advertisement->transport, {kOurV6, advertisement->destination}, advertisement->ttl));
}

TEST_F(ResponderTest, no_buffer_means_no_answer_and_no_harm) {
  sink.exhausted = true;
  EXPECT_EQ(give(arp(kOurV4)), std::nullopt);
}

}  // namespace
}  // namespace handsel::flow
