#pragma once
/// Who was never connected: a flood of SYNs or others, and somebody off the path who guesses.

#include <vector>

#include "liar.h"

namespace handsel::sim {

/// Sends segments from made-up addresses, of one sort: SYNs, as they are. To some of the SYN-ACKs that come it sends an
/// ACK and then nothing, to some a reset.
class Flood final : public Stranger {
 public:
  struct Config {
    std::uint16_t id = 0;
    std::uint16_t port = kHttpPort;
    std::uint8_t flags = wire::kSyn;
    std::uint32_t segments = 100;
    Duration every = std::chrono::milliseconds(1);
    double completes = 0.1;  ///< of the answers
    double resets = 0.1;
  };
  Flood(const Config& config, std::uint64_t seed) : config_(config), random_(seed) {}
  void receive(Frame frame, Instant now, flow::FrameSink& out) override;
  void run(Instant now, flow::FrameSink& out) override;
  Instant next_deadline() const override { return muted_ || sent_ == config_.segments ? kNever : next_; }
  void mute() override { muted_ = true; }

 private:
  Config config_;
  Random random_;
  Instant next_{};
  std::uint32_t sent_ = 0;
  bool muted_ = false;
};

/// Knows the tuples of others and guesses the rest: RST, data, acknowledgements, FIN, ICMP errors (RFC 5961, RFC 5927).
class Blind final : public Stranger {
 public:
  Blind(std::uint16_t id, std::vector<ClientConfig> victims, std::uint64_t seed)
      : id_(id), victims_(std::move(victims)), random_(seed) {}
  void receive(Frame, Instant, flow::FrameSink&) override {}
  void run(Instant now, flow::FrameSink& out) override;
  Instant next_deadline() const override { return muted_ || sent_ == kMostSegments ? kNever : next_; }
  void mute() override { muted_ = true; }

 private:
  static constexpr std::uint32_t kMostSegments = 500;
  Segment guess();

  std::uint16_t id_;
  std::vector<ClientConfig> victims_;
  Random random_;
  Instant next_{};
  std::uint32_t sent_ = 0;
  bool muted_ = false;
};

}  // namespace handsel::sim
