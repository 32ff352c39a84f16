/// Two of our own connections over a link that misbehaves: every byte arrives once, in order, and nothing leaks.

#include "harness.h"

namespace handsel::tcp::test {
namespace {

/// `count` bytes from server to client, then both close; everything checked.
void transfer(Pair& pair, std::size_t count) {
  pair.connect();
  std::size_t written = 0;
  const bool done = pair.run([&] {
    if (pair.server && pair.server->state() >= State::established) {
      const std::size_t room = std::min(pair.server->send_room(), count - written);
      if (room != 0) {
        written += pair.server->write(pattern(room, written));
        pair.pump();
      }
      if (written == count && !pair.server->write_shut()) {
        pair.server->shutdown_write();
        pair.pump();
      }
    }
    if (pair.client_saw_fin && !pair.client->write_shut()) {
      pair.client->shutdown_write();
      pair.pump();
    }
    return pair.server && pair.client->state() == State::closed && pair.server->state() == State::closed;
  });
  EXPECT_TRUE(done) << name_of(pair.client->state()) << ' ' << (pair.server ? name_of(pair.server->state()) : "none");
  EXPECT_EQ(pair.client_got.size(), count);
  EXPECT_EQ(pair.client_got, pattern(count));
  EXPECT_EQ(pair.client_end, End::closed);
  EXPECT_EQ(pair.server_end, End::closed);
  pair.client.reset();
  pair.server.reset();
  EXPECT_EQ(pair.pool.available(), pair.pool.capacity());
}

TEST(Pair, CleanLinkCarriesAMegabyteWithoutRetransmission) {
  Pair pair;
  std::size_t repeated = 0;
  pair.lose = [&](const OutSegment& segment, bool) { return repeated += segment.retransmission, false; };
  transfer(pair, 1'000'000);
  EXPECT_EQ(repeated, 0u);
}

TEST(Pair, EveryMixOfOptionsSurvivesLossReorderingAndDuplication) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Pair pair(seed);
    pair.loss = 0.05;
    pair.duplicate = 0.03;
    pair.reorder = 0.05;
    pair.client_config.sack = (seed & 1) != 0;
    pair.client_config.timestamps = (seed & 2) != 0;
    pair.client_config.window_scaling = (seed & 4) != 0;
    pair.server_config.nagle = (seed & 8) != 0;
    if (seed % 3 == 0) pair.server_config.congestion = CongestionAlgorithm::newreno;
    transfer(pair, 200'000);
    if (testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace handsel::tcp::test
