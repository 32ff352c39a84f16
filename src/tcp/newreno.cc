#include <algorithm>

#include "tcp/congestion.h"
#include "tcp/congestion_algorithms.h"

namespace handsel::tcp {

std::uint32_t initial_window(std::uint32_t mss) { return std::min(10 * mss, std::max(2 * mss, 14'600u)); }

std::uint32_t Congestion::slow_start(CongestionState& state, std::uint32_t acked_bytes, std::uint32_t mss) {
  if (!state.in_slow_start()) return acked_bytes;
  // Receivers that merge segments acknowledge many at once: RFC 3465's two segments a time would starve them.
  constexpr std::uint32_t kMostSegments = 32;
  const std::uint32_t step = std::min({acked_bytes, kMostSegments * mss, state.ssthresh - state.cwnd});
  state.cwnd = std::min(state.cwnd + step, kMaxWindow);
  return acked_bytes - step;
}

void NewReno::on_ack(CongestionState& state, const CongestionAck& ack) const {
  const std::uint32_t rest = slow_start(state, ack.acked_bytes, ack.mss);
  if (state.in_slow_start()) return;
  state.pending_bytes += rest;
  if (state.pending_bytes >= state.cwnd) {  // RFC 5681 3.1, counting bytes: one MSS a window
    state.pending_bytes -= state.cwnd;
    state.cwnd = std::min(state.cwnd + ack.mss, kMaxWindow);
  }
}

void NewReno::on_congestion(CongestionState& state, std::uint32_t flight, std::uint32_t mss) const {
  state.ssthresh = std::max(flight / 2, 2 * mss);  // RFC 5681 equation 4
  state.pending_bytes = 0;
}

const Congestion& Congestion::of(CongestionAlgorithm algorithm) {
  static constexpr NewReno newreno;
  static constexpr Cubic cubic;
  if (algorithm == CongestionAlgorithm::newreno) return newreno;
  return cubic;
}

}  // namespace handsel::tcp
