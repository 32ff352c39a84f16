#include "wire/address.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace handsel::wire {
namespace {

std::string reprinted(std::string_view text) {
  const auto address = IpAddress::parse(text);
  return address ? address->to_string() : "refused";
}

TEST(IpAddress, ipv4_text_reads_and_prints) {
  const auto address = IpAddress::parse("10.77.0.2");
  ASSERT_TRUE(address);
  EXPECT_TRUE(address->is_v4());
  EXPECT_EQ(*address, IpAddress::from_v4(10, 77, 0, 2));
  EXPECT_EQ(*address, IpAddress::from_v4(0x0a4d0002u));
  EXPECT_EQ(address->v4(), 0x0a4d0002u);
  EXPECT_EQ(reprinted("255.255.255.255"), "255.255.255.255");
  EXPECT_EQ(reprinted("0.0.0.0"), "0.0.0.0");
}

TEST(IpAddress, ipv4_text_that_is_not_four_plain_numbers_is_refused) {
  for (const char* text : {"", "10", "10.1", "10.1.2", "10.1.2.3.4", "10.1.2.256", "10.01.2.3", "10.1.2.", ".1.2.3",
                           "10..2.3", " 10.1.2.3", "10.1.2.3 ", "0x10.1.2.3", "10.1.2.-3", "1000.1.2.3"})
    EXPECT_EQ(reprinted(text), "refused") << text;
}

// RFC 5952 4: lower case, no leading zeros, the longest run of zeros (the first of equals) shortened, never one group.
TEST(IpAddress, ipv6_text_prints_as_rfc5952_recommends) {
  EXPECT_EQ(reprinted("2001:0db8:0000:0000:0001:0000:0000:0001"), "2001:db8::1:0:0:1");
  EXPECT_EQ(reprinted("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(reprinted("2001:db8::1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(reprinted("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");
  EXPECT_EQ(reprinted("2001:DB8::ABCD"), "2001:db8::abcd");
  EXPECT_EQ(reprinted("::"), "::");
  EXPECT_EQ(reprinted("::1"), "::1");
  EXPECT_EQ(reprinted("1::"), "1::");
  EXPECT_EQ(reprinted("0:0:0:0:0:0:0:0"), "::");
  EXPECT_EQ(reprinted("1:2:3:4:5:6:7::"), "1:2:3:4:5:6:7:0");
  EXPECT_EQ(reprinted("::2:3:4:5:6:7:8"), "0:2:3:4:5:6:7:8");
  EXPECT_EQ(reprinted("64:ff9b::192.0.2.33"), "64:ff9b::c000:221");
  EXPECT_EQ(reprinted("1:2:3:4:5:6:1.2.3.4"), "1:2:3:4:5:6:102:304");
}

TEST(IpAddress, ipv4_mapped_text_is_the_ipv4_address) {
  EXPECT_EQ(IpAddress::parse("::ffff:10.77.0.2"), IpAddress::from_v4(10, 77, 0, 2));
  EXPECT_EQ(reprinted("::ffff:a4d:2"), "10.77.0.2");
}

TEST(IpAddress, ipv6_text_of_impossible_form_is_refused) {
  for (const char* text : {":",
                           ":::",
                           "1",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           "1:2:3:4:5:6:7:8::",
                           "::1:2:3:4:5:6:7:8",
                           "12345::",
                           "g::",
                           "1:2:3:4:5:6:7:",
                           ":1:2:3:4:5:6:7:8",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::1.2.3",
                           "::1.2.3.4:5",
                           "1.2.3.4::",
                           "fe80::1%eth0",
                           "[::1]",
                           "::1 ",
                           "1:2:3:4::5:6:7:8"})
    EXPECT_EQ(reprinted(text), "refused") << text;
}

TEST(IpAddress, kinds_are_told_apart) {
  const auto at = [](const char* text) { return IpAddress::parse(text).value(); };
  EXPECT_TRUE(at("224.0.0.1").is_multicast());
  EXPECT_TRUE(at("239.255.255.255").is_multicast());
  EXPECT_FALSE(at("240.0.0.0").is_multicast());
  EXPECT_TRUE(at("ff02::1").is_multicast());
  EXPECT_FALSE(at("fe80::1").is_multicast());
  EXPECT_TRUE(at("127.1.2.3").is_loopback());
  EXPECT_TRUE(at("::1").is_loopback());
  EXPECT_FALSE(at("::2").is_loopback());
  EXPECT_FALSE(at("1::1").is_loopback());
  EXPECT_TRUE(at("0.0.0.0").is_unspecified());
  EXPECT_TRUE(at("::").is_unspecified());
  EXPECT_FALSE(at("0.0.0.1").is_unspecified());
  EXPECT_TRUE(at("255.255.255.255").is_broadcast());
  EXPECT_FALSE(at("255.255.255.254").is_broadcast());
  EXPECT_TRUE(at("169.254.3.4").is_link_local());
  EXPECT_TRUE(at("fe80::1").is_link_local());
  EXPECT_TRUE(at("febf::1").is_link_local());
  EXPECT_FALSE(at("fec0::1").is_link_local());
  EXPECT_FALSE(at("::fffe:1.2.3.4").is_v4());
}

TEST(IpAddress, solicited_node_group_ends_in_the_last_three_bytes) {
  EXPECT_EQ(IpAddress::parse("fd77::1234:5678:9abc")->solicited_node(), IpAddress::parse("ff02::1:ff78:9abc"));
}

TEST(IpAddress, bytes_of_the_wire_make_the_same_address_as_text) {
  const std::uint8_t v4[] = {192, 168, 0, 1};
  EXPECT_EQ(IpAddress::from_v4(v4).to_string(), "192.168.0.1");
  const std::uint8_t v6[16] = {0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
  EXPECT_EQ(IpAddress::from_v6(v6).to_string(), "fd77::2");
}

TEST(IpAddress, neighbours_hash_apart) {
  std::unordered_set<std::size_t> hashes;
  for (std::uint32_t i = 0; i < 10'000; ++i) hashes.insert(std::hash<IpAddress>{}(IpAddress::from_v4(0x0a000000u + i)));
  EXPECT_EQ(hashes.size(), 10'000u);
}

TEST(IpPrefix, an_address_in_the_network_is_contained_and_one_outside_is_not) {
  const auto v4 = IpPrefix::parse("10.77.0.2/23").value();
  EXPECT_TRUE(v4.contains(*IpAddress::parse("10.77.1.255")));
  EXPECT_FALSE(v4.contains(*IpAddress::parse("10.77.2.0")));
  EXPECT_FALSE(v4.contains(*IpAddress::parse("fd77::1")));
  const auto v6 = IpPrefix::parse("fd77::2/64").value();
  EXPECT_TRUE(v6.contains(*IpAddress::parse("fd77::ffff:1:2:3")));
  EXPECT_FALSE(v6.contains(*IpAddress::parse("fd77:0:0:1::1")));
  EXPECT_FALSE(IpPrefix::parse("::/0")->contains(*IpAddress::parse("10.0.0.1")));
  EXPECT_TRUE(IpPrefix::parse("0.0.0.0/0")->contains(*IpAddress::parse("10.0.0.1")));
  EXPECT_FALSE(IpPrefix::parse("10.0.0.1")->contains(*IpAddress::parse("10.0.0.2")));
}

TEST(IpPrefix, text_keeps_the_host_bits_and_refuses_impossible_lengths) {
  EXPECT_EQ(IpPrefix::parse("10.77.0.2/24")->to_string(), "10.77.0.2/24");
  EXPECT_EQ(IpPrefix::parse("fd77::2")->to_string(), "fd77::2/128");
  for (const char* text : {"10.0.0.0/33", "fd77::/129", "10.0.0.0/", "10.0.0.0/x", "/24", "10.0.0.0/024"})
    EXPECT_FALSE(IpPrefix::parse(text)) << text;
}

TEST(IpPrefix, the_broadcast_address_has_all_host_bits_set) {
  EXPECT_EQ(IpPrefix::parse("10.77.0.2/24")->broadcast(), IpAddress::parse("10.77.0.255"));
  EXPECT_EQ(IpPrefix::parse("10.77.0.2/31")->broadcast(), std::nullopt);
  EXPECT_EQ(IpPrefix::parse("fd77::/64")->broadcast(), std::nullopt);
}

TEST(MacAddress, text_reads_and_prints) {
  EXPECT_EQ(MacAddress::parse("02:00:5E:10:00:01")->to_string(), "02:00:5e:10:00:01");
  EXPECT_EQ(MacAddress::parse("02-00-5e-10-00-01"), MacAddress::parse("02:00:5e:10:00:01"));
  for (const char* text :
       {"", "02:00:5e:10:00", "02:00:5e:10:00:0g", "02:00-5e:10:00:01", "02:00:5e:10:00:01:02", "0200:5e:10:00:011"})
    EXPECT_FALSE(MacAddress::parse(text)) << text;
}

TEST(MacAddress, groups_are_told_from_stations) {
  EXPECT_TRUE(MacAddress::broadcast().is_broadcast());
  EXPECT_TRUE(MacAddress::broadcast().is_multicast());
  EXPECT_FALSE(MacAddress::parse("02:00:5e:10:00:01")->is_multicast());
  EXPECT_TRUE(MacAddress().is_zero());
}

TEST(MacAddress, multicast_of_either_family_has_its_group_address) {
  EXPECT_EQ(MacAddress::for_multicast(*IpAddress::parse("224.128.0.1")), MacAddress::parse("01:00:5e:00:00:01"));
  EXPECT_EQ(MacAddress::for_multicast(*IpAddress::parse("ff02::1:ff78:9abc")), MacAddress::parse("33:33:ff:78:9a:bc"));
}

}  // namespace
}  // namespace handsel::wire
