#include "crypto/cpu.h"

#include <cpuid.h>

#include <cstdint>

namespace handsel::crypto {
namespace {

constexpr std::uint32_t kOsxsave = 1u << 27;  // leaf 1, ecx
constexpr std::uint32_t kAvx2 = 1u << 5;      // leaf 7, ebx
constexpr std::uint32_t kAvx512F = 1u << 16;
constexpr std::uint32_t kAvx512Dq = 1u << 17;
constexpr std::uint32_t kAvx512Ifma = 1u << 21;
constexpr std::uint32_t kSha = 1u << 29;
constexpr std::uint32_t kAvx512Vl = 1u << 31;
constexpr std::uint64_t kYmmState = 0x06;  // XCR0: xmm, ymm
constexpr std::uint64_t kZmmState = 0xe6;  // XCR0: xmm, ymm, mask, upper zmm, zmm 16 to 31

std::uint64_t read_xcr0() {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t{high} << 32 | low;
}

/// Whether leaf 7 has these bits in ebx, and the system saves that state.
bool runs(std::uint32_t features, std::uint64_t state) {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  std::uint32_t d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kOsxsave) == 0 || (read_xcr0() & state) != state) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & features) == features;
}

}  // namespace

bool cpu_runs_avx512_ifma() { return runs(kAvx512F | kAvx512Dq | kAvx512Ifma | kAvx512Vl, kZmmState); }

bool cpu_runs_avx2() { return runs(kAvx2, kYmmState); }

bool cpu_runs_sha() {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  std::uint32_t d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & kSha) != 0;
}

}  // namespace handsel::crypto
