/// The ACK field (RFC 9293 3.10.7.4, fifth).

#include "tcp/arrival.h"

namespace handsel::tcp {

using wire::SeqNum;

/// False when the segment goes no further.
bool Connection::arrive_ack(Arrival& arrival) {
  const SeqNum ack = arrival.header.ack;
  if (state_ == State::syn_received) {
    if (ack <= snd_una_ || ack > snd_nxt_) {
      arrival.out.refuse = true;
      arrival.out.dropped = Drop::tcp_bad_ack;
      return false;
    }
    establish(arrival);
    max_snd_wnd_ = 0;
    snd_wl1_ = arrival.seq - 1;                                  // so that this segment's window counts
  } else if (ack > snd_nxt_ || ack < snd_una_ - max_snd_wnd_) {  // RFC 5961 5.2
    challenge(arrival, Drop::tcp_bad_ack);
    return false;
  }
  update_send_window(arrival);
  if (timer_ == Timer::persist) refresh_user_timeout(arrival.now);  // it answers: the wait may go on for ever
  acknowledge(arrival);
  if (has(kFinAcked)) {
    switch (state_) {
      case State::fin_wait_1:
        state_ = State::fin_wait_2;
        life_at_ = has(kReaderGone) ? arrival.now + fin_wait_2() : kNever;
        break;
      case State::closing:
        enter_time_wait(arrival.now);
        arrival.out.ended = End::closed;
        break;
      case State::last_ack:
        end(arrival.out, End::closed);
        break;
      default:
        break;
    }
  }
  return true;
}

void Connection::update_send_window(Arrival& arrival) {
  const SeqNum ack = arrival.header.ack;
  if (ack < snd_una_) return;
  // RFC 9293 also asks that it come behind the segment that set the window last. One that acknowledges more was sent
  // later whatever its sequence number says (a retransmission's is an old one), and to move SND.UNA under the window of
  // another segment would widen what the peer offered.
  if (!(snd_una_ < ack || snd_wl1_ < arrival.seq || (snd_wl1_ == arrival.seq && snd_wl2_ <= ack))) return;
  const std::uint32_t window = std::uint32_t{arrival.header.window} << snd_wscale_;
  arrival.window_changed = window != snd_wnd_;
  const bool was_closed = snd_wnd_ == 0;
  snd_wnd_ = window;
  max_snd_wnd_ = std::max(max_snd_wnd_, window);
  snd_wl1_ = arrival.seq;
  snd_wl2_ = ack;
  if (timer_ == Timer::persist && window != 0) {
    arm(Timer::none, kNever);
    backoff_ = 0;
    if (board_.empty()) return;
    if (was_closed) {  // what probed the closed window was refused: send it again now
      board_.mark_all_lost(*pool_);
      set(kForceRetransmit);
    }
    arm_retransmit(arrival.now);
  }
}

void Connection::acknowledge(Arrival& arrival) {
  const SeqNum ack = arrival.header.ack;
  const bool advanced = ack > snd_una_;
  const bool in_flight = !board_.empty();
  const bool blocks = has(kSack) && arrival.header.options.sack_count != 0;
  const bool dsack = blocks && first_is_dsack(arrival);
  judge_tail_probe(arrival, dsack, advanced);
  AckSample sample;
  if (advanced) {
    const auto covered = static_cast<std::uint32_t>(ack - snd_una_);
    const std::uint32_t data = std::min(covered, send_queue_.size());
    if (in_flight) board_.acknowledge(*pool_, ack, sample);
    send_queue_.drop(*pool_, data);
    bytes_acknowledged_ += data;
    if (has(kFinSent) && ack == snd_nxt_) set(kFinAcked);
    snd_una_ = ack;
    if (timer_ != Timer::persist) backoff_ = 0;
    arrival.out.acknowledged = data != 0;
  }
  if (in_flight) {
    if (dsack) adapt_reorder_window();
    if (blocks) board_.sack(*pool_, arrival.header.options, dsack ? 1 : 0, snd_una_, snd_nxt_, sample);
    measure(arrival, sample, advanced);
    undo_if_needless(arrival, sample, advanced, dsack);
    on_sample(arrival, sample, advanced);
    board_.release_if_done(*pool_);
    if (advanced) refresh_user_timeout(arrival.now);
    if (advanced || sample.sacked_bytes != 0) arm_for_flight(arrival.now);
  }
}

/// RFC 2883 4: the first block lies below the acknowledgement, or inside the second.
bool Connection::first_is_dsack(const Arrival& arrival) const {
  const wire::TcpOptions& options = arrival.header.options;
  if (options.sack[0].right <= arrival.header.ack) return true;
  return options.sack_count > 1 && options.sack[1].left <= options.sack[0].left &&
         options.sack[0].right <= options.sack[1].right;
}

/// Round-trip samples: from our own record of segments sent once, else from the echoed timestamp (RFC 7323 4.1).
void Connection::measure(const Arrival& arrival, const AckSample& sample, bool advanced) {
  if (sample.has_rtt) {
    rtt_.sample(us(arrival.now) - sample.rtt_sent_us);
  } else if (advanced && has(kTimestamps) && arrival.header.options.timestamps &&
             arrival.header.options.timestamps->echo_reply != 0) {
    const std::uint32_t age_ms = ms(arrival.now) + ts_offset_ - arrival.header.options.timestamps->echo_reply;
    if (age_ms < 60'000) rtt_.sample(std::max(age_ms, 1u) * 1'000);
  }
}

}  // namespace handsel::tcp
