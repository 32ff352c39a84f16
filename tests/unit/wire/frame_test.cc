#include "wire/frame.h"

#include <gtest/gtest.h>

#include "generate.h"
#include "wire/print.h"

namespace handsel::wire {
namespace {

constexpr ChecksumPolicy kVerify{};
constexpr ChecksumPolicy kTrust{.verify_ip = false, .verify_transport = false};

/// nullopt when the frame parses.
std::optional<Drop> verdict(const std::vector<std::uint8_t>& frame, ChecksumPolicy policy = kVerify) {
  const auto view = parse_frame(frame, policy);
  return view ? std::nullopt : std::optional(view.error());
}

TEST(Frame, a_syn_over_ipv4_reads_field_by_field) {
  const auto bytes = syn_over_ipv4();
  const auto view = parse_frame(bytes, kVerify);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->link.source(), MacAddress::parse("02:00:0a:4d:00:01"));
  EXPECT_EQ(view->ip_version, 4);
  EXPECT_TRUE(view->is_tcp());
  EXPECT_EQ(view->ttl, 64);
  EXPECT_EQ(view->ip_offset, 14);
  EXPECT_EQ(view->source, IpAddress::from_v4(10, 77, 0, 1));
  EXPECT_EQ(view->destination, IpAddress::from_v4(10, 77, 0, 2));
  EXPECT_EQ(view->transport.size(), 40u);
  EXPECT_EQ(view->tcp.destination_port(), 443);
  EXPECT_EQ(view->ip_packet().size(), 60u);
}

TEST(Frame, data_over_ipv6_in_a_vlan_reads_field_by_field) {
  const auto bytes = data_over_ipv6();
  const auto view = parse_frame(bytes, kVerify);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->ip_version, 6);
  EXPECT_EQ(view->link.tag(0).id(), 100);
  EXPECT_EQ(view->source.to_string(), "fd77::1");
  EXPECT_EQ(as_text(view->tcp.payload()), "hello");
}

TEST(Frame, ethernet_padding_is_no_payload) {
  auto bytes = syn_over_ipv4();
  bytes.resize(bytes.size() + 6, 0xaa);
  const auto view = parse_frame(bytes, kVerify);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->tcp.payload().empty());
}

TEST(Frame, one_field_changed_has_its_own_reason) {
  const auto changed = [](std::vector<std::uint8_t> bytes, std::size_t at, std::uint8_t value, ChecksumPolicy policy) {
    bytes[at] = value;
    return verdict(bytes, policy);
  };
  const auto syn = syn_over_ipv4();
  EXPECT_EQ(changed(syn, 13, 0x01, kTrust), Drop::eth_unknown_type);
  EXPECT_EQ(changed(syn, 14, 0x65, kTrust), Drop::ip4_bad_version);
  EXPECT_EQ(changed(syn, 14, 0x44, kTrust), Drop::ip4_bad_header_length);
  EXPECT_EQ(changed(syn, 17, 0x3d, kTrust), Drop::ip4_truncated);
  EXPECT_EQ(changed(syn, 22, 63, kVerify), Drop::ip4_bad_checksum);
  EXPECT_EQ(changed(syn, 22, 63, kTrust), std::nullopt);
  EXPECT_EQ(changed(syn, 20, 0x20, kTrust), Drop::ip_fragment);
  EXPECT_EQ(changed(syn, 21, 0x01, kTrust), Drop::ip_fragment);
  EXPECT_EQ(changed(syn, 45, 1, kVerify), Drop::tcp_bad_checksum);
  EXPECT_EQ(changed(syn, 46, 0x40, kTrust), Drop::tcp_bad_offset);
  EXPECT_EQ(changed(syn, 46, 0xb0, kTrust), Drop::tcp_truncated);
  EXPECT_EQ(changed(syn, 47, kSyn | kFin, kTrust), Drop::tcp_bad_flags);
  auto no_port = syn;
  no_port[34] = no_port[35] = 0;
  EXPECT_EQ(verdict(no_port, kTrust), Drop::tcp_port_zero);
  EXPECT_EQ(changed(data_over_ipv6(), 24, 44, kTrust), Drop::ip_fragment);
}

TEST(Frame, every_flipped_bit_of_a_checked_packet_is_noticed) {
  const auto good = syn_over_ipv4();
  for (std::size_t bit = 14 * 8; bit < good.size() * 8; ++bit) {
    auto bytes = good;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_NE(verdict(bytes), std::nullopt) << "bit " << bit;
  }
}

TEST(Frame, an_unknown_transport_is_handed_on) {
  auto bytes = syn_over_ipv4();
  bytes[23] = kProtocolUdp;
  const auto view = parse_frame(bytes, kTrust);
  ASSERT_TRUE(view);
  EXPECT_FALSE(view->is_tcp());
  EXPECT_EQ(view->protocol, kProtocolUdp);
}

TEST(Frame, icmp_of_either_family_is_verified) {
  std::vector<std::uint8_t> buffer(200);
  Writer writer(buffer);
  const LinkHeader link{MacAddress::broadcast(), MacAddress()};
  emit_icmp_frame(link, {IpAddress::from_v4(10, 0, 0, 1), IpAddress::from_v4(10, 0, 0, 2)}, IcmpEcho{false, 1, 2, {}},
                  writer);
  ASSERT_TRUE(writer.ok());
  std::vector<std::uint8_t> frame(buffer.begin(), buffer.begin() + static_cast<int>(writer.size()));
  EXPECT_EQ(verdict(frame), std::nullopt);
  frame.back() ^= 1;
  EXPECT_EQ(verdict(frame), Drop::icmp_bad_checksum);

  Writer writer6(buffer);
  emit_icmpv6_frame(link, {*IpAddress::parse("fe80::1"), *IpAddress::parse("fe80::2")}, Icmpv6Echo{false, 1, 2, {}},
                    writer6);
  frame.assign(buffer.begin(), buffer.begin() + static_cast<int>(writer6.size()));
  EXPECT_EQ(verdict(frame), std::nullopt);
  frame.back() ^= 1;
  EXPECT_EQ(verdict(frame), Drop::icmp_bad_checksum);
}

/// What reject_address says of a TCP segment (or, for `protocol` 58, an echo) between these two.
std::optional<Drop> address_verdict(const char* source, const char* destination, bool over_ipv6) {
  FrameView view;
  view.ip_version = over_ipv6 ? 6 : 4;
  view.protocol = kProtocolTcp;
  view.source = *IpAddress::parse(source);
  view.destination = *IpAddress::parse(destination);
  return reject_address(view);
}

TEST(RejectAddress, ordinary_addresses_pass) {
  EXPECT_EQ(address_verdict("10.0.0.1", "10.0.0.2", false), std::nullopt);
  EXPECT_EQ(address_verdict("fe80::1", "fd77::2", true), std::nullopt);
}

TEST(RejectAddress, a_source_that_cannot_be_one_is_a_martian) {
  for (const char* source : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"})
    EXPECT_EQ(address_verdict(source, "10.0.0.2", false), Drop::ip_martian) << source;
  for (const char* source : {"::", "::1", "ff02::1", "::ffff:10.0.0.1"})
    EXPECT_EQ(address_verdict(source, "fd77::2", true), Drop::ip_martian) << source;
}

TEST(RejectAddress, a_destination_that_never_leaves_a_host_is_a_martian) {
  EXPECT_EQ(address_verdict("10.0.0.1", "127.0.0.1", false), Drop::ip_martian);
  EXPECT_EQ(address_verdict("10.0.0.1", "0.0.0.0", false), Drop::ip_martian);
  EXPECT_EQ(address_verdict("fd77::1", "::1", true), Drop::ip_martian);
  EXPECT_EQ(address_verdict("fd77::1", "::ffff:10.0.0.1", true), Drop::ip_martian);
}

TEST(RejectAddress, a_source_equal_to_the_destination_is_a_land_attack) {
  EXPECT_EQ(address_verdict("10.0.0.2", "10.0.0.2", false), Drop::ip_land);
  EXPECT_EQ(address_verdict("fd77::2", "fd77::2", true), Drop::ip_land);
}

TEST(RejectAddress, neighbour_discovery_may_come_from_the_unspecified_address) {
  FrameView view;
  view.ip_version = 6;
  view.protocol = kProtocolIcmpv6;
  view.destination = *IpAddress::parse("ff02::1:ff00:2");
  EXPECT_EQ(reject_address(view), std::nullopt);
}

TEST(TcpFrame, written_then_parsed_is_itself) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    const bool v6 = random.coin();
    LinkHeader link = random.link();
    const IpFields ip{v6 ? random.v6() : random.v4(), v6 ? random.v6() : random.v4(), random.u8(), random.u8()};
    TcpHeader tcp = random.tcp();
    tcp.source_port |= 1;
    tcp.destination_port |= 1;
    tcp.flags = kAck | kPsh;
    const auto payload = random.bytes(random.below(1461));
    const auto frame = tcp_frame(link, ip, tcp, payload);
    const auto view = parse_frame(frame, kVerify);
    ASSERT_TRUE(view) << "seed " << seed << ": " << name_of(view.error());
    link.ether_type = v6 ? kEtherIpv6 : kEtherIpv4;
    ASSERT_EQ(view->link.to_header(), link) << "seed " << seed;
    ASSERT_EQ(view->source, ip.source);
    ASSERT_EQ(view->destination, ip.destination);
    ASSERT_EQ(view->ttl, ip.ttl);
    ASSERT_EQ(view->traffic_class, ip.traffic_class);
    ASSERT_EQ(view->tcp.to_header(), tcp) << "seed " << seed;
    ASSERT_TRUE(std::ranges::equal(view->tcp.payload(), payload));
  }
}

TEST(TcpFrame, the_hand_typed_frames_are_written_byte_for_byte) {
  const auto syn = syn_over_ipv4();
  const auto view = parse_frame(syn, kVerify);
  EXPECT_EQ(
      tcp_frame(view->link.to_header(), {view->source, view->destination, 64, 0, 0x1c46}, view->tcp.to_header(), {}),
      syn);
}

TEST(TcpFrame, a_port_that_offloads_finds_the_pseudo_header_sum) {
  const IpFields ip{IpAddress::from_v4(10, 77, 0, 1), IpAddress::from_v4(10, 77, 0, 2)};
  const TcpHeader tcp{1, 2, SeqNum(3), SeqNum(4), kAck, 5};
  std::vector<std::uint8_t> frame(tcp_frame_header_bytes({}, ip.destination, tcp) + 3, 0x77);
  write_tcp_frame(frame, {}, ip, tcp, std::nullopt, {.ip = true, .tcp = true});
  EXPECT_EQ(load_be16(frame.data() + 14 + 10), 0);
  const Sum expected = pseudo_header_sum(ip.source, ip.destination, kProtocolTcp, 23);
  EXPECT_EQ(load_be16(frame.data() + 34 + kTcpChecksumOffset), fold(expected));

  // What the port then does: sum the segment as it stands, store the complement.
  store_be16(frame.data() + 34 + kTcpChecksumOffset, finish(sum_bytes(Bytes(frame).subspan(34))));
  EXPECT_EQ(verdict(frame, {.verify_ip = false}), std::nullopt);
}

/// Frames of every kind, to be cut and bent.
std::vector<std::vector<std::uint8_t>> specimens() {
  std::vector<std::vector<std::uint8_t>> all{syn_over_ipv4(), data_over_ipv6()};
  const IpAddress ours = *IpAddress::parse("fe80::2"), theirs = *IpAddress::parse("fe80::1");
  const LinkHeader link{MacAddress::broadcast(), *MacAddress::parse("02:00:0a:4d:00:01")};
  const auto add = [&](auto emit_frame) {
    std::vector<std::uint8_t> buffer(2000);
    Writer writer(buffer);
    emit_frame(writer);
    buffer.resize(writer.size());
    all.push_back(buffer);
  };
  const IpFields v4{IpAddress::from_v4(10, 77, 0, 1), IpAddress::from_v4(10, 77, 0, 2)};
  const IpFields v6{theirs, ours, kNdHopLimit};
  const auto syn = syn_over_ipv4();
  const Bytes quoted = Bytes(syn).subspan(14);
  add([&](Writer& to) {
    emit_arp_frame(link, {ArpOperation::request, link.source, v4.source, {}, v4.destination}, to);
  });
  add([&](Writer& to) { emit_icmp_frame(link, v4, IcmpEcho{false, 1, 2, as_bytes("data")}, to); });
  add([&](Writer& to) { emit_icmp_frame(link, v4, IcmpError{IcmpType::unreachable, 4, 1400, quoted}, to); });
  add([&](Writer& to) { emit_icmpv6_frame(link, v6, NeighbourSolicitation{ours, link.source}, to); });
  add([&](Writer& to) {
    emit_icmpv6_frame(link, v6, NeighbourAdvertisement{ours, false, true, true, link.source}, to);
  });
  add([&](Writer& to) {
    emit_icmpv6_frame(link, v6, RouterAdvertisement{.mtu = 1500, .prefix = IpPrefix::parse("fd77::/64")}, to);
  });
  add([&](Writer& to) { emit_icmpv6_frame(link, v6, Icmpv6Error{Icmpv6Type::packet_too_big, 0, 1280, quoted}, to); });
  // Hop-by-hop, destination options and an atomic fragment in front of an echo request.
  all.push_back(
      hex("33 33 00 00 00 01  02 00 0a 4d 00 01  86 dd"
          "60 00 00 00 00 20 00 ff"
          "fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 01"
          "fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 02"
          "3c 00 05 02 00 00 01 00  2c 00 01 04 00 00 00 00  3a 00 00 00 00 00 00 01"
          "80 00 00 00 00 01 00 01"));
  return all;
}

/// Everything that a frame can be asked. Run under the address sanitizer this finds any step out of its bytes.
void use_all(Bytes frame) {
  for (const ChecksumPolicy policy : {kVerify, kTrust}) {
    const auto view = parse_frame(frame, policy);
    if (!view) continue;
    (void)reject_address(*view);
    EXPECT_FALSE(describe(*view).empty());
    const Bytes packet = view->ip_packet();
    if (!packet.empty()) {
      EXPECT_GE(packet.data(), frame.data());
      EXPECT_LE(packet.data() + packet.size(), frame.data() + frame.size());
    }
  }
}

TEST(AnyBytes, truncated_at_every_length_parse_without_fault) {
  for (const auto& specimen : specimens()) {
    ASSERT_TRUE(parse_frame(specimen, kTrust));
    for (std::size_t cut = 0; cut <= specimen.size(); ++cut) {
      const std::vector<std::uint8_t> exact(specimen.begin(), specimen.begin() + static_cast<int>(cut));
      use_all(exact);
    }
  }
}

TEST(AnyBytes, with_bits_flipped_parse_without_fault) {
  for (std::uint64_t seed = 0; seed < 30'000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    static const auto all = specimens();
    auto bytes = all[random.below(all.size())];
    for (std::size_t flips = 1 + random.below(6); flips != 0; --flips) {
      const std::size_t at = random.below(bytes.size());
      bytes[at] = random.coin() ? random.u8() : static_cast<std::uint8_t>(bytes[at] ^ 1 << random.below(8));
    }
    if (random.below(4) == 0) bytes.resize(random.below(bytes.size() + 1));
    bytes.shrink_to_fit();
    use_all(bytes);
  }
}

TEST(AnyBytes, of_pure_chance_parse_without_fault) {
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    auto bytes = random.bytes(random.below(160));
    if (bytes.size() > 14 && random.coin()) {
      static constexpr std::uint16_t kTypes[] = {kEtherIpv4, kEtherIpv6, kEtherArp, kEtherVlan};
      store_be16(bytes.data() + 12, kTypes[random.below(4)]);
      bytes[14] = random.coin() ? 0x45 : 0x60;
    }
    use_all(bytes);
  }
}

}  // namespace
}  // namespace handsel::wire
