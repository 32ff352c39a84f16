#include "wire/print.h"

#include <gtest/gtest.h>

#include "generate.h"

namespace handsel::wire {
namespace {

template <typename Emit>
std::string printed(Emit emit_frame) {
  std::vector<std::uint8_t> buffer(500);
  Writer writer(buffer);
  emit_frame(writer);
  return describe_frame(writer.written());
}

TEST(Print, tcp_frames_read_like_tcpdump) {
  EXPECT_EQ(describe_frame(syn_over_ipv4()),
            "IP 10.77.0.1.51234 > 10.77.0.2.443: Flags [S], seq 2893011274:2893011275, win 64240, "
            "options [mss 1460,sackOK,TS val 287454020 ecr 0,wscale 7], length 0");
  EXPECT_EQ(describe_frame(data_over_ipv6()),
            "vlan 100 IP6 fd77::1.40000 > fd77::2.80: Flags [P.], seq 16909060:16909065, ack 168496141, win 502, "
            "options [TS val 1 ecr 2], length 5");
}

TEST(Print, control_frames_say_who_asks_whom) {
  const LinkHeader link{MacAddress::broadcast(), *MacAddress::parse("02:00:0a:4d:00:01")};
  const IpFields v4{IpAddress::from_v4(10, 77, 0, 1), IpAddress::from_v4(10, 77, 0, 2)};
  const IpFields v6{*IpAddress::parse("fe80::1"), *IpAddress::parse("fd77::2"), kNdHopLimit};
  EXPECT_EQ(printed([&](Writer& to) {
              emit_arp_frame(link, {ArpOperation::request, link.source, v4.source, {}, v4.destination}, to);
            }),
            "ARP, who has 10.77.0.2 tell 10.77.0.1");
  EXPECT_EQ(printed([&](Writer& to) {
              emit_arp_frame(link, {ArpOperation::reply, link.source, v4.source, {}, v4.destination}, to);
            }),
            "ARP, 10.77.0.1 is at 02:00:0a:4d:00:01");
  EXPECT_EQ(printed([&](Writer& to) { emit_icmp_frame(link, v4, IcmpEcho{true, 1, 2, {}}, to); }),
            "IP 10.77.0.1 > 10.77.0.2: ICMP echo reply, id 1, seq 2, length 8");
  EXPECT_EQ(printed([&](Writer& to) { emit_icmpv6_frame(link, v6, NeighbourSolicitation{v6.destination, {}}, to); }),
            "IP6 fe80::1 > fd77::2: ICMP6 who has fd77::2, length 24");
}

TEST(Print, a_frame_that_does_not_parse_gives_its_reason) { EXPECT_EQ(describe_frame({}), "eth_truncated, 0 bytes"); }

TEST(Print, flags_have_names) {
  EXPECT_EQ(flag_names(kSyn | kAck), "SYN ACK");
  EXPECT_EQ(flag_names(kPsh | kAck), "PSH ACK");
  EXPECT_EQ(flag_names(0), "none");
}

}  // namespace
}  // namespace handsel::wire
