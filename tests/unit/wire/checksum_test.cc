#include "wire/checksum.h"

#include <gtest/gtest.h>

#include "generate.h"

namespace handsel::wire {
namespace {

/// RFC 1071 4.1 read literally: 16-bit big-endian words, carries added back one by one.
std::uint16_t literal_checksum(Bytes data) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < data.size(); i += 2) {
    sum += static_cast<std::uint32_t>(data[i] << 8 | (i + 1 < data.size() ? data[i + 1] : 0));
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

TEST(Checksum, rfc1071_section_3_example) {
  const auto data = hex("00 01 f2 03 f4 f5 f6 f7");
  EXPECT_EQ(fold(sum_bytes(data)), 0xddf2);
  EXPECT_EQ(checksum(data), 0x220d);
}

TEST(Checksum, a_known_ipv4_header_verifies) {
  const auto header = hex("45 00 00 73 00 00 40 00 40 11 b8 61 c0 a8 00 01 c0 a8 00 c7");
  EXPECT_TRUE(is_valid(sum_words(header.data(), 5)));
  EXPECT_EQ(checksum(header), 0);
}

TEST(Checksum, every_length_and_alignment_agrees_with_the_literal_reading) {
  Random random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    for (std::size_t shift = 0; shift < 4; ++shift) {
      const auto data = random.bytes(size + shift);
      const Bytes view = Bytes(data).subspan(shift);
      ASSERT_EQ(checksum(view), literal_checksum(view)) << size << " at " << shift;
    }
  }
  const auto large = random.bytes(65'535);
  EXPECT_EQ(checksum(large), literal_checksum(large));
}

TEST(Checksum, all_ones_in_every_lane_carries_nothing_away) {
  for (const std::size_t size : {15u, 16u, 31u, 32u, 1460u, 65'535u}) {
    const std::vector<std::uint8_t> ones(size, 0xff);
    EXPECT_EQ(checksum(ones), literal_checksum(ones)) << size;
  }
}

TEST(Checksum, a_copy_in_pieces_sums_like_the_whole) {
  Random random(2);
  for (int round = 0; round < 500; ++round) {
    const auto data = random.bytes(1 + random.below(3000));
    std::vector<std::uint8_t> copy(data.size());
    Sum sum = 0;
    for (std::size_t at = 0; at < data.size();) {
      const std::size_t piece = 1 + random.below(data.size() - at);
      sum += copy_and_sum(copy.data() + at, Bytes(data).subspan(at, piece), at);
      at += piece;
    }
    ASSERT_EQ(copy, data);
    ASSERT_EQ(finish(sum), literal_checksum(data)) << "round " << round;
  }
}

TEST(Checksum, pseudo_headers_of_both_families_agree_with_their_layouts) {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    const std::size_t length = random.below(65'536);
    const IpAddress a4 = random.v4(), b4 = random.v4(), a6 = random.v6(), b6 = random.v6();
    std::vector<std::uint8_t> v4(12), v6(40);
    Writer writer4(v4), writer6(v6);
    writer4.bytes(a4.v4_bytes());
    writer4.bytes(b4.v4_bytes());
    writer4.u8(0);
    writer4.u8(6);
    writer4.u16(static_cast<std::uint16_t>(length));
    writer6.bytes(a6.bytes());
    writer6.bytes(b6.bytes());
    writer6.u32(static_cast<std::uint32_t>(length));
    writer6.u32(58);
    ASSERT_EQ(finish(pseudo_header_sum(a4, b4, 6, length)), literal_checksum(v4));
    ASSERT_EQ(finish(pseudo_header_sum(a6, b6, 58, length)), literal_checksum(v6));
  }
}

TEST(Checksum, rfc1624_section_4_example) { EXPECT_EQ(update_checksum(0xdd2f, 0x5555, 0x3285), 0x0000); }

TEST(Checksum, an_update_in_place_equals_a_new_computation) {
  Random random(4);
  for (int round = 0; round < 2000; ++round) {
    auto data = random.bytes(40);
    const std::uint16_t before = literal_checksum(data);
    const std::size_t at = 2 * random.below(18);
    const std::uint32_t old32 = load_be32(data.data() + at), new32 = random.u32();
    store_be32(data.data() + at, new32);
    ASSERT_EQ(update_checksum32(before, old32, new32), literal_checksum(data));
    const std::uint16_t middle = literal_checksum(data);
    const std::uint16_t old16 = load_be16(data.data() + at), new16 = random.u16();
    store_be16(data.data() + at, new16);
    ASSERT_EQ(update_checksum(middle, old16, new16), literal_checksum(data));
  }
}

}  // namespace
}  // namespace handsel::wire
