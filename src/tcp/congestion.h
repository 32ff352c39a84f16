#pragma once
/// Congestion control behind one small interface: NewReno (RFC 5681) and CUBIC (RFC 9438).

#include <cstdint>

namespace handsel::tcp {

enum class CongestionAlgorithm : std::uint8_t { cubic, newreno };

/// What a connection keeps for its algorithm. Windows are bytes.
struct CongestionState {
  std::uint32_t cwnd = 0;
  std::uint32_t ssthresh = ~0u;
  std::uint32_t pending_bytes = 0;  ///< acknowledged since cwnd last grew in congestion avoidance
  // CUBIC alone
  std::uint32_t w_max = 0;     ///< window before the last reduction
  std::uint32_t k_ms = 0;      ///< from the epoch's start until W_cubic is back at w_max
  std::uint32_t epoch_ms = 0;  ///< start of the congestion avoidance stage
  std::uint32_t w_est = 0;     ///< what Reno would have
  bool epoch_running = false;

  bool in_slow_start() const { return cwnd < ssthresh; }
};

/// One acknowledgement of new data outside recovery.
struct CongestionAck {
  std::uint32_t acked_bytes;
  std::uint32_t mss;
  std::uint32_t now_ms;
  std::uint32_t srtt_us;
};

/// Stateless; the one instance of each algorithm serves all connections.
class Congestion {
 public:
  static const Congestion& of(CongestionAlgorithm algorithm);
  static constexpr std::uint32_t kMaxWindow = 1u << 30;

  /// Grows cwnd. Called only when the window was what limited the sender (RFC 9438 5.8).
  virtual void on_ack(CongestionState& state, const CongestionAck& ack) const = 0;
  /// A loss or ECN event with `flight` bytes outstanding: sets ssthresh; cwnd is the recovery's business.
  virtual void on_congestion(CongestionState& state, std::uint32_t flight, std::uint32_t mss) const = 0;

 protected:
  ~Congestion() = default;
  /// Slow start with appropriate byte counting (RFC 3465), bounded for each acknowledgement; returns the bytes not used
  /// for it.
  static std::uint32_t slow_start(CongestionState& state, std::uint32_t acked_bytes, std::uint32_t mss);
};

/// RFC 6928: min(10 MSS, max(2 MSS, 14,600)).
std::uint32_t initial_window(std::uint32_t mss);

}  // namespace handsel::tcp
