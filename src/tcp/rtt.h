#pragma once
/// Round-trip time and the retransmission timeout (RFC 6298).

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace handsel::tcp {

/// All values in microseconds. Karn's rule is the caller's: it gives no sample of a segment sent twice.
class RttEstimator {
 public:
  static constexpr std::uint32_t kInitialRtoUs = 1'000'000;  ///< RFC 6298 2.1
  /// RFC 6298 2.4 recommends a second; like every current stack we trust our clock and go to 200 ms.
  static constexpr std::uint32_t kMinRtoUs = 200'000;
  static constexpr std::uint32_t kMaxRtoUs = 60'000'000;  ///< RFC 6298 2.5: at least 60 s
  static constexpr std::uint8_t kMaxBackoff = 12;

  void sample(std::uint32_t rtt_us);
  /// The SYN timed out: data starts with three seconds (RFC 6298 5.7).
  void handshake_was_slow() {
    if (!has_sample()) rto_us_ = 3'000'000;
  }

  bool has_sample() const { return srtt_us_ != 0; }
  std::uint32_t srtt_us() const { return srtt_us_; }
  std::uint32_t rttvar_us() const { return rttvar_us_; }
  std::uint32_t min_us() const { return min_us_; }  ///< smallest seen; 0 before the first sample
  /// Without back-off.
  std::uint32_t rto_us() const { return rto_us_; }
  /// Doubled `backoff` times, within the bound (RFC 6298 5.5).
  Duration rto(std::uint8_t backoff) const {
    const std::uint64_t us = std::uint64_t{rto_us_} << std::min(backoff, kMaxBackoff);
    return std::chrono::microseconds(std::min<std::uint64_t>(us, kMaxRtoUs));
  }

 private:
  std::uint32_t srtt_us_ = 0;
  std::uint32_t rttvar_us_ = 0;
  std::uint32_t rto_us_ = kInitialRtoUs;
  std::uint32_t min_us_ = 0;
};

}  // namespace handsel::tcp
