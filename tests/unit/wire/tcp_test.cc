#include "wire/tcp.h"

#include <gtest/gtest.h>

#include "generate.h"

namespace handsel::wire {
namespace {

TcpOptions options_of(std::string_view text) { return parse_tcp_options(hex(text)); }

TEST(TcpHeader, emitted_then_parsed_is_itself) {
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    Random random(seed);
    const TcpHeader header = random.tcp();
    const auto bytes = emitted(header);
    ASSERT_EQ(bytes.size(), header_bytes(header)) << "seed " << seed;
    ASSERT_EQ(bytes.size() % 4, 0u);
    ASSERT_LE(bytes.size(), TcpHeader::kMaxBytes);
    const auto view = TcpView::parse(bytes);
    ASSERT_TRUE(view) << "seed " << seed;
    ASSERT_EQ(view->to_header(), header) << "seed " << seed;
    ASSERT_TRUE(view->payload().empty());
  }
}

TEST(TcpHeader, the_syn_of_a_linux_client_reads_field_by_field) {
  const auto frame = syn_over_ipv4();
  const auto view = TcpView::parse(Bytes(frame).subspan(34));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->source_port(), 51234);
  EXPECT_EQ(view->destination_port(), 443);
  EXPECT_EQ(view->seq(), SeqNum(2893011274));
  EXPECT_EQ(view->ack(), SeqNum(0));
  EXPECT_EQ(view->header_bytes(), 40u);
  EXPECT_EQ(view->flags(), kSyn);
  EXPECT_EQ(view->window(), 64240);
  EXPECT_EQ(view->checksum(), 0xa474);
  EXPECT_TRUE(view->checksum_ok(IpAddress::from_v4(10, 77, 0, 1), IpAddress::from_v4(10, 77, 0, 2)));
  EXPECT_FALSE(view->checksum_ok(IpAddress::from_v4(10, 77, 0, 1), IpAddress::from_v4(10, 77, 0, 3)));
  TcpOptions expected;
  expected.mss = 1460;
  expected.sack_permitted = true;
  expected.timestamps = TcpTimestamps{0x11223344, 0};
  expected.window_scale = 7;
  EXPECT_EQ(view->to_header().options, expected);
}

TEST(TcpHeader, options_stand_as_linux_lays_them_out) {
  TcpHeader header;
  header.options.mss = 1460;
  header.options.sack_permitted = true;
  header.options.timestamps = TcpTimestamps{0x11223344, 0};
  header.options.window_scale = 7;
  const auto all = emitted(header);
  EXPECT_EQ(std::vector(all.begin() + 20, all.end()),
            hex("02 04 05 b4  04 02 08 0a 11 22 33 44 00 00 00 00  01 03 03 07"));

  header.options.timestamps.reset();
  const auto plain = emitted(header);
  EXPECT_EQ(std::vector(plain.begin() + 20, plain.end()), hex("02 04 05 b4  01 01 04 02  01 03 03 07"));

  header.options = {};
  header.options.timestamps = TcpTimestamps{1, 2};
  header.options.sack = {SackBlock{SeqNum(16), SeqNum(32)}};
  header.options.sack_count = 1;
  const auto established = emitted(header);
  EXPECT_EQ(std::vector(established.begin() + 20, established.end()),
            hex("01 01 08 0a 00 00 00 01 00 00 00 02  01 01 05 0a 00 00 00 10 00 00 00 20"));
}

TEST(TcpHeader, sack_blocks_past_the_room_are_left_out) {
  TcpHeader header;
  header.options.sack_count = 4;
  EXPECT_EQ(sack_blocks_that_fit(header.options), 4u);
  header.options.timestamps = TcpTimestamps{};
  EXPECT_EQ(sack_blocks_that_fit(header.options), 3u);
  EXPECT_EQ(header_bytes(header), 60u);
  header.options.mss = 1460;
  header.options.window_scale = 1;
  EXPECT_EQ(sack_blocks_that_fit(header.options), 2u);
  const auto bytes = emitted(header);
  EXPECT_EQ(TcpView::parse(bytes)->to_header().options.sack_count, 2);
}

TEST(TcpHeader, a_data_offset_below_five_words_is_refused) {
  auto bytes = emitted(TcpHeader{});
  bytes[12] = 0x40;
  EXPECT_EQ(TcpView::parse(bytes).error(), Drop::tcp_bad_offset);
}

TEST(TcpHeader, a_data_offset_past_the_segment_is_refused) {
  auto bytes = emitted(TcpHeader{});
  bytes[12] = 0x60;
  EXPECT_EQ(TcpView::parse(bytes).error(), Drop::tcp_truncated);
  bytes.resize(19);
  EXPECT_EQ(TcpView::parse(bytes).error(), Drop::tcp_truncated);
}

TEST(TcpOptions, an_option_of_length_zero_or_one_ends_the_walk_and_keeps_what_came_before) {
  EXPECT_EQ(options_of("02 04 05 b4 08 00 03 03 07 00").mss, 1460);
  EXPECT_EQ(options_of("02 04 05 b4 08 00 03 03 07 00").window_scale, std::nullopt);
  EXPECT_EQ(options_of("02 04 05 b4 fe 01 03 03 07 00").window_scale, std::nullopt);
}

TEST(TcpOptions, an_option_past_the_end_is_not_read) {
  EXPECT_EQ(options_of("02 04 05"), TcpOptions{});
  EXPECT_EQ(options_of("01 01 08 0a 00 00 00 01 00 00 00"), TcpOptions{});
  EXPECT_EQ(options_of("03"), TcpOptions{});
}

TEST(TcpOptions, a_known_kind_of_unexpected_length_is_stepped_over) {
  EXPECT_EQ(options_of("02 03 05 03 03 07").mss, std::nullopt);
  EXPECT_EQ(options_of("02 03 05 03 03 07").window_scale, 7);
  EXPECT_EQ(options_of("05 02 03 03 07").sack_count, 0);
  EXPECT_EQ(options_of("05 0b 0000000100000002 03 03 03 07").sack_count, 0);
  EXPECT_EQ(options_of("05 0b 0000000100000002 03 03 03 07").window_scale, 7);
}

TEST(TcpOptions, unknown_kinds_are_stepped_over) {
  // Fast open's cookie (34) and an experiment (254) around the MSS.
  EXPECT_EQ(options_of("22 04 aa bb 02 04 05 b4 fe 04 f9 89").mss, 1460);
}

TEST(TcpOptions, nothing_is_read_behind_the_end_of_the_list) { EXPECT_EQ(options_of("00 02 04 05 b4"), TcpOptions{}); }

TEST(TcpOptions, of_two_sack_options_the_last_counts_and_the_first_leaves_nothing) {
  EXPECT_EQ(options_of("05 12 00000001000000020000000300000004 05 0a 0000000500000006"),
            options_of("05 0a 0000000500000006"));
}

TEST(TcpOptions, the_aligned_timestamps_of_every_segment_take_the_short_way_to_the_same_answer) {
  const auto fast = options_of("01 01 08 0a 00 00 00 01 00 00 00 02  01 01 05 0a 00 00 00 10 00 00 00 20");
  const auto slow = options_of("08 0a 00 00 00 01 00 00 00 02 01 01  01 01 05 0a 00 00 00 10 00 00 00 20");
  EXPECT_EQ(fast, slow);
  EXPECT_EQ(fast.timestamps, (TcpTimestamps{1, 2}));
  EXPECT_EQ(fast.sack_count, 1);
}

TEST(TcpOptions, any_bytes_parse_within_their_bounds) {
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    Random random(seed);
    auto bytes = random.bytes(random.below(48));
    if (random.coin())
      for (auto& byte : bytes) byte %= 12;  // mostly known kinds and plausible lengths
    ASSERT_LE(parse_tcp_options(bytes).sack_count, TcpOptions::kMaxSackBlocks);
  }
}

TEST(TcpFlags, combinations_that_no_sane_stack_sends_are_told) {
  for (const int sane : {int{kSyn}, kSyn | kAck, kSyn | kEce | kCwr, int{kAck}, kAck | kPsh, kFin | kAck, int{kRst},
                         kRst | kAck, kAck | kUrg, kFin | kAck | kPsh})
    EXPECT_TRUE(tcp_flags_sane(static_cast<std::uint8_t>(sane))) << sane;
  for (const int insane : {0, int{kFin}, int{kPsh}, int{kUrg}, kSyn | kFin, kSyn | kRst, kFin | kRst | kAck,
                           kFin | kPsh | kUrg, kSyn | kFin | kAck, 0xff})
    EXPECT_FALSE(tcp_flags_sane(static_cast<std::uint8_t>(insane))) << insane;
}

TEST(SegmentLength, syn_and_fin_count_one_each) {
  TcpHeader header;
  EXPECT_EQ(segment_length(header, 10), 10u);
  header.flags = kSyn;
  EXPECT_EQ(segment_length(header, 0), 1u);
  header.flags = kFin | kAck;
  EXPECT_EQ(segment_length(header, 5), 6u);
}

TEST(SeqNum, order_holds_across_the_wrap) {
  const SeqNum before(0xfffffff0), behind(0x10);
  EXPECT_LT(before, behind);
  EXPECT_GT(behind, before);
  EXPECT_EQ(behind - before, 32);
  EXPECT_EQ(before + 32, behind);
  EXPECT_EQ(later_of(before, behind), behind);
  EXPECT_EQ(earlier_of(before, behind), before);
}

}  // namespace
}  // namespace handsel::wire
