/// RACK: a segment is lost when one sent sufficiently later has arrived (RFC 8985 6).

#include "tcp/arrival.h"

namespace handsel::tcp {

/// Steps 1 to 3: the most recently sent segment that is known to be delivered.
void Connection::rack_update(const Arrival& arrival, const AckSample& sample) {
  if (sample.reordered) set(kReorderingSeen);
  if (!sample.has_newest) return;
  Flight& flight = board_.flight(*pool_);
  const TxRecord& newest = sample.newest;
  const std::uint32_t rtt_us = us(arrival.now) - newest.sent_us;
  if (newest.is(TxRecord::kRetransmitted)) {
    // Perhaps the original was delivered: the echo is older than the retransmission, or it came back too fast.
    const auto& stamp = arrival.header.options.timestamps;
    if (has(kTimestamps) && stamp) {
      const std::uint32_t sent_ms = ms(arrival.now) - rtt_us / 1'000 + ts_offset_;
      if (static_cast<std::int32_t>(stamp->echo_reply - sent_ms) < -1) return;
    }
    if (rtt_us < rtt_.min_us()) return;
  }
  const auto later = static_cast<std::int32_t>(newest.sent_us - flight.rack_sent_us);
  if (!flight.rack_valid || later > 0 || (later == 0 && newest.end() > flight.rack_end)) {
    flight.rack_valid = true;
    flight.rack_sent_us = newest.sent_us;
    flight.rack_end = newest.end();
    flight.rack_rtt_us = rtt_us;
  }
}

/// Step 4. Without reordering seen, three SACKed segments or a running recovery are proof enough.
std::uint32_t Connection::reorder_window_us() const {
  const Flight& flight = board_.flight(*pool_);
  if (!has(kReorderingSeen) && (recovery_ != Recovery::open || flight.sacked_records >= 3)) return 0;
  return std::min(rtt_.min_us() / 4 * reorder_quarters_, rtt_.srtt_us());
}

/// A D-SACK says that something was retransmitted in vain: wait longer, for the next sixteen recoveries.
void Connection::adapt_reorder_window() {
  Flight& flight = board_.flight(*pool_);
  if (flight.dsack_round_valid && snd_una_ < flight.dsack_round) return;
  flight.dsack_round = snd_nxt_;
  flight.dsack_round_valid = true;
  if (reorder_quarters_ < 255) ++reorder_quarters_;
  reorder_persist_ = 16;
}

/// Step 5: walks the segments in the order they were sent, and no further than the first that has time left.
void Connection::rack_detect_losses(Instant now) {
  Flight& flight = board_.flight(*pool_);
  if (!flight.rack_valid) return;
  const std::uint32_t window_us = reorder_window_us();
  const std::uint32_t allowed_us = flight.rack_rtt_us + window_us;
  RecordRef ref = flight.in_flight.first;
  bool found = false;
  std::uint32_t wait_us = 0;
  while (ref != kNoRecord) {
    const TxRecord& record = board_.record(*pool_, ref);
    const auto after = static_cast<std::int32_t>(record.sent_us - flight.rack_sent_us);
    if (after > 0 || (after == 0 && record.end() >= flight.rack_end)) break;
    const std::uint32_t age_us = us(now) - record.sent_us;
    if (age_us < allowed_us) {
      wait_us = allowed_us - age_us;
      break;
    }
    const RecordRef next = record.next;
    board_.mark_lost(*pool_, ref);
    found = true;
    ref = next;
  }
  if (found && (recovery_ == Recovery::open || recovery_ == Recovery::reduced)) enter_fast_recovery();
  reorder_wait_us_ = wait_us;
}

/// One timer for the flight: the reordering timer while RACK waits for one, else the tail-loss probe where it
/// applies, else the retransmission timer.
void Connection::arm_for_flight(Instant now) {
  if (board_.empty()) {
    if (!timer_free()) arm(Timer::none, kNever);
    reorder_wait_us_ = 0;
    return;
  }
  if (reorder_wait_us_ != 0) {
    arm(Timer::reorder, now + std::chrono::microseconds(reorder_wait_us_));
    return;
  }
  if (tail_probe_wanted())
    arm(Timer::tail_probe, now + std::min(tail_probe_timeout(), rtt_.rto(backoff_)));
  else
    arm_retransmit(now);
}

}  // namespace handsel::tcp
