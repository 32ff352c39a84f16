/// A connection under a storm of segments from someone who knows the tuple and guesses the rest: whatever comes, the
/// invariants hold and nothing leaks.

#include "harness.h"

namespace handsel::tcp::test {
namespace {

TcpHeader guess(std::mt19937_64& random, const Connection& c) {
  const auto near = [&](SeqNum centre) {
    switch (random() % 6) {
      case 0:
        return SeqNum(static_cast<std::uint32_t>(random()));
      case 1:
        return centre;
      default:
        return centre + static_cast<std::uint32_t>(random() % 6'000) - 3'000;
    }
  };
  TcpHeader header;
  header.seq = near(c.rcv_nxt());
  header.ack = random() % 2 ? near(c.snd_una()) : c.snd_nxt();
  constexpr std::uint8_t kUsual[] = {wire::kAck, wire::kAck, wire::kAck, wire::kAck | wire::kPsh};
  header.flags = random() % 4 != 0 ? kUsual[random() % 4] : static_cast<std::uint8_t>(random());
  if (random() % 8 != 0) header.flags &= static_cast<std::uint8_t>(~wire::kRst);
  header.window = static_cast<std::uint16_t>(random() % 5 == 0 ? 0 : random());
  header.urgent_pointer = static_cast<std::uint16_t>(random());
  if (c.timestamps_on() && random() % 16 != 0)
    header.options.timestamps = wire::TcpTimestamps{100'000 + static_cast<std::uint32_t>(random() % 100), 0};
  header.options.sack_count = static_cast<std::uint8_t>(random() % 5);
  for (auto& block : header.options.sack) block = {near(c.snd_una()), near(c.snd_nxt())};
  return header;
}

void check_invariants(const Connection& c) {
  ASSERT_LE(c.snd_una(), c.snd_nxt());
  ASSERT_LE(c.queued_bytes(), 65'536u);
  ASSERT_LE(c.readable_bytes(), 66'000u);
  ASSERT_LE(c.reassembly_bytes(), 66'000u);
  if (c.state() != State::closed && c.bytes_in_flight() != 0) {
    ASSERT_NE(c.next_deadline(), kNever) << name_of(c.state());
  }
  if (c.state() == State::established && c.unsent_bytes() != 0) {
    ASSERT_NE(c.next_deadline(), kNever);
  }
}

TEST(Storm, WhateverComesTheInvariantsHoldAndNothingLeaks) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Harness h;
    h.config.send_buffer_bytes = h.config.receive_buffer_bytes = 65'536;
    h.config.keepalive_idle = random() % 2 ? 1s : 0s;
    h.config.nagle = random() % 2;
    if (random() % 2) h.with_sack();
    if (random() % 2) h.with_timestamps();
    if (random() % 2) h.with_window_scale(5);
    const bool small_pool = random() % 4 == 0;
    ChunkPool pool(small_pool ? 12 : 512);
    h.iss = SeqNum(static_cast<std::uint32_t>(random()));
    Connection c(h.config, pool, h.syn, h.iss, h.now);
    drain(c, h.now);
    for (int step = 0; step < 400; ++step) {
      switch (random() % 8) {
        case 0:
          c.write(pattern(random() % 9'000));
          break;
        case 1: {
          const std::size_t count = c.readable_bytes() == 0 ? 0 : random() % (c.readable().size() + 1);
          c.consume(count);
          break;
        }
        case 2:
          h.advance(Duration(static_cast<std::int64_t>(random() % 500'000'000)));
          c.on_timer(h.now);
          break;
        case 3:
          if (random() % 20 == 0) c.shutdown_write();
          if (random() % 40 == 0) c.close();
          if (random() % 20 == 0) c.on_packet_too_big(static_cast<std::uint16_t>(random()), c.snd_una(), h.now);
          if (random() % 50 == 0) c.on_unreachable(c.snd_una(), true);
          break;
        default: {
          const auto payload = pattern(random() % 3 == 0 ? 0 : random() % 1'460);
          c.on_segment(guess(random, c), payload, static_cast<std::uint8_t>(random() & 3), h.now);
          if (random() % 2) c.consume(c.readable().size());
          c.detach_segment();
        }
      }
      const bool said_no = !c.wants_output();
      const auto sent = drain(c, h.now);
      if (said_no) {
        ASSERT_TRUE(sent.empty()) << "wants_output() said no";
      }
      for (const auto& segment : sent) {
        ASSERT_LE(segment.payload.size(), 1'460u);
        ASSERT_GE(segment->seq, c.snd_una() - 1);
      }
      check_invariants(c);
      if (HasFailure()) return;
    }
    c.abort();
    ASSERT_EQ(pool.available(), pool.capacity());
  }
}

}  // namespace
}  // namespace handsel::tcp::test
