// ARP, ICMP, ICMPv6 and neighbour discovery.

#include <gtest/gtest.h>

#include "generate.h"

namespace handsel::wire {
namespace {

const IpAddress kLinkLocal = *IpAddress::parse("fe80::1");
const IpAddress kOurs = *IpAddress::parse("fd77::2");
const MacAddress kPeer = *MacAddress::parse("02:00:0a:4d:00:01");

TEST(Arp, emitted_then_parsed_is_itself) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    const ArpPacket packet{random.coin() ? ArpOperation::request : ArpOperation::reply, random.mac(), random.v4(),
                           random.mac(), random.v4()};
    ASSERT_EQ(ArpView::parse(emitted(packet))->to_packet(), packet) << "seed " << seed;
  }
}

TEST(Arp, a_packet_of_another_kind_length_or_operation_is_refused) {
  const auto good = emitted(ArpPacket{ArpOperation::request, kPeer, {}, {}, {}});
  ASSERT_TRUE(ArpView::parse(good));
  for (std::size_t at = 0; at < 8; ++at) {
    auto bytes = good;
    bytes[at] ^= 0x40;
    EXPECT_EQ(ArpView::parse(bytes).error(), Drop::arp_malformed) << "byte " << at;
  }
  EXPECT_EQ(ArpView::parse(Bytes(good).first(27)).error(), Drop::arp_malformed);
}

TEST(Arp, a_sender_that_is_a_group_or_nobody_is_refused) {
  EXPECT_FALSE(ArpView::parse(emitted(ArpPacket{ArpOperation::reply, MacAddress::broadcast(), {}, {}, {}})));
  EXPECT_FALSE(ArpView::parse(emitted(ArpPacket{ArpOperation::reply, MacAddress(), {}, {}, {}})));
}

TEST(Icmp, a_known_echo_request_reads_and_is_emitted_alike) {
  const auto bytes = hex("08 00 54 35 12 34 00 01 61 62 63 64 65 66 67 68");
  const auto view = IcmpView::parse(bytes);
  ASSERT_TRUE(view && view->is_echo() && view->checksum_ok());
  EXPECT_EQ(view->identifier(), 0x1234);
  EXPECT_EQ(view->sequence(), 1);
  EXPECT_EQ(as_text(view->data()), "abcdefgh");
  EXPECT_EQ(emitted(IcmpEcho{false, 0x1234, 1, as_bytes("abcdefgh")}), bytes);
}

TEST(Icmp, fragmentation_needed_carries_the_mtu_and_tells_which_segment_it_was) {
  const auto syn = syn_over_ipv4();
  const auto bytes = emitted(IcmpError{IcmpType::unreachable, kFragmentationNeeded, 1400, Bytes(syn).subspan(14, 28)});
  const auto view = IcmpView::parse(bytes);
  ASSERT_TRUE(view && view->is_error() && view->checksum_ok());
  EXPECT_EQ(view->next_hop_mtu(), 1400);
  const EmbeddedDatagram expected{
      4,   kProtocolTcp,      IpAddress::from_v4(10, 77, 0, 1), IpAddress::from_v4(10, 77, 0, 2), 51234,
      443, SeqNum(2893011274)};
  EXPECT_EQ(view->embedded(), expected);
}

TEST(Icmp, an_error_about_too_few_bytes_or_a_later_fragment_names_nobody) {
  auto syn = syn_over_ipv4();
  EXPECT_FALSE(parse_embedded(Bytes(syn).subspan(14, 27), 4));
  EXPECT_FALSE(parse_embedded(Bytes(syn).subspan(14, 28), 6));
  syn[14 + 7] = 1;
  EXPECT_FALSE(parse_embedded(Bytes(syn).subspan(14, 28), 4));
}

TEST(Icmp, an_error_quotes_no_more_than_576_bytes_hold) {
  const std::vector<std::uint8_t> original(2000, 0x45);
  EXPECT_EQ(emitted(IcmpError{IcmpType::time_exceeded, 0, 0, original}).size(), 576u - 20);
  EXPECT_EQ(emitted(Icmpv6Error{Icmpv6Type::unreachable, 0, 0, original}, Icmpv6Path{kOurs, kLinkLocal}).size(),
            1280u - 40);
}

TEST(Icmpv6, echo_and_errors_read_back_what_was_emitted) {
  const Icmpv6Path path{kLinkLocal, kOurs};
  const auto echo = emitted(Icmpv6Echo{true, 7, 9, as_bytes("odd")}, path);
  const auto view = Icmpv6View::parse(echo);
  ASSERT_TRUE(view && view->is_echo() && view->checksum_ok(path));
  EXPECT_FALSE(view->checksum_ok({kLinkLocal, kLinkLocal}));
  EXPECT_EQ(view->identifier(), 7);
  EXPECT_EQ(view->sequence(), 9);
  EXPECT_EQ(as_text(view->data()), "odd");

  const auto data = data_over_ipv6();
  const auto bytes = emitted(Icmpv6Error{Icmpv6Type::packet_too_big, 0, 1280, Bytes(data).subspan(18)}, path);
  const auto error = Icmpv6View::parse(bytes);
  ASSERT_TRUE(error && error->is_error() && error->checksum_ok(path));
  EXPECT_EQ(error->mtu(), 1280u);
  ASSERT_TRUE(error->embedded());
  EXPECT_EQ(error->embedded()->seq, SeqNum(0x01020304));
  EXPECT_EQ(error->embedded()->source_port, 40000);
}

TEST(Nd, a_known_solicitation_reads_and_is_emitted_alike) {
  const auto bytes =
      hex("87 00 71 53 00 00 00 00  fd 77 00 00 00 00 00 00 00 00 00 00 00 00 00 02"
          "01 01 02 00 0a 4d 00 01");
  const Icmpv6Path path{kLinkLocal, kOurs.solicited_node()};
  EXPECT_TRUE(Icmpv6View::parse(bytes)->checksum_ok(path));
  const NeighbourSolicitation expected{kOurs, kPeer};
  EXPECT_EQ(parse_nd(bytes, path, 255), NdMessage(expected));
  EXPECT_EQ(emitted(expected, path), bytes);
}

NdMessage any_nd(Random& random) {
  const auto mac = [&] { return random.coin() ? std::optional(random.mac()) : std::nullopt; };
  switch (random.below(4)) {
    case 0:
      return NeighbourSolicitation{random.v6(), mac()};
    case 1:
      return NeighbourAdvertisement{random.v6(), random.coin(), random.coin(), random.coin(), mac()};
    case 2:
      return RouterSolicitation{mac()};
    default: {
      RouterAdvertisement message{random.u8(),  random.coin(), random.coin(), random.u16(),
                                  random.u32(), random.u32(),  mac()};
      if (random.coin()) message.mtu = random.u32();
      if (random.coin()) {
        message.prefix = IpPrefix{random.v6(), static_cast<std::uint8_t>(random.below(129))};
        message.prefix_on_link = random.coin();
        message.prefix_autonomous = random.coin();
        message.prefix_valid_s = random.u32();
        message.prefix_preferred_s = random.u32();
      }
      return message;
    }
  }
}

TEST(Nd, emitted_then_parsed_is_itself) {
  const Icmpv6Path path{kLinkLocal, kOurs};
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    const NdMessage message = any_nd(random);
    const auto bytes = std::visit([&](const auto& one) { return emitted(one, path); }, message);
    ASSERT_TRUE(Icmpv6View::parse(bytes)->checksum_ok(path)) << "seed " << seed;
    ASSERT_EQ(parse_nd(bytes, path, 255), message) << "seed " << seed;
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) (void)parse_nd(Bytes(bytes).first(cut), path, 255);
  }
}

// RFC 4861 7.1.1 and 7.1.2, one rule a line.
TEST(Nd, a_message_that_breaks_a_rule_of_validity_is_refused) {
  const Icmpv6Path path{kLinkLocal, kOurs};
  const Icmpv6Path from_nobody{IpAddress(), kOurs.solicited_node()};
  const NeighbourSolicitation solicitation{kOurs, kPeer};
  const NeighbourSolicitation anonymous{kOurs, {}};
  const auto verdict = [](const std::vector<std::uint8_t>& bytes, const Icmpv6Path& over, std::uint8_t hops = 255) {
    const auto message = parse_nd(bytes, over, hops);
    return message ? std::nullopt : std::optional(message.error());
  };
  EXPECT_EQ(verdict(emitted(solicitation, path), path), std::nullopt);
  EXPECT_EQ(verdict(emitted(solicitation, path), path, 254), Drop::nd_malformed);
  auto code = emitted(solicitation, path);
  code[1] = 1;
  EXPECT_EQ(verdict(code, path), Drop::nd_malformed);
  auto option = emitted(solicitation, path);
  option[25] = 0;
  EXPECT_EQ(verdict(option, path), Drop::nd_malformed);
  option[25] = 2;
  EXPECT_EQ(verdict(option, path), Drop::nd_malformed);
  EXPECT_EQ(verdict(emitted(NeighbourSolicitation{kOurs.solicited_node(), {}}, path), path), Drop::nd_malformed);
  EXPECT_EQ(verdict(emitted(anonymous, from_nobody), from_nobody), std::nullopt);
  EXPECT_EQ(verdict(emitted(solicitation, from_nobody), from_nobody), Drop::nd_malformed);
  EXPECT_EQ(verdict(emitted(anonymous, from_nobody), {IpAddress(), kOurs}), Drop::nd_malformed);
  const Icmpv6Path to_all{kLinkLocal, *IpAddress::parse("ff02::1")};
  EXPECT_EQ(verdict(emitted(NeighbourAdvertisement{kOurs, false, true, true, kPeer}, to_all), to_all),
            Drop::nd_malformed);
  EXPECT_EQ(verdict(emitted(NeighbourAdvertisement{kOurs, false, false, true, kPeer}, to_all), to_all), std::nullopt);
  EXPECT_EQ(verdict(emitted(RouterAdvertisement{}, path), {kOurs, kOurs}), Drop::nd_malformed);
  EXPECT_EQ(verdict(emitted(RouterSolicitation{kPeer}, from_nobody), from_nobody), Drop::nd_malformed);
  EXPECT_EQ(verdict(emitted(Icmpv6Echo{}, path), path), Drop::icmp_ignored);
}

TEST(Nd, unknown_options_are_stepped_over) {
  const Icmpv6Path path{kLinkLocal, kOurs};
  auto bytes = emitted(NeighbourSolicitation{kOurs, {}}, path);
  const auto more = hex("0e 01 01 02 03 04 05 06  01 01 02 00 0a 4d 00 01");
  bytes.insert(bytes.end(), more.begin(), more.end());
  EXPECT_EQ(parse_nd(bytes, path, 255), NdMessage(NeighbourSolicitation{kOurs, kPeer}));
}

}  // namespace
}  // namespace handsel::wire
