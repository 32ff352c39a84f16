/// The peer's window, as an edge beyond which nothing may be sent; and the scale of our own.

#include "harness.h"

namespace handsel::tcp::test {
namespace {

// A retransmission carries an old sequence number and a new acknowledgement: with it come its own window and no other.
TEST(SendWindow, SegmentFromBeforeTheLastUpdateAcknowledgesMore_RightEdgeStays) {
  Harness h;
  h.establish();
  h.c->write(pattern(1'000));
  h.flush();
  TcpHeader ahead = h.segment();
  ahead.seq = h.peer_nxt + 10;
  ahead.ack = h.iss + 1;
  ahead.window = 3'000;
  h.inject(ahead);
  TcpHeader behind = h.segment();
  behind.ack = h.iss + 1 + 1'000;
  behind.window = 2'000;
  h.inject(behind);
  EXPECT_EQ((h.c->snd_una() + h.c->snd_wnd()).raw(), (h.iss + 1 + 3'000).raw());
}

TEST(ReceiveWindow, PeerScalesNot_NeitherDoWe) {
  Harness h;
  h.config.receive_buffer_bytes = 1'000'000;
  h.establish();
  EXPECT_EQ(h.c->receive_wscale(), 0);
  Harness scaled;
  scaled.config.receive_buffer_bytes = 1'000'000;
  scaled.with_window_scale(2).establish();
  EXPECT_EQ(scaled.c->receive_wscale(), 4);
}

// What vanishes is smaller than the first size that a black hole is tried with: then it is the second size's turn.
TEST(BlackHole, SegmentBelowTheBaseVanishes_IsCutToTheFloor) {
  Harness h;
  h.establish();
  h.c->write(pattern(760));
  h.flush();
  std::size_t largest = 760;
  for (int i = 0; i < 4 && largest == 760; ++i) {
    h.now = h.c->next_deadline();
    h.c->on_timer(h.now);
    largest = 0;
    for (const Sent& sent : h.flush()) largest = std::max(largest, sent.payload.size());
  }
  EXPECT_EQ(largest, 512u);
}

// Between SYN-ACK and ACK somebody guesses, without timestamps: what was negotiated with the peer stays negotiated.
TEST(Timestamps, StrangerOmitsThemDuringTheHandshake_TheyStayOn) {
  Harness h;
  h.with_timestamps().listen();
  h.flush();
  TcpHeader guess = h.segment();
  guess.options.timestamps.reset();
  guess.seq = h.peer_nxt + 1'000'000;
  h.inject(guess);
  EXPECT_TRUE(h.c->timestamps_on());
  guess.seq = h.peer_nxt;
  guess.ack = h.iss + 1'000;
  h.inject(guess);
  EXPECT_TRUE(h.c->timestamps_on());
  guess.ack = h.iss + 1;
  h.inject(guess);
  EXPECT_FALSE(h.c->timestamps_on());
  EXPECT_EQ(h.c->state(), State::established);
}

}  // namespace
}  // namespace handsel::tcp::test
