/// What a connection costs, and how it lives when the pool is nearly empty.

#include "harness.h"

namespace handsel::tcp::test {
namespace {

TEST(Memory, AConnectionFitsIn320BytesAndIdlesWithoutAChunk) {
  EXPECT_LE(sizeof(Connection), 320u);
  Harness h;
  h.with_sack().with_timestamps().establish();
  h.data(1'000);
  h.read();
  h.write(1'000);
  h.flush();
  h.ack(h.ours(1'000));
  EXPECT_EQ(h.pool.available(), h.pool.capacity());
}

/// Leaves `count` chunks in the harness's pool.
void leave(Harness& h, std::uint32_t count) {
  while (h.pool.available() > count) h.pool.take();
}

TEST(Memory, IslandsAreGivenUpWhenDataInOrderFindsNoChunk) {
  Harness h;
  h.with_sack().establish();
  h.data_at(2'000, 1'000);
  h.data_at(4'000, 1'000);
  h.flush();
  EXPECT_EQ(h.c->reassembly_bytes(), 2'000u);
  leave(h, 1);
  const auto bytes = pattern(1'000);
  const Outcome outcome = h.inject(h.segment(), bytes);
  EXPECT_TRUE(outcome.readable);
  EXPECT_FALSE(outcome.dropped);
  EXPECT_EQ(h.c->reassembly_bytes(), 0u);
  h.c->detach_segment();
  EXPECT_EQ(h.read(), bytes);
}

TEST(Memory, WithoutAnyChunkDataIsNotAcknowledgedAndComesAgain) {
  Harness h;
  h.establish();
  leave(h, 0);
  const auto bytes = pattern(1'000);
  const Outcome outcome = h.inject(h.segment(), bytes);
  EXPECT_EQ(outcome.dropped, Drop::tcp_no_buffer);
  EXPECT_EQ(h.c->rcv_nxt(), h.peer_nxt);
  EXPECT_TRUE(h.quiet());
}

TEST(Memory, LastWordsFindRoomWhereDataDoesNot) {
  for (const std::uint32_t left : {0u, 2u, 3u, 8u}) {
    Harness h;
    h.establish();
    leave(h, left);
    EXPECT_EQ(h.c->send_room(), 0u);
    EXPECT_FALSE(h.c->write_last_words(pattern(Connection::kLastWords + 1)));
    EXPECT_EQ(h.c->write_last_words(pattern(31)), left > 2) << left;
    EXPECT_EQ(h.c->queued_bytes(), left > 2 ? 31u : 0u);
    h.c->shutdown_write();
    EXPECT_FALSE(h.c->write_last_words(pattern(31)));
  }
}

TEST(Memory, SendQueuesAndIslandsLeaveChunksForDataInOrder) {
  Harness h;
  h.establish();
  leave(h, 8);
  EXPECT_EQ(h.c->send_room(), 0u);
  EXPECT_EQ(h.write(100), 0u);
  EXPECT_EQ(h.data_at(5'000, 100).dropped, Drop::tcp_no_buffer);
  EXPECT_TRUE(h.data_at(0, 1'000).readable);
}

TEST(Memory, WhatIsWrittenWithoutAChunkForItsRecordIsSentWhenThereIsOne) {
  Harness h;
  h.establish();
  h.write(100);
  std::vector<std::uint32_t> taken;
  while (h.pool.available() != 0) taken.push_back(h.pool.take());
  EXPECT_TRUE(h.quiet());
  ASSERT_NE(h.c->next_deadline(), kNever);
  for (const std::uint32_t chunk : taken) h.pool.give_back(chunk);
  h.fire();
  EXPECT_EQ(h.one().payload.size(), 100u);
}

TEST(Memory, UnreadDataOutlivesAnOrderlyEndAndNotAReset) {
  Harness h;
  h.establish();
  h.data(500);
  h.fin();
  h.c->shutdown_write();
  h.flush();
  EXPECT_EQ(h.ack(h.c->snd_nxt()).ended, End::closed);
  EXPECT_EQ(h.c->state(), State::closed);
  EXPECT_EQ(h.read(), pattern(500));

  Harness other;
  other.establish();
  other.data(500);
  TcpHeader reset = other.segment();
  reset.flags = wire::kRst;
  EXPECT_EQ(other.inject(reset).ended, End::reset_by_peer);
  EXPECT_EQ(other.c->readable_bytes(), 0u);
  EXPECT_EQ(other.pool.available(), other.pool.capacity());
}

}  // namespace
}  // namespace handsel::tcp::test
