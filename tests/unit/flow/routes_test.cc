#include "flow/routes.h"

#include <gtest/gtest.h>

namespace handsel::flow {
namespace {

wire::IpAddress ip(const char* text) { return *wire::IpAddress::parse(text); }

struct Way {
  const char* to;
  const char* by;    // empty: no way
  const char* from;  // empty: nothing to send from
};

class RoutesTest : public ::testing::TestWithParam<Way> {};

// Two networks of IPv4 and one of IPv6, with gateways.
TEST_P(RoutesTest, packets_leave_by_the_right_neighbour_from_the_right_address) {
  const Routes routes({*wire::IpPrefix::parse("10.77.0.2/24"), *wire::IpPrefix::parse("192.0.2.2/28"),
                       *wire::IpPrefix::parse("fd77::2/64")},
                      {ip("192.0.2.1"), ip("fe80::1")});
  const auto hop = routes.next_hop(ip(GetParam().to));
  EXPECT_EQ(hop ? hop->to_string() : "", GetParam().by);
  const auto source = routes.source_for(ip(GetParam().to));
  EXPECT_EQ(source ? source->to_string() : "", GetParam().from);
}

INSTANTIATE_TEST_SUITE_P(
    Ways, RoutesTest,
    ::testing::Values(Way{"10.77.0.9", "10.77.0.9", "10.77.0.2"}, Way{"192.0.2.14", "192.0.2.14", "192.0.2.2"},
                      Way{"192.0.2.17", "192.0.2.1", "192.0.2.2"}, Way{"8.8.8.8", "192.0.2.1", "192.0.2.2"},
                      Way{"fd77::99", "fd77::99", "fd77::2"}, Way{"2001:db8::1", "fe80::1", "fd77::2"},
                      Way{"fe80::5", "fe80::5", "fd77::2"}));

TEST(Routes, without_a_gateway_only_our_networks_can_be_reached) {
  const Routes routes({*wire::IpPrefix::parse("10.77.0.2/24")}, {});
  EXPECT_TRUE(routes.next_hop(ip("10.77.0.1")));
  EXPECT_FALSE(routes.next_hop(ip("10.78.0.1")));
  EXPECT_FALSE(routes.next_hop(ip("2001:db8::1")));
  EXPECT_FALSE(routes.source_for(ip("2001:db8::1")));
}

TEST(Routes, what_cannot_be_another_host_is_known) {
  const Routes routes({*wire::IpPrefix::parse("10.77.0.2/24"), *wire::IpPrefix::parse("fd77::2/64")}, {});
  for (const char* nobody : {"10.77.0.2", "10.77.0.255", "255.255.255.255", "224.0.0.1", "0.0.0.0", "127.0.0.1",
                             "::", "::1", "ff02::1", "fd77::2"})
    EXPECT_FALSE(routes.is_host(ip(nobody))) << nobody;
  for (const char* somebody : {"10.77.0.1", "10.78.0.255", "fd77::1", "fe80::1"})
    EXPECT_TRUE(routes.is_host(ip(somebody))) << somebody;
}

}  // namespace
}  // namespace handsel::flow
