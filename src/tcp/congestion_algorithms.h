#pragma once
/// The algorithms behind Congestion::of().

#include "tcp/congestion.h"

namespace handsel::tcp {

/// RFC 5681 window growth and reduction.
class NewReno final : public Congestion {
 public:
  constexpr NewReno() = default;
  void on_ack(CongestionState& state, const CongestionAck& ack) const override;
  void on_congestion(CongestionState& state, std::uint32_t flight, std::uint32_t mss) const override;
};

/// RFC 9438: C = 0.4, beta = 0.7, with fast convergence.
class Cubic final : public Congestion {
 public:
  constexpr Cubic() = default;
  void on_ack(CongestionState& state, const CongestionAck& ack) const override;
  void on_congestion(CongestionState& state, std::uint32_t flight, std::uint32_t mss) const override;
};

}  // namespace handsel::tcp
