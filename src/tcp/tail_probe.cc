/// The tail-loss probe: one segment that makes the peer acknowledge before the timeout would (RFC 8985 7).

#include "tcp/arrival.h"

namespace handsel::tcp {

namespace {
constexpr Duration kWorstDelayedAck = std::chrono::milliseconds(200);  // what peers are known to wait
}

/// 7.2: with SACK, outside recovery, with nothing SACKed, and one probe at a time.
bool Connection::tail_probe_wanted() const {
  return has(kSack) && recovery_ == Recovery::open && !has(kTailProbe) && backoff_ == 0 && snd_wnd_ != 0 &&
         synchronised() && board_.flight(*pool_).sacked_records == 0;
}

Duration Connection::tail_probe_timeout() const {
  if (!rtt_.has_sample()) return std::chrono::seconds(1);
  const Duration timeout = std::chrono::microseconds(2 * std::uint64_t{rtt_.srtt_us()});
  return board_.flight(*pool_).count == 1 ? timeout + kWorstDelayedAck : timeout;
}

/// 7.3: new data when there is some and the window takes it, whatever cwnd says; else the last segment again.
std::optional<OutSegment> Connection::tail_probe(Instant now) {
  unset(kTailProbeDue);
  if (board_.empty() || has(kTailProbe)) return std::nullopt;
  set(kTailProbe);
  const std::int32_t room = snd_una_ + snd_wnd_ - snd_nxt_;
  const std::uint32_t length = std::min(unsent_bytes(), payload_limit());
  std::optional<OutSegment> segment;
  if (length != 0 && room >= static_cast<std::int32_t>(length) &&
      board_.append(*pool_, snd_nxt_, static_cast<std::uint16_t>(length), us(now))) {
    unset(kTailProbeRepeat);
    segment = send_new(length, false, now);
  } else {
    const RecordRef last = board_.last(*pool_);
    const TxRecord& record = board_.record(*pool_, last);
    const wire::SeqNum begin = record.begin;
    const std::uint16_t count = record.length;
    board_.retransmitted(*pool_, last, us(now));
    set(kTailProbeRepeat);
    note_retransmission(now);
    segment = data_segment(begin, count, now);
    segment->retransmission = true;
  }
  tail_probe_end_ = snd_nxt_;
  arm_retransmit(now);
  return segment;
}

/// 7.4: a probe that repeated the last segment may have repaired a loss that nobody else will see.
void Connection::judge_tail_probe(const Arrival& arrival, bool dsack, bool advanced) {
  const wire::SeqNum ack = arrival.header.ack;
  if (!has(kTailProbe) || ack < tail_probe_end_) return;
  if (!has(kTailProbeRepeat) || dsack) {  // new data, or both copies arrived: nothing was lost
    unset(kTailProbe);
  } else if (ack > tail_probe_end_) {
    unset(kTailProbe);
    Congestion::of(algorithm_).on_congestion(congestion_, std::max(bytes_in_flight(), congestion_.cwnd), send_mss_);
    congestion_.cwnd = std::min(congestion_.cwnd, congestion_.ssthresh);
    if (has(kEcn)) set(kCwrDue);
  } else if (!advanced && arrival.payload.empty()) {
    unset(kTailProbe);  // a second acknowledgement of the same: both copies arrived
  }
}

}  // namespace handsel::tcp
