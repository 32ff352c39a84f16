#include <gtest/gtest.h>

#include "generate.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace handsel::wire {
namespace {

Ipv4Header any_ipv4(Random& random) {
  Ipv4Header header{random.u8(),   0,
                    random.u16(),  random.coin(),
                    random.coin(), static_cast<std::uint16_t>(random.below(8192)),
                    random.u8(),   random.u8(),
                    random.v4(),   random.v4()};
  header.options_bytes = static_cast<std::uint8_t>(4 * random.below(11));
  for (std::size_t i = 0; i < header.options_bytes; ++i) header.options[i] = 1;
  header.total_bytes = static_cast<std::uint16_t>(header.header_bytes());
  return header;
}

TEST(Ethernet, emitted_then_parsed_is_itself) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    const EthernetHeader header = random.link();
    const auto bytes = emitted(header);
    ASSERT_EQ(bytes.size(), header.header_bytes());
    const auto view = EthernetView::parse(bytes);
    ASSERT_TRUE(view);
    ASSERT_EQ(view->to_header(), header) << "seed " << seed;
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
      ASSERT_EQ(EthernetView::parse(Bytes(bytes).first(cut)).error(), Drop::eth_truncated);
  }
}

TEST(Ethernet, a_reply_goes_back_in_the_same_vlans) {
  const auto frame = data_over_ipv6();
  const auto ours = MacAddress::parse("02:00:0a:4d:00:02").value();
  const EthernetHeader reply = reply_to(*EthernetView::parse(frame), ours);
  EXPECT_EQ(reply.destination, MacAddress::parse("02:00:0a:4d:00:01"));
  EXPECT_EQ(reply.source, ours);
  ASSERT_EQ(reply.tag_count, 1);
  EXPECT_EQ(reply.tags[0].id(), 100);
}

TEST(Ipv4, emitted_then_parsed_is_itself_with_a_right_checksum) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    const Ipv4Header header = any_ipv4(random);
    const auto bytes = emitted(header);
    const auto view = Ipv4View::parse(bytes);
    ASSERT_TRUE(view) << "seed " << seed;
    ASSERT_EQ(view->to_header(), header) << "seed " << seed;
    ASSERT_TRUE(view->checksum_ok());
  }
}

TEST(Ipv4, ethernet_padding_is_cut_off) {
  Ipv4Header header;
  header.total_bytes = 24;
  auto bytes = emitted(header);
  bytes.resize(46, 0xee);
  EXPECT_EQ(Ipv4View::parse(bytes)->payload().size(), 4u);
}

TEST(Ipv4, lengths_that_do_not_fit_each_have_their_reason) {
  Ipv4Header header;
  header.total_bytes = 20;
  const auto good = emitted(header);
  const auto with = [&](std::size_t at, std::uint8_t value) {
    auto bytes = good;
    bytes[at] = value;
    const auto view = Ipv4View::parse(bytes);
    return view ? std::nullopt : std::optional(view.error());
  };
  EXPECT_EQ(with(0, 0x45), std::nullopt);
  EXPECT_EQ(with(0, 0x55), Drop::ip4_bad_version);
  EXPECT_EQ(with(0, 0x44), Drop::ip4_bad_header_length);
  EXPECT_EQ(with(0, 0x46), Drop::ip4_truncated);
  EXPECT_EQ(with(3, 21), Drop::ip4_truncated);
  EXPECT_EQ(with(3, 19), Drop::ip4_truncated);
}

TEST(Ipv4, an_option_of_impossible_length_is_refused) {
  EXPECT_TRUE(ipv4_options_well_formed(hex("01 94 04 00 00 00 00 00")));
  EXPECT_TRUE(ipv4_options_well_formed(hex("00 94 ff ff")));
  EXPECT_FALSE(ipv4_options_well_formed(hex("94 00 00 00")));
  EXPECT_FALSE(ipv4_options_well_formed(hex("94 01 00 00")));
  EXPECT_FALSE(ipv4_options_well_formed(hex("94 05 00 00")));
  EXPECT_FALSE(ipv4_options_well_formed(hex("01 01 01 94")));
}

TEST(Ipv6, emitted_then_parsed_is_itself) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    const Ipv6Header header{random.u8(), random.u32() & 0xfffff, 0, random.u8(), random.u8(), random.v6(), random.v6()};
    const auto bytes = emitted(header);
    const auto view = Ipv6View::parse(bytes);
    ASSERT_TRUE(view);
    ASSERT_EQ(view->to_header(), header) << "seed " << seed;
    const Ipv6FragmentHeader fragment{random.u8(), static_cast<std::uint16_t>(random.below(8192)), random.coin(),
                                      random.u32()};
    ASSERT_EQ(Ipv6FragmentHeader::parse(emitted(fragment)), fragment);
  }
}

TEST(Ipv6, a_payload_length_past_the_frame_is_refused_and_padding_is_cut_off) {
  auto bytes = emitted(Ipv6Header{.payload_bytes = 4});
  EXPECT_EQ(Ipv6View::parse(bytes).error(), Drop::ip6_truncated);
  bytes.resize(50);
  EXPECT_EQ(Ipv6View::parse(bytes)->payload().size(), 4u);
  bytes[0] = 0x40;
  EXPECT_EQ(Ipv6View::parse(bytes).error(), Drop::ip6_bad_version);
  EXPECT_EQ(Ipv6View::parse(Bytes(bytes).first(39)).error(), Drop::ip6_truncated);
}

/// The upper protocol, or the drop's name.
std::string walked(std::uint8_t first, std::string_view text) {
  const auto upper = walk_ipv6_extensions(first, hex(text));
  if (!upper) return std::string(name_of(upper.error()));
  return std::to_string(upper->protocol) + " at " + std::to_string(upper->offset) +
         (upper->fragment ? " in a fragment" : "");
}

TEST(Ipv6Extensions, without_any_the_upper_header_is_the_first) { EXPECT_EQ(walked(6, ""), "6 at 0"); }

TEST(Ipv6Extensions, hop_by_hop_and_destination_options_are_walked) {
  EXPECT_EQ(walked(0, "3c 00 05 02 00 00 01 00  06 01 01 0c 00 00 00 00 00 00 00 00 00 00 00 00"), "6 at 24");
}

TEST(Ipv6Extensions, hop_by_hop_that_is_not_first_is_refused) {
  EXPECT_EQ(walked(60, "00 00 01 04 00 00 00 00  06 00 01 04 00 00 00 00"), "ip6_bad_extension");
}

TEST(Ipv6Extensions, an_unknown_option_is_skipped_or_refused_as_its_type_says) {
  EXPECT_EQ(walked(0, "06 00 1e 04 00 00 00 00"), "6 at 8");
  EXPECT_EQ(walked(0, "06 00 5e 04 00 00 00 00"), "ip6_bad_extension");
  EXPECT_EQ(walked(0, "06 00 9e 04 00 00 00 00"), "ip6_bad_extension");
  EXPECT_EQ(walked(0, "06 00 1e 05 00 00 00 00"), "ip6_bad_extension");
}

TEST(Ipv6Extensions, routing_is_accepted_only_with_no_segments_left) {
  EXPECT_EQ(walked(43, "06 00 00 00 00 00 00 00"), "6 at 8");
  EXPECT_EQ(walked(43, "06 00 00 01 00 00 00 00"), "ip6_bad_extension");
}

TEST(Ipv6Extensions, a_fragment_stops_the_walk_and_an_atomic_one_does_not) {
  EXPECT_EQ(walked(44, "06 00 00 01 00 00 00 07"), "6 at 8 in a fragment");
  EXPECT_EQ(walked(44, "06 00 00 08 00 00 00 07"), "6 at 8 in a fragment");
  EXPECT_EQ(walked(44, "06 00 00 00 00 00 00 07"), "6 at 8");
}

TEST(Ipv6Extensions, one_that_runs_past_the_packet_is_refused) {
  EXPECT_EQ(walked(60, "06 00 01 04 00 00 00"), "ip6_bad_extension");
  EXPECT_EQ(walked(60, "06 01 01 04 00 00 00 00"), "ip6_bad_extension");
}

TEST(Ipv6Extensions, more_than_the_bound_are_refused) {
  std::string chain;
  for (std::size_t i = 0; i < limits::kMaxIpv6Extensions; ++i) {
    EXPECT_NE(walked(60, chain + "06 00 01 04 00 00 00 00"), "ip6_too_many_extensions") << i;
    chain += "3c 00 01 04 00 00 00 00";
  }
  EXPECT_EQ(walked(60, chain + "06 00 01 04 00 00 00 00"), "ip6_too_many_extensions");
}

}  // namespace
}  // namespace handsel::wire
