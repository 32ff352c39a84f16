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
  life_at_ = waiting ? now + std::chrono::milliseconds(user_timeout_ms_) : kNever;
}

Outcome Connection::on_timer(Instant now) {
  Outcome outcome;
  if (now >= ack_at_) {
    ack_at_ = kNever;
    set(kAckNow);
  }
  if (now >= life_at_) {
    on_life_timer(outcome, now);
  } else if (now >= retransmit_at_) {
    const Timer fired = timer_;
    arm(Timer::none, kNever);
    switch (fired) {
      case Timer::retransmit:
        on_retransmission_timeout(outcome, now);
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
      default:
        break;
    }
  }
  outcome.wants_output = wants_output();
  return outcome;
}

void Connection::on_life_timer(Outcome& outcome, Instant now) {
  (void)now;
  switch (state_) {
    case State::time_wait:
      end(outcome, End::closed);
      break;
    case State::fin_wait_2:
      end(outcome, End::timed_out);
      break;
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
