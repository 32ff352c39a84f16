/// Reductions that prove needless: the segment was late, not lost. The window goes back to what it was (RFC 4015,
/// RFC 9438 4.9).

#include "tcp/arrival.h"

namespace handsel::tcp {

/// Before a reduction: remembers what it may be taken back to. A timeout within fast recovery is past doubt.
void Connection::arm_undo() {
  board_.flight(*pool_).undo = {.armed = recovery_ != Recovery::fast, .before = congestion_, .una = snd_una_};
}

void Connection::note_retransmission(Instant now) {
  Flight::Undo& undo = board_.flight(*pool_).undo;
  ++retransmits_;
  if (undo.retransmitted++ == 0) undo.first_timestamp = ms(now) + ts_offset_;
  ++undo.unaccounted;
}

/// Whether this acknowledgement shows that nothing, or not all, of what was sent again had been lost.
bool Connection::reduction_was_needless(const Arrival& arrival, const AckSample& sample, bool advanced, bool dsack) {
  Flight::Undo& undo = board_.flight(*pool_).undo;
  if (undo.retransmitted == 0) return false;
  // Eifel (RFC 3522 3.2): what is acknowledged arrived before the first retransmission left.
  const auto& stamp = arrival.header.options.timestamps;
  if (advanced && has(kTimestamps) && stamp && stamp->echo_reply != 0 &&
      static_cast<std::int32_t>(stamp->echo_reply - undo.first_timestamp) < 0)
    return true;
  // RFC 3708 3.2: every retransmission was reported as a duplicate.
  if (dsack && undo.unaccounted != 0) {
    const wire::SackBlock& block = arrival.header.options.sack[0];
    const auto bytes = static_cast<std::uint32_t>(block.right - block.left);
    if (block.left >= undo.una && block.left < block.right && block.right <= snd_nxt_ && bytes <= send_mss_ &&
        --undo.unaccounted == 0)
      return true;
  }
  // F-RTO (RFC 5682 3.1): after a timeout something arrives that was sent before it, and only once.
  return recovery_ == Recovery::loss && has(kSack) && sample.has_rtt && sample.first_sent_once < recovery_point_;
}

void Connection::undo_if_needless(const Arrival& arrival, AckSample& sample, bool advanced, bool dsack) {
  Flight::Undo& undo = board_.flight(*pool_).undo;
  if (!undo.armed) return;
  if (has(kEcn) && arrival.has(wire::kEce)) {  // the network does say that it is congested (RFC 4015 3.2)
    undo = {};
    return;
  }
  if (!reduction_was_needless(arrival, sample, advanced, dsack)) return;
  const std::uint32_t cwnd = congestion_.cwnd;
  const std::uint32_t ssthresh = congestion_.ssthresh;
  congestion_ = undo.before;
  congestion_.cwnd = std::max(congestion_.cwnd, cwnd);
  congestion_.ssthresh = std::max(congestion_.ssthresh, ssthresh);
  if (recovery_ == Recovery::fast) set(kReorderingSeen);
  if (sample.newest.is(TxRecord::kRetransmitted))
    sample.has_newest = false;  // RACK must not take the one for the other
  recovery_ = Recovery::open;
  backoff_ = 0;
  board_.flight(*pool_).duplicate_acks = 0;
  unset(kForceRetransmit);
  unset(kCwrDue);
  board_.revive_lost(*pool_);
  undo = {};
  if (undone_ != 0xFFFF) ++undone_;
}

}  // namespace handsel::tcp
