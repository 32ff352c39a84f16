/// Explicit congestion notification (RFC 3168 6.1).

#include "tcp/arrival.h"

namespace handsel::tcp {

namespace {
constexpr std::uint8_t kCongestionExperienced = 3;
}

/// The receiver's part: ECE on every acknowledgement from a CE mark until the sender says CWR.
void Connection::note_received_ecn(const Arrival& arrival) {
  if (!has(kEcn)) return;
  if (arrival.has(wire::kCwr)) unset(kEceDue);
  if ((arrival.ip_ecn & 3) == kCongestionExperienced && !arrival.payload.empty()) {
    if (!has(kEceDue)) set(kAckNow);
    set(kEceDue);
  }
}

/// The sender's part: as if a segment had been lost, at most once a window (6.1.2).
void Connection::on_congestion_echo() {
  if (recovery_ != Recovery::open) return;
  Congestion::of(algorithm_).on_congestion(congestion_, bytes_in_flight(), send_mss_);
  congestion_.cwnd = std::min(congestion_.cwnd, congestion_.ssthresh);
  recovery_ = Recovery::reduced;
  recovery_point_ = snd_nxt_;
  set(kCwrDue);
}

}  // namespace handsel::tcp
