/// The three deadlines of a connection and what happens at each.

#include "tcp/connection.h"

namespace handsel::tcp {

void Connection::arm(Timer timer, Instant at) {
  timer_ = timer;
  retransmit_at_ = at;
}

/// RFC 9293 3.8.3: data that stays unacknowledged for this long ends the connection.
void Connection::refresh_user_timeout(Instant now) {
  if (state_ == State::fin_wait_2 || state_ == State::time_wait || state_ == State::closed) return;
  const bool waiting = snd_una_ != snd_nxt_ || timer_ == Timer::persist;
  life_at_ = waiting ? now + user_timeout() : kNever;
}

Outcome Connection::on_timer(Instant now) {
  Outcome outcome;
  if (now >= ack_at_) {
    ack_at_ = kNever;
    set(kAckNow);
  }
  if (pacing_) on_pacing_timer(now);
  if (now >= life_at_) {
    on_life_timer(outcome);
  } else if (now >= retransmit_at_) {
    const Timer fired = timer_;
    arm(Timer::none, kNever);
    switch (fired) {
      case Timer::retransmit:
        on_retransmission_timeout(now);
        break;
      case Timer::tail_probe:
        set(kTailProbeDue);
        arm_retransmit(now);
        break;
      case Timer::reorder:
        reorder_wait_us_ = 0;
        rack_detect_losses(now);
        arm_for_flight(now);
        break;
      case Timer::persist:
        if (backoff_ < RttEstimator::kMaxBackoff) ++backoff_;
        set(kProbeDue);
        arm(Timer::persist, now + rtt_.rto(backoff_));
        if (life_at_ == kNever) refresh_user_timeout(now);
        break;
      case Timer::keepalive:
        on_keepalive_timer(outcome, now);
        break;
      case Timer::none:
        break;
    }
  }
  outcome.wants_output = wants_output();
  return outcome;
}

/// RFC 9293 3.8.4: a probe only after silence, and death only after several.
void Connection::on_keepalive_timer(Outcome& outcome, Instant now) {
  const std::uint32_t silent_ms = ms(now) - last_heard_ms_;
  const std::uint32_t idle_ms = 1'000u * keepalive_idle_s_;
  if (silent_ms < idle_ms) {
    arm(Timer::keepalive, now + std::chrono::milliseconds(idle_ms - silent_ms));
  } else if (keepalive_sent_ >= keepalive_probes_) {
    end(outcome, End::timed_out);
    set(kRstDue);
  } else {
    ++keepalive_sent_;
    set(kKeepaliveDue);
    arm(Timer::keepalive, now + std::chrono::seconds(keepalive_interval_s_));
  }
}

/// Timers of a connection that has nothing to send.
void Connection::arm_idle_timers(Instant now) {
  if (keepalive_idle_s_ != 0 && timer_ == Timer::none && board_.empty() &&
      (state_ == State::established || state_ == State::close_wait || state_ == State::fin_wait_2))
    arm(Timer::keepalive, now + keepalive_idle());
  if (state_ == State::fin_wait_2 && has(kReaderGone) && life_at_ == kNever) life_at_ = now + fin_wait_2();
}

void Connection::on_life_timer(Outcome& outcome) {
  switch (state_) {
    case State::time_wait:
      end(outcome, End::closed);
      break;
    case State::fin_wait_2:
    case State::syn_sent:
    case State::syn_received:
      end(outcome, End::timed_out);
      break;
    default:  // RFC 9293 3.10.8, user timeout
      end(outcome, End::timed_out);
      set(kRstDue);
      break;
  }
}

}  // namespace handsel::tcp
