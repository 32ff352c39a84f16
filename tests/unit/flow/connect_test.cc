/// Connections that a shard opens to another: everything from ARP to the last FIN.

#include <set>

#include "two_shards.h"

namespace handsel::flow {
namespace {

class Connect : public TwoShards {
 protected:
  static inline const wire::MacAddress kLiar{{2, 6, 6, 6, 6, 6}};
};

TEST_F(Connect, opens_talks_and_closes) {
  start();
  client.greeting = "hello";
  client.close_after = 5;
  ASSERT_TRUE(shard->connect(to(kPlain), now));
  EXPECT_EQ(tcp().opening.get(), 1u);
  exchange();
  EXPECT_EQ(client.opened, 1);
  EXPECT_EQ(service.received, "hello");
  EXPECT_EQ(client.received, "hello");
  EXPECT_EQ(client.closed, 1);
  EXPECT_EQ(client.end, tcp::End::closed);
  EXPECT_EQ(tcp().connections_initiated.get(), 1u);
  EXPECT_EQ(tcp().connections_opened.get(), 1u);
  EXPECT_EQ(tcp().opening.get(), 0u);
  EXPECT_EQ(tcp().time_wait.get(), 1u);
  EXPECT_EQ(shard->flows(), 0u);
  EXPECT_EQ(peer->flows(), 0u);
}

TEST_F(Connect, over_ipv6_the_same) {
  start();
  client.greeting = "hello";
  client.close_after = 5;
  Target target = to(kPlain);
  target.address = kTheirs6;
  ASSERT_TRUE(shard->connect(target, now));
  exchange();
  EXPECT_EQ(client.received, "hello");
  EXPECT_EQ(client.closed, 1);
  EXPECT_EQ(shard->statistics().packets.nd_queries.get(), 1u);
}

TEST_F(Connect, state_begins_as_the_target_says_and_the_handle_is_the_streams) {
  start();
  Target target = to(kPlain);
  target.state = as_bytes("first");
  const auto handle = shard->connect(target, now);
  exchange();
  EXPECT_EQ(client.state, "first");
  EXPECT_EQ(client.id, *handle);
}

TEST_F(Connect, port_that_nobody_listens_on_is_refused) {
  start();
  Target target = to(81);
  target.state = as_bytes("which");
  ASSERT_TRUE(shard->connect(target, now));
  exchange();
  EXPECT_EQ(client.failures, std::vector{OpenFailure::refused});
  EXPECT_EQ(client.end, tcp::End::refused);
  EXPECT_EQ(client.state, "which");
  EXPECT_EQ(client.opened + client.closed, 0);
  EXPECT_EQ(tcp().opens_refused.get(), 1u);
  EXPECT_EQ(tcp().opening.get(), 0u);
  expect_clean();
}

TEST_F(Connect, half_close_still_hears_the_answer) {
  start();
  client.greeting = "question";
  client.finish_at_once = true;
  ASSERT_TRUE(shard->connect(to(kPlain), now));
  exchange();
  EXPECT_EQ(client.received, "question");
  EXPECT_EQ(client.closed, 1);
  EXPECT_EQ(client.end, tcp::End::closed);
  EXPECT_EQ(shard->flows(), 0u);
}

TEST_F(Connect, nothing_is_sent_after_finish) {
  start();
  client.finish_at_once = true;
  service.closes_with_peer = false;
  const auto handle = shard->connect(to(kPlain), now);
  exchange();
  client.late = "too late";
  EXPECT_TRUE(shard->wake(*handle, now));
  exchange();
  EXPECT_EQ(service.received, "");
}

TEST_F(Connect, service_that_is_woken_may_send) {
  start();
  const auto handle = shard->connect(to(kPlain), now);
  EXPECT_FALSE(shard->wake(*handle, now));  // not open yet
  exchange();
  client.late = "later";
  EXPECT_TRUE(shard->wake(*handle, now));
  exchange();
  EXPECT_EQ(service.received, "later");
  EXPECT_FALSE(shard->wake({handle->index, handle->generation + 1}, now));
}

TEST_F(Connect, cut_while_opening_is_told_as_a_failure) {
  start();
  const auto handle = shard->connect(to(kPlain), now);
  EXPECT_TRUE(shard->cut(*handle, now));
  exchange();
  EXPECT_EQ(client.failures, std::vector{OpenFailure::cut});
  EXPECT_EQ(tcp().opens_cut.get(), 1u);
  EXPECT_FALSE(shard->cut(*handle, now));
  expect_clean();
}

TEST_F(Connect, cut_when_open_resets_the_peer) {
  start();
  const auto handle = shard->connect(to(kPlain), now);
  exchange();
  EXPECT_TRUE(shard->cut(*handle, now));
  exchange();
  EXPECT_EQ(client.closed, 1);
  EXPECT_EQ(client.end, tcp::End::aborted);
  EXPECT_EQ(peer->statistics().tcp.connections_reset.get(), 1u);
  EXPECT_TRUE(client.failures.empty());
  expect_clean();
}

TEST_F(Connect, service_may_connect_again_from_within_its_last_call) {
  start();
  client.greeting = "hello";
  client.close_after = 5;
  int left = 99;
  client.when_closed = [&] {
    client.received.clear();
    if (left-- > 0) {
      ASSERT_TRUE(shard->connect(to(kPlain), now));
    }
  };
  ASSERT_TRUE(shard->connect(to(kPlain), now));
  exchange();
  EXPECT_EQ(client.closed, 100);
  EXPECT_EQ(peer->statistics().tcp.connections_opened.get(), 100u);
  EXPECT_EQ(shard->flows(), 0u);
}

TEST_F(Connect, source_ports_differ_and_none_is_a_listeners) {
  start();
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 32; ++i) {
    ASSERT_TRUE(shard->connect(to(kPlain), now));
  }
  shard->for_each_flow([&](const Flow& flow) { ports.insert(flow.key.local_port); });
  EXPECT_EQ(ports.size(), 32u);
  EXPECT_GE(*ports.begin(), 1'024);
  exchange();
  EXPECT_EQ(client.opened, 32);
}

TEST_F(Connect, only_the_first_of_many_asks_for_the_neighbour) {
  start();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(shard->connect(to(kPlain), now));
  }
  exchange();
  EXPECT_EQ(client.opened, 10);
  EXPECT_EQ(shard->statistics().packets.arp_queries.get(), 1u);
  EXPECT_EQ(shard->statistics().packets.neighbours.get(), 1u);
}

struct Far {
  const char* target;
  const char* gateway;
};
class ConnectFar : public TwoShards, public ::testing::WithParamInterface<Far> {};

TEST_P(ConnectFar, through_the_gateway) {
  config.gateways = {*wire::IpAddress::parse(GetParam().gateway)};
  their_addresses = {{*wire::IpAddress::parse(GetParam().gateway), 64},
                     {*wire::IpAddress::parse(GetParam().target), 128}};
  start();
  client.greeting = "far";
  Target target = to(kPlain);
  target.address = *wire::IpAddress::parse(GetParam().target);
  ASSERT_TRUE(shard->connect(target, now));
  exchange();
  EXPECT_EQ(client.received, "far");
}

INSTANTIATE_TEST_SUITE_P(Gateways, ConnectFar,
                         ::testing::Values(Far{"192.0.2.9", "10.77.0.3"}, Far{"2001:db8::9", "fd77::3"},
                                           Far{"2001:db8::9", "fe80::3"}));

TEST_F(Connect, in_a_vlan) {
  config.vlan = 7;
  start();
  client.greeting = "tagged";
  ASSERT_TRUE(shard->connect(to(kPlain), now));
  exchange();
  EXPECT_EQ(client.received, "tagged");
}

TEST_F(Connect, tuple_in_time_wait_is_taken_again_only_when_its_timestamps_have_grown) {
  start();
  client.greeting = "hello";
  client.close_after = 5;
  Target target = to(kPlain);
  target.local_port = 5'000;
  ASSERT_TRUE(shard->connect(target, now));
  exchange();
  ASSERT_EQ(tcp().time_wait.get(), 1u);
  EXPECT_EQ(shard->connect(target, now).error(), Drop::open_port_taken);
  now += std::chrono::milliseconds(1'100);
  client.received.clear();
  ASSERT_TRUE(shard->connect(target, now));
  exchange();
  EXPECT_EQ(client.closed, 2);
}

TEST_F(Connect, tuple_in_time_wait_without_timestamps_stays_taken) {
  config.tcp.timestamps = false;
  start();
  client.greeting = "hello";
  client.close_after = 5;
  Target target = to(kPlain);
  target.local_port = 5'000;
  ASSERT_TRUE(shard->connect(target, now));
  exchange();
  let_pass(config.tcp.time_wait - std::chrono::seconds(2));
  EXPECT_EQ(shard->connect(target, now).error(), Drop::open_port_taken);
  let_pass(std::chrono::seconds(3));
  EXPECT_TRUE(shard->connect(target, now));
}

// A lie about a neighbour is believed for as long as it takes to ask, and no longer.
TEST_F(Connect, false_claim_to_a_neighbours_address_costs_time_and_not_the_connection) {
  start();
  ASSERT_TRUE(shard->connect(to(kPlain), now));
  exchange();
  give_arp(wire::ArpOperation::reply, kLiar, kTheirs, kOurs);
  EXPECT_EQ(shard->statistics().packets.neighbour_changes.get(), 1u);
  ASSERT_TRUE(shard->connect(to(kPlain), now));
  exchange();
  EXPECT_EQ(client.opened, 1);
  let_pass(std::chrono::seconds(20));
  EXPECT_EQ(client.opened, 2);
  EXPECT_TRUE(client.failures.empty());
}

TEST_F(Connect, connection_that_is_open_heeds_no_claim_about_its_neighbour) {
  start();
  const auto handle = shard->connect(to(kPlain), now);
  exchange();
  give_arp(wire::ArpOperation::reply, kLiar, kTheirs, kOurs);
  client.late = "still here";
  ASSERT_TRUE(shard->wake(*handle, now));
  exchange();
  EXPECT_EQ(service.received, "still here");
}

TEST_F(Connect, answer_of_the_peer_confirms_a_stale_neighbour) {
  start();
  ASSERT_TRUE(shard->connect(to(kPlain), now));
  exchange();
  let_pass(std::chrono::seconds(46));
  ASSERT_EQ(shard->neighbours().state_of(kTheirs), Neighbours::State::stale);
  ASSERT_TRUE(shard->connect(to(kPlain), now));
  exchange();
  EXPECT_EQ(shard->neighbours().state_of(kTheirs), Neighbours::State::reachable);
  let_pass(std::chrono::seconds(10));
  EXPECT_EQ(shard->statistics().packets.arp_queries.get(), 1u);
}

}  // namespace
}  // namespace handsel::flow
