// Handshakes torn off at every step: nothing stays in the pool, in the stage, or in memory.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "connected.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

void expect_nothing_left(World& world) {
  EXPECT_EQ(world.frames.blocks_taken(), 0u);
  EXPECT_EQ(world.frames.longs_taken(), 0u);
  EXPECT_EQ(world.stage.waiting(), 0u);
  EXPECT_EQ(world.stage.take_completed(), nullptr);
}

TEST(Lifetime, session_that_never_saw_a_byte_takes_nothing_from_the_pool) {
  Pair pair;
  EXPECT_EQ(pair.server.session().waiting(), Waiting::client_hello);
  EXPECT_EQ(pair.world.frames.blocks_taken(), 0u);
  pair.server.destroy();
  EXPECT_EQ(pair.world.statistics.handshakes_started.get(), 0u);
  EXPECT_EQ(pair.world.statistics.handshakes_abandoned.get(), 0u);
}

TEST(Lifetime, destroyed_inside_the_client_hello) {
  Pair pair;
  pair.client.start();
  const Buffer hello = pair.client.take_output();
  pair.server.receive(Buffer{22, 3, 1, 0, 3, hello[5], hello[6], hello[7]});
  EXPECT_EQ(pair.server.session().waiting(), Waiting::client_hello);
  EXPECT_EQ(pair.world.frames.blocks_taken(), 1u);
  pair.server.destroy();
  expect_nothing_left(pair.world);
  EXPECT_EQ(pair.world.statistics.handshakes_abandoned.get(), 1u);
}

TEST(Lifetime, destroyed_while_our_key_is_made) {
  for (const bool computed : {false, true}) {
    Pair pair;
    pair.client.start();
    pair.server.receive(pair.client.take_output());
    EXPECT_EQ(pair.server.session().waiting(), Waiting::key_generation);
    EXPECT_FALSE(pair.server.session().wants_record());
    EXPECT_EQ(pair.world.stage.waiting(), 1u);
    if (computed) pair.world.stage.flush(Instant{});
    pair.server.destroy();
    expect_nothing_left(pair.world);
  }
}

TEST(Lifetime, destroyed_while_the_secret_and_the_signature_are_computed) {
  for (const int computed : {0, 1, 2}) {
    Pair pair;
    pair.client.start();
    pair.server.receive(pair.client.take_output());
    pair.server.run_crypto();
    EXPECT_EQ(pair.server.session().waiting(), Waiting::shared_secret_and_signature);
    EXPECT_EQ(pair.world.stage.waiting(), 2u);
    if (computed > 0) pair.world.stage.flush(Instant{});
    if (computed > 1)
      pair.server.session().on_operation_done(*pair.world.stage.take_completed(), pair.server, Instant{});
    pair.server.destroy();
    expect_nothing_left(pair.world);
  }
}

TEST(Lifetime, destroyed_after_a_hello_retry_request) {
  Offer offer;
  offer.shares = {};
  Pair pair(offer);
  pair.client.start();
  pair.server.receive(pair.client.take_output());
  EXPECT_EQ(pair.server.session().waiting(), Waiting::second_client_hello);
  pair.server.destroy();
  expect_nothing_left(pair.world);
}

TEST(Lifetime, destroyed_before_the_clients_finished) {
  Pair pair;
  pair.client.hold_finished = true;
  pair.client.start();
  pair.pass();
  EXPECT_EQ(pair.server.session().waiting(), Waiting::client_finished);
  EXPECT_EQ(explain(pair.server.session().waiting()), "the client's Finished");
  EXPECT_TRUE(pair.server.session().wants_record());
  pair.server.destroy();
  expect_nothing_left(pair.world);
}

TEST(Lifetime, destroyed_when_connected) {
  Connected pair;
  EXPECT_EQ(pair.server.session().waiting(), Waiting::nothing);
  pair.server.destroy();
  expect_nothing_left(pair.world);
  EXPECT_EQ(pair.world.statistics.handshakes_abandoned.get(), 0u);
}

TEST(Lifetime, closed_by_us_in_the_handshake_sends_close_notify_and_gives_everything_back) {
  Pair pair;
  pair.client.start();
  pair.server.receive(pair.client.take_output());
  pair.server.session().close(pair.server);
  EXPECT_EQ(pair.server.session().phase(), Phase::closed);
  EXPECT_EQ(pair.server.take_output(), (Buffer{21, 3, 3, 0, 2, 1, 0}));
  expect_nothing_left(pair.world);
}

TEST(Lifetime, record_that_comes_while_crypto_runs_waits_in_front_of_the_session) {
  Pair pair;
  pair.client.start();
  pair.client.put(Buffer{20, 3, 3, 0, 1, 1});
  pair.server.receive(pair.client.take_output());
  EXPECT_EQ(pair.server.unread.size(), 6u);
  pair.pass();
  EXPECT_TRUE(pair.server.connected);
}

TEST(Lifetime, stage_without_room_fails_the_handshake) {
  Pair pair;
  crypto::StageConfig none;
  none.queue_bound = 0;
  crypto::Stage full(pair.world.backend->kernels(), none, [] { return std::uint64_t{0}; });
  WorkerContext worker{full, *pair.world.aead, pair.world.entropy, pair.world.frames, pair.world.statistics};
  Session session(worker, pair.config, nullptr, 1, Instant{});
  pair.client.start();
  Buffer hello = pair.client.take_output();
  EXPECT_TRUE(session.on_record(hello, pair.server, Instant{}).failed);
  EXPECT_EQ(session.failure().error, Error::crypto_queue_full);
  expect_nothing_left(pair.world);
}

TEST(Lifetime, sink_without_room_at_any_byte_of_the_flight_fails_the_handshake) {
  for (const std::size_t room : {0u, 50u, 130u, 140u, 200u}) {
    Pair pair;
    pair.server.sink_room = room;
    pair.client.start();
    pair.pass();
    EXPECT_EQ(name_of(pair.failure().error), "send_queue_full");
    expect_nothing_left(pair.world);
  }
}

TEST(Lifetime, handshake_memory_holds_no_traffic_secret_after_the_handshake) {
  Pair pair;
  constexpr std::ptrdiff_t kFrameBytes = limits::kMaxHandshakeFrameBytes - 64;  // a free block starts with a link
  void* first = pair.world.frames.take_block();
  std::memset(first, 0, limits::kHandshakeBlockBytes);
  pair.world.frames.give_block(first);
  pair.client.start();
  pair.server.receive(pair.client.take_output());
  pair.server.run_crypto();
  const auto* block = static_cast<const std::uint8_t*>(first);
  EXPECT_NE(std::count(block + 64, block + limits::kMaxHandshakeFrameBytes, 0), kFrameBytes);
  pair.pass();
  ASSERT_TRUE(pair.server.connected);
  EXPECT_EQ(std::count(block + 64, block + limits::kMaxHandshakeFrameBytes, 0), kFrameBytes)
      << "the coroutines' frames are not wiped";
}

TEST(Lifetime, idle_connection_is_small) { EXPECT_LE(sizeof(Session), 400u); }

}  // namespace
}  // namespace handsel::tls::test
