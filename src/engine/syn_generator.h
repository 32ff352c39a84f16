#pragma once
/// SYNs from many addresses and ports, and what answers them: a flood that counts. It keeps nothing about a SYN: the
/// sequence number is a hash of where it came from, so that an answer proves by itself what it answers.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/counter.h"
#include "base/siphash.h"
#include "base/time.h"
#include "engine/load_plan.h"
#include "wire/ethernet.h"
#include "wire/frame.h"

namespace handsel::engine {

/// Written by one worker, read by anyone.
struct SynStatistics {
  Counter sent;
  Counter answered;  ///< SYN-ACKs that acknowledge a SYN of ours; a repeated one counts again
  Counter refused;   ///< resets that do
  Counter strange;   ///< other segments of TCP
  Counter started_ns;
  Counter last_ns;  ///< when the last SYN left, or the last answer came
};

/// No I/O and no clock. Worker thread only, but for statistics().
class SynGenerator {
 public:
  /// Of `plan`: sources (at least one, of the target's family), address, port, rate, total, duration, timeout.
  SynGenerator(const LoadPlan& plan, std::optional<std::uint16_t> vlan, wire::ChecksumOffload offload,
               const SipKey& key, std::uint16_t worker, std::uint16_t workers);

  /// How many SYNs should leave now, at most `most`. The run begins with the first call.
  std::size_t due(Instant now, std::size_t most);
  std::size_t frame_bytes() const { return frame_bytes_; }
  /// Writes the next one's frame of frame_bytes(), from and to these link addresses, and counts it as sent.
  void write(MutableBytes frame, wire::MacAddress from, wire::MacAddress to);
  /// Looks at a received frame. False when it is no TCP, and somebody else's business.
  bool take(Bytes frame, bool checksums_good, Instant now);

  /// All has been sent, and all was answered or nothing has come for the plan's timeout.
  bool finished(Instant now) const;
  const SynStatistics& statistics() const { return statistics_; }
  /// For what is counted a burst at a time.
  void note_time(Instant now) { statistics_.last_ns.set(static_cast<std::uint64_t>(now.time_since_epoch().count())); }

 private:
  std::uint32_t sequence(const wire::IpAddress& source, std::uint16_t port) const;

  LoadPlan plan_;
  wire::ChecksumOffload offload_;
  SipKey key_;
  std::uint16_t worker_;
  std::uint16_t workers_;
  std::uint64_t total_;
  SynStatistics statistics_;
  // A frame whose source address, port, sequence number and checksums are zero, and the sums over it.
  std::array<std::uint8_t, 128> blank_{};
  std::size_t frame_bytes_ = 0;
  std::size_t ip_at_ = 0;
  std::size_t tcp_at_ = 0;
  wire::Sum ip_sum_ = 0;
  wire::Sum tcp_sum_ = 0;  // with the pseudo-header's, but for the source
  std::size_t source_ = 0;
  std::uint16_t port_ = kFirstPort;
  std::uint64_t due_ = 0;
  Instant start_{};
  Instant end_ = kNever;
  Instant heard_{};
  bool begun_ = false;
  bool all_sent_ = false;

  static constexpr std::uint16_t kFirstPort = 1'024;
};

}  // namespace handsel::engine
