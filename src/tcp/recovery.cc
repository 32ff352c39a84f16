/// From what an acknowledgement brought to light to how much may be sent: fast recovery with PRR (RFC 6675, 6937),
/// NewReno where the peer has no SACK (RFC 6582), and the retransmission timeout (RFC 6298 5).

#include "tcp/arrival.h"

namespace handsel::tcp {

using wire::SeqNum;

namespace {
constexpr std::uint32_t kDuplicateThreshold = 3;  // RFC 5681 3.2
}

/// What is believed to be in the network (RFC 6675 4). Without SACK each duplicate acknowledgement stands for a segment
/// that has left it.
std::uint32_t Connection::pipe() const {
  if (board_.empty()) return 0;
  const Flight& flight = board_.flight(*pool_);
  if (has(kSack)) return flight.in_flight_bytes;
  const std::uint64_t left = std::uint64_t{flight.duplicate_acks} * payload_limit();
  return left < flight.in_flight_bytes ? flight.in_flight_bytes - static_cast<std::uint32_t>(left) : 0;
}

void Connection::on_sample(Arrival& arrival, const AckSample& sample, bool advanced) {
  Flight& flight = board_.flight(*pool_);
  std::uint32_t delivered = sample.delivered();
  if (advanced && recovery_ != Recovery::open && snd_una_ >= recovery_point_) {
    if (recovery_ == Recovery::fast) congestion_.cwnd = congestion_.ssthresh;
    recovery_ = Recovery::open;
    flight.duplicate_acks = 0;
    if (reorder_persist_ != 0 && --reorder_persist_ == 0) reorder_quarters_ = 1;
  }
  if (has(kEcn) && arrival.has(wire::kEce)) on_congestion_echo();
  if (has(kSack)) {
    rack_update(arrival, sample);
    rack_detect_losses(arrival.now);
  } else if (advanced) {
    const std::uint32_t behind_first = sample.acked_records == 0 ? 0 : sample.acked_records - 1;
    flight.duplicate_acks -= std::min(flight.duplicate_acks, behind_first);
    if (recovery_ == Recovery::fast) {  // RFC 6582 3.2 step 3: a partial acknowledgement names the next hole
      if (const RecordRef head = board_.first(*pool_); head != kNoRecord) {
        if (!board_.record(*pool_, head).is(TxRecord::kRetransmitted)) board_.mark_lost(*pool_, head);
        set(kForceRetransmit);
      }
    } else {
      flight.duplicate_acks = 0;
    }
  } else if (recovery_ != Recovery::loss && arrival.payload.empty() && !arrival.has(wire::kFin) &&
             !arrival.window_changed && flight.count != 0 && arrival.header.ack == snd_una_) {
    on_duplicate_ack();
    delivered = payload_limit();
  }
  if (recovery_ == Recovery::fast) {
    prr(delivered, advanced);
  } else if (advanced && sample.acked_bytes != 0 && has(kCwndLimited) && recovery_ != Recovery::reduced) {
    grow_window(sample, arrival.now);
  }
}

void Connection::grow_window(const AckSample& sample, Instant now) {
  std::uint32_t acked = sample.delivered();
  // HyStart++ watches the first slow start only, before anything is known of the path (RFC 9406 4.3).
  if (algorithm_ == CongestionAlgorithm::cubic && congestion_.ssthresh == CongestionState{}.ssthresh) {
    const std::optional<std::uint32_t> rtt_us =
        sample.has_rtt ? std::optional(us(now) - sample.rtt_sent_us) : std::nullopt;
    const HyStart::Phase phase = board_.flight(*pool_).hystart.on_ack(snd_una_, snd_nxt_, rtt_us);
    if (phase == HyStart::Phase::conservative) acked /= HyStart::kGrowthDivisor;
    if (phase == HyStart::Phase::done) congestion_.ssthresh = congestion_.cwnd;
  }
  Congestion::of(algorithm_)
      .on_ack(congestion_, {.acked_bytes = acked, .mss = send_mss_, .now_ms = ms(now), .srtt_us = rtt_.srtt_us()});
}

/// RFC 5681 3.2 for a peer without SACK.
void Connection::on_duplicate_ack() {
  Flight& flight = board_.flight(*pool_);
  ++flight.duplicate_acks;
  if (recovery_ != Recovery::open || flight.duplicate_acks < kDuplicateThreshold) return;
  board_.mark_lost(*pool_, board_.first(*pool_));
  enter_fast_recovery();
}

void Connection::enter_fast_recovery() {
  arm_undo();
  Congestion::of(algorithm_).on_congestion(congestion_, bytes_in_flight(), send_mss_);
  Flight& flight = board_.flight(*pool_);
  flight.prr_delivered = flight.prr_out = 0;
  flight.prr_flight = std::max(bytes_in_flight(), 1u);
  recovery_ = Recovery::fast;
  recovery_point_ = snd_nxt_;
  set(kForceRetransmit);  // the first retransmission waits for nothing
  if (has(kEcn)) set(kCwrDue);
}

/// Proportional rate reduction (RFC 6937 3.1), in bytes; the slow-start bound only while the holes are being filled.
void Connection::prr(std::uint32_t delivered, bool advanced) {
  Flight& flight = board_.flight(*pool_);
  flight.prr_delivered += delivered;
  const std::uint32_t in_network = pipe();
  std::int64_t send = 0;
  if (in_network > congestion_.ssthresh) {
    const std::uint64_t share =
        (std::uint64_t{flight.prr_delivered} * congestion_.ssthresh + flight.prr_flight - 1) / flight.prr_flight;
    send = static_cast<std::int64_t>(share) - flight.prr_out;
  } else {
    std::int64_t limit = static_cast<std::int64_t>(flight.prr_delivered) - flight.prr_out;
    if (advanced) limit = std::max<std::int64_t>(limit, delivered) + send_mss_;
    send = std::min<std::int64_t>(static_cast<std::int64_t>(congestion_.ssthresh) - in_network, limit);
  }
  congestion_.cwnd = in_network + static_cast<std::uint32_t>(std::max<std::int64_t>(send, 0));
  congestion_.cwnd = std::max<std::uint32_t>(congestion_.cwnd, send_mss_);
}

void Connection::on_retransmission_timeout(Instant now) {
  if (state_ == State::syn_sent || state_ == State::syn_received) {
    ++backoff_;
    set(kSynRepeated);
    set(kSynDue);
    return;
  }
  if (board_.empty()) return;
  if (snd_wnd_ == 0) {  // the peer has closed its window on what is in flight: probe, the path is not to blame
    ++backoff_;
    set(kProbeDue);
    arm(Timer::persist, now + rtt_.rto(backoff_));
    return;
  }
  if (board_.record(*pool_, board_.first(*pool_)).is(TxRecord::kSacked)) board_.forget_sacks(*pool_);
  if (backoff_ == 0) {  // RFC 5681 3.1: a segment timing out again changes nothing
    arm_undo();
    Congestion::of(algorithm_).on_congestion(congestion_, bytes_in_flight(), send_mss_);
  }
  congestion_.cwnd = send_mss_;
  recovery_ = Recovery::loss;
  recovery_point_ = snd_nxt_;
  board_.flight(*pool_).duplicate_acks = 0;
  unset(kTailProbe);
  board_.mark_all_lost(*pool_);
  set(kForceRetransmit);
  set(kCwndLimited);
  if (has(kEcn)) set(kCwrDue);
  if (backoff_ < RttEstimator::kMaxBackoff) ++backoff_;
  suspect_black_hole(now);
  arm_retransmit(now);
}

}  // namespace handsel::tcp
