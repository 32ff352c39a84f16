#include <algorithm>

#include "tcp/congestion.h"
#include "tcp/congestion_algorithms.h"

namespace handsel::tcp {

namespace {

/// Whole cube root, by Newton's method from above.
std::uint64_t cube_root(std::uint64_t value) {
  if (value == 0) return 0;
  std::uint64_t x = std::uint64_t{1} << ((66 - static_cast<unsigned>(__builtin_clzll(value))) / 3);
  while (true) {
    const std::uint64_t better = (2 * x + value / (x * x)) / 3;
    if (better >= x) return x;
    x = better;
  }
}

/// RFC 9438 4.2: K = cbrt((W_max − cwnd) / C) seconds, windows in segments, C = 0.4; here in milliseconds.
std::uint32_t time_to_w_max_ms(std::uint32_t w_max, std::uint32_t cwnd, std::uint32_t mss) {
  if (w_max <= cwnd) return 0;
  // cbrt(d / 0.4) s = cbrt(d · 2.5 · 10^9) ms
  return static_cast<std::uint32_t>(cube_root(std::uint64_t{w_max - cwnd} * 2'500'000 / mss * 1'000));
}

/// C · (t − K)^3 in bytes, signed.
std::int64_t cubic_growth(std::int64_t t_ms, std::int64_t k_ms, std::uint32_t mss) {
  const std::int64_t away = std::clamp<std::int64_t>(t_ms - k_ms, -200'000, 200'000);
  return away * away * away / 1'000 * 4 / 10 / 1'000 * static_cast<std::int64_t>(mss) / 1'000;
}

}  // namespace

void Cubic::on_ack(CongestionState& state, const CongestionAck& ack) const {
  const std::uint32_t rest = slow_start(state, ack.acked_bytes, ack.mss);
  if (state.in_slow_start() || rest == 0) return;
  if (!state.epoch_running) {
    state.epoch_running = true;
    state.epoch_ms = ack.now_ms;
    state.w_max = std::max(state.w_max, state.cwnd);
    state.k_ms = time_to_w_max_ms(state.w_max, state.cwnd, ack.mss);
    state.w_est = state.cwnd;
    state.pending_bytes = 0;
  }
  // 4.3: the Reno-friendly estimate grows by alpha = 3(1 − beta)/(1 + beta) = 9/17 MSS a window, then by one.
  const std::uint64_t alpha_17ths = state.w_est >= state.w_max ? 17 : 9;
  state.w_est = static_cast<std::uint32_t>(std::min<std::uint64_t>(
      state.w_est + std::max<std::uint64_t>(alpha_17ths * rest * ack.mss / 17 / state.cwnd, 1), kMaxWindow));

  const std::int64_t elapsed = static_cast<std::int32_t>(ack.now_ms - state.epoch_ms);
  const auto at = [&](std::int64_t t) { return state.w_max + cubic_growth(t, state.k_ms, ack.mss); };
  if (at(elapsed) < static_cast<std::int64_t>(state.w_est)) {  // 4.3
    state.cwnd = std::max(state.cwnd, state.w_est);
    return;
  }
  // 4.4, 4.5: towards where the curve stands one round trip from now, at most half as much again.
  const std::int64_t target = std::clamp<std::int64_t>(at(elapsed + ack.srtt_us / 1'000), state.cwnd,
                                                       std::int64_t{state.cwnd} + state.cwnd / 2);
  const std::uint64_t due = static_cast<std::uint64_t>(target - state.cwnd) * rest + state.pending_bytes;
  state.pending_bytes = static_cast<std::uint32_t>(due % state.cwnd);
  state.cwnd = static_cast<std::uint32_t>(std::min<std::uint64_t>(state.cwnd + due / state.cwnd, kMaxWindow));
}

void Cubic::on_congestion(CongestionState& state, std::uint32_t flight, std::uint32_t mss) const {
  // 4.7: fast convergence gives way when the last maximum was not reached again.
  const std::uint32_t window = std::min(state.cwnd, std::max(flight, 2 * mss));
  state.w_max = state.cwnd < state.w_max ? static_cast<std::uint32_t>(std::uint64_t{state.cwnd} * 17 / 20) : state.cwnd;
  state.ssthresh = std::max(static_cast<std::uint32_t>(std::uint64_t{window} * 7 / 10), 2 * mss);  // 4.6
  state.epoch_running = false;
  state.pending_bytes = 0;
}

}  // namespace handsel::tcp
