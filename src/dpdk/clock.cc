#include "dpdk/clock.h"

#include <rte_cycles.h>

namespace handsel::dpdk {
namespace {

// Nanoseconds = cycles * scale / 2^32: exact to one part in 2^32, and free of divisions.
struct Calibration {
  std::uint64_t start = 0;
  std::uint64_t scale = 0;
};
Calibration g_calibration;

}  // namespace

void Clock::start() {
  g_calibration.scale = static_cast<std::uint64_t>((static_cast<unsigned __int128>(1'000'000'000) << 32) / rate());
  g_calibration.start = cycles();
}

Instant Clock::now() {
  const auto product = static_cast<unsigned __int128>(cycles() - g_calibration.start) * g_calibration.scale;
  return Instant(Duration(static_cast<Duration::rep>(product >> 32)));
}

std::uint64_t Clock::cycles() { return rte_rdtsc(); }
std::uint64_t Clock::rate() { return rte_get_tsc_hz(); }

}  // namespace handsel::dpdk
