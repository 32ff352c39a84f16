#include "tcp/rtt.h"

namespace handsel::tcp {

void RttEstimator::sample(std::uint32_t rtt_us) {
  rtt_us = std::clamp<std::uint32_t>(rtt_us, 1, kMaxRtoUs);
  if (min_us_ == 0 || rtt_us < min_us_) min_us_ = rtt_us;
  if (!has_sample()) {  // 2.2
    srtt_us_ = rtt_us;
    rttvar_us_ = rtt_us / 2;
  } else {  // 2.3, alpha 1/8, beta 1/4
    const std::uint32_t error = srtt_us_ > rtt_us ? srtt_us_ - rtt_us : rtt_us - srtt_us_;
    rttvar_us_ = rttvar_us_ - rttvar_us_ / 4 + error / 4;
    srtt_us_ = std::max<std::uint32_t>(srtt_us_ - srtt_us_ / 8 + rtt_us / 8, 1);
  }
  constexpr std::uint32_t kGranularityUs = 1'000;
  rto_us_ = std::clamp(srtt_us_ + std::max(kGranularityUs, 4 * rttvar_us_), kMinRtoUs, kMaxRtoUs);
}

}  // namespace handsel::tcp
