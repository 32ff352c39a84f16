/// Reassembly: alone, and as the shard uses it.

#include "flow/fragments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "shard_rig.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace handsel::flow {
namespace {

using Frame = std::vector<std::uint8_t>;

/// One piece of a whole frame's IP payload, as a router or (IPv6) a sender would have cut it.
Frame piece_of(const Frame& whole, std::size_t begin, std::size_t end, std::uint32_t id, std::uint8_t ecn = 0) {
  const auto view = wire::parse_frame(whole, {});
  const Bytes payload = view->transport.subspan(begin, end - begin);
  const bool more = end < view->transport.size();
  Frame out(14 + 60 + payload.size());
  Writer writer(out);
  emit(view->link.to_header(), writer);
  if (view->ip_version == 4) {
    emit(wire::Ipv4Header{.traffic_class = ecn,
                          .total_bytes = static_cast<std::uint16_t>(20 + payload.size()),
                          .identification = static_cast<std::uint16_t>(id),
                          .dont_fragment = false,
                          .more_fragments = more,
                          .fragment_offset = static_cast<std::uint16_t>(begin / 8),
                          .protocol = view->protocol,
                          .source = view->source,
                          .destination = view->destination},
         writer);
  } else {
    emit(wire::Ipv6Header{.traffic_class = ecn,
                          .payload_bytes = static_cast<std::uint16_t>(8 + payload.size()),
                          .next_header = wire::kFragment,
                          .source = view->source,
                          .destination = view->destination},
         writer);
    emit(wire::Ipv6FragmentHeader{view->protocol, static_cast<std::uint16_t>(begin / 8), more, id}, writer);
  }
  writer.bytes(payload);
  out.resize(writer.size());
  return out;
}

class FragmentsTest : public ::testing::Test {
 protected:
  static Frame segment(std::size_t payload, bool ipv6 = false) {
    const wire::LinkHeader link{.destination = wire::MacAddress({2, 0, 0, 0, 0, 2}),
                                .source = wire::MacAddress({2, 0, 0, 0, 0, 1})};
    const wire::IpFields ip = ipv6 ? wire::IpFields{.source = *wire::IpAddress::parse("fd77::1"),
                                                    .destination = *wire::IpAddress::parse("fd77::2")}
                                   : wire::IpFields{.source = *wire::IpAddress::parse("10.77.0.1"),
                                                    .destination = *wire::IpAddress::parse("10.77.0.2")};
    const wire::TcpHeader tcp{.source_port = 4'000, .destination_port = 80, .flags = wire::kAck, .window = 1'000};
    const std::size_t headers = wire::tcp_frame_header_bytes(link, ip.destination, tcp);
    Frame frame(headers + payload);
    for (std::size_t i = 0; i < payload; ++i) frame[headers + i] = static_cast<std::uint8_t>(i * 7 + i / 256);
    wire::write_tcp_frame(frame, link, ip, tcp, std::nullopt, {});
    return frame;
  }
  MutableBytes take(const Frame& frame) {
    const auto fragment = wire::parse_fragment(frame, true);
    EXPECT_TRUE(fragment);
    return fragments.take(*fragment, now);
  }
  std::uint64_t drops(Drop reason) const { return statistics.drops.get(reason); }

  ShardStatistics statistics;
  Fragments fragments{statistics};
  Instant now{std::chrono::seconds(1)};
};

TEST_F(FragmentsTest, pieces_in_any_order_give_the_packet_back) {
  std::mt19937 random(1);
  for (const bool ipv6 : {false, true}) {
    const Frame whole = segment(4'000, ipv6);
    const std::size_t bytes = wire::parse_frame(whole, {})->transport.size();
    for (std::uint32_t round = 0; round < 100; ++round) {
      std::vector<Frame> pieces;
      const std::size_t step = 8 * (16 + random() % 100);
      for (std::size_t at = 0; at < bytes; at += step)
        pieces.push_back(piece_of(whole, at, std::min(at + step, bytes), 100 + round));
      std::ranges::shuffle(pieces, random);
      for (std::size_t i = 0; i + 1 < pieces.size(); ++i) ASSERT_TRUE(take(pieces[i]).empty());
      const MutableBytes frame = take(pieces.back());
      const auto view = wire::parse_frame(frame, {});
      ASSERT_TRUE(view) << name_of(view.error());
      EXPECT_TRUE(std::ranges::equal(view->transport, wire::parse_frame(whole, {})->transport));
      fragments.release();
      EXPECT_EQ(fragments.size(), 0u);
    }
  }
  EXPECT_EQ(statistics.packets.reassembled.get(), 200u);
  EXPECT_EQ(statistics.packets.dropped.get(), 0u);
}

TEST_F(FragmentsTest, overlap_ruins_the_packet_and_all_that_comes_of_it_later) {
  const Frame whole = segment(1'000);
  take(piece_of(whole, 0, 400, 1));
  EXPECT_TRUE(take(piece_of(whole, 392, 800, 1)).empty());
  EXPECT_EQ(drops(Drop::ip_fragment_overlap), 2u);
  EXPECT_TRUE(take(piece_of(whole, 0, 400, 1)).empty());
  EXPECT_TRUE(take(piece_of(whole, 400, 1'020, 1)).empty());
  EXPECT_EQ(drops(Drop::ip_fragment_overlap), 4u);
  now += std::chrono::seconds(61);
  fragments.expire(now);
  EXPECT_EQ(fragments.size(), 0u);
}

TEST_F(FragmentsTest, two_ends_or_a_piece_past_the_end_ruin_the_packet) {
  const Frame shorter = segment(500), longer = segment(1'000);
  take(piece_of(shorter, 400, 520, 1));
  EXPECT_TRUE(take(piece_of(longer, 520, 1'020, 1)).empty());
  take(piece_of(longer, 600, 1'016, 2));
  EXPECT_TRUE(take(piece_of(shorter, 400, 520, 2)).empty());
  EXPECT_EQ(drops(Drop::ip_fragment_overlap), 4u);
}

TEST_F(FragmentsTest, a_piece_that_came_twice_is_ignored) {
  const Frame whole = segment(1'000);
  take(piece_of(whole, 0, 400, 1));
  take(piece_of(whole, 0, 400, 1));
  EXPECT_EQ(drops(Drop::ip_fragment_duplicate), 1u);
  EXPECT_FALSE(take(piece_of(whole, 400, 1'020, 1)).empty());
}

TEST_F(FragmentsTest, identification_address_and_protocol_tell_packets_apart) {
  const Frame whole = segment(1'000);
  take(piece_of(whole, 0, 400, 1));
  EXPECT_TRUE(take(piece_of(whole, 400, 1'020, 2)).empty());
  EXPECT_TRUE(take(piece_of(segment(1'000, true), 400, 1'020, 1)).empty());
  EXPECT_EQ(fragments.size(), 3u);
}

TEST_F(FragmentsTest, what_is_not_whole_in_60_seconds_is_given_up) {
  take(piece_of(segment(1'000), 0, 400, 1));
  EXPECT_EQ(fragments.next_deadline(), now + std::chrono::seconds(60));
  now += std::chrono::seconds(60);
  fragments.expire(now);
  EXPECT_EQ(drops(Drop::ip_fragment_timeout), 1u);
  EXPECT_EQ(fragments.next_deadline(), kNever);
}

TEST_F(FragmentsTest, one_source_takes_no_more_than_its_share) {
  for (std::uint32_t id = 0; id < 100; ++id) {
    now += std::chrono::milliseconds(1);
    take(piece_of(segment(1'000), 0, 400, id));
  }
  EXPECT_EQ(fragments.size(), limits::kMaxFragmentedPackets / 8);
  EXPECT_EQ(drops(Drop::ip_fragment_table_full), 100 - limits::kMaxFragmentedPackets / 8);
}

TEST_F(FragmentsTest, the_oldest_gives_way_when_the_table_is_full) {
  for (std::uint8_t source = 0; source < 200; ++source) {
    now += std::chrono::milliseconds(1);
    Frame frame = piece_of(segment(1'000), 0, 400, 1);
    frame[29] = source;  // the source address's last byte
    const auto fragment = wire::parse_fragment(frame, false);
    fragments.take(*fragment, now);
  }
  EXPECT_EQ(fragments.size(), limits::kMaxFragmentedPackets);
  EXPECT_EQ(drops(Drop::ip_fragment_table_full), 200 - limits::kMaxFragmentedPackets);
}

TEST_F(FragmentsTest, too_many_pieces_and_too_long_a_packet_are_refused) {
  const Frame whole = segment(8'000);
  for (std::size_t i = 0; i <= limits::kMaxFragments; ++i) take(piece_of(whole, 24 * i, 24 * i + 24, 1));
  EXPECT_EQ(drops(Drop::ip_fragment_table_full), limits::kMaxFragments + 1);
  const Frame jumbo = segment(20'000);
  take(piece_of(jumbo, 9'600, 11'000, 2));
  EXPECT_EQ(drops(Drop::ip_fragment_too_long), 1u);
}

TEST_F(FragmentsTest, congestion_marked_on_one_piece_marks_the_whole) {
  const Frame whole = segment(1'000);
  take(piece_of(whole, 0, 400, 1, 2));
  EXPECT_EQ(wire::parse_frame(take(piece_of(whole, 400, 1'020, 1, 3)), {})->ecn(), wire::Ecn::ce);
  take(piece_of(whole, 0, 400, 2, 0));
  EXPECT_EQ(wire::parse_frame(take(piece_of(whole, 400, 1'020, 2, 3)), {})->ecn(), wire::Ecn::not_ect);
}

TEST(Fragment, impossible_pieces_are_malformed) {
  const auto malformed = [](const Frame& frame) {
    const auto fragment = wire::parse_fragment(frame, false);
    return !fragment && fragment.error() == Drop::ip_fragment_malformed;
  };
  const auto segment = [] {
    const wire::LinkHeader link;
    const wire::IpFields ip{.source = *wire::IpAddress::parse("10.77.0.1"),
                            .destination = *wire::IpAddress::parse("10.77.0.2")};
    Frame frame(14 + 20 + 20 + 100);
    wire::write_tcp_frame(frame, link, ip, {.source_port = 1, .destination_port = 2, .flags = wire::kAck}, std::nullopt,
                          {});
    return frame;
  }();
  EXPECT_TRUE(malformed(piece_of(segment, 0, 16, 1)));    // cuts the TCP header
  EXPECT_TRUE(malformed(piece_of(segment, 8, 120, 1)));   // begins inside it
  EXPECT_TRUE(malformed(piece_of(segment, 24, 100, 1)));  // no multiple of 8, and not the last
  EXPECT_TRUE(malformed(piece_of(segment, 24, 24, 1)));   // empty
  EXPECT_FALSE(malformed(piece_of(segment, 24, 120, 1)));
  Frame past_the_end = piece_of(segment, 24, 120, 1);
  past_the_end[20] = 0x1f, past_the_end[21] = 0xff;
  EXPECT_TRUE(malformed(past_the_end));
}

class FragmentedShard : public ShardRig {};

TEST_F(FragmentedShard, segments_in_pieces_are_served) {
  start();
  open(4'000, kPlain);
  const std::string text(2'000, 'x');
  const Frame whole = frame_of(segment(4'000, kPlain, wire::kAck | wire::kPsh, 101, their_next), text);
  give(piece_of(whole, 1'480, 2'020, 9));
  EXPECT_EQ(service.received, "");
  give(piece_of(whole, 0, 1'480, 9));
  EXPECT_EQ(service.received, text);
  EXPECT_EQ(shard->statistics().packets.reassembled.get(), 1u);
}

TEST_F(FragmentedShard, pieces_for_others_are_not_kept) {
  start();
  Frame whole = frame_of(segment(4'000, kPlain, wire::kAck, 101, 1), std::string(500, 'x'));
  Frame piece = piece_of(whole, 0, 400, 1);
  piece[5] ^= 1;  // another MAC
  give(piece);
  EXPECT_EQ(drops(Drop::eth_not_for_us), 1u);
  EXPECT_EQ(shard->next_deadline(), kNever);
}

}  // namespace
}  // namespace handsel::flow
