/// Connections that a shard opens to another: everything from ARP to the last FIN.

#include "two_shards.h"

namespace handsel::flow {
namespace {

class Connect : public TwoShards {};

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

}  // namespace
}  // namespace handsel::flow
