// Whether the vector kernels take the same time for every secret, by statistics (Reparaz, Balasch, Verbauwhede, "Dude,
// is my code constant time?", 2017): calls on one fixed secret and on random ones follow each other at random, and
// Welch's t-test compares how long they took, over all calls and over the quicker ones alone. Valgrind, which would
// look at every branch, knows no AVX-512.
//
// crypto-timing [CALLS] prints |t| for each kernel and exits 1 when one is above kAlarm. "planted" is a kernel behind
// which a secret bit makes a few more multiplications: it has to be found, otherwise the check sees nothing.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "base/bytes.h"
#include "crypto/cpu.h"
#include "crypto/kernels/kernel_abi.h"
#include "crypto/nonce_lanes.h"
#include "crypto/rsa_premaster.h"

using namespace handsel;
using namespace handsel::crypto;

namespace {

constexpr double kAlarm = 6;
using Secrets = std::uint8_t[kKernelLanes][32];

std::uint64_t ticks() {
  std::uint32_t low, high;
  __asm__ __volatile__("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
  return std::uint64_t{high} << 32 | low;
}

/// Mean and variance as they go (Welford).
struct Moments {
  double count = 0, mean = 0, squares = 0;
  void add(double value) {
    count += 1;
    const double off = value - mean;
    mean += off / count;
    squares += off * (value - mean);
  }
};

double welch(const Moments& a, const Moments& b) {
  if (a.count < 100 || b.count < 100) return 0;
  const double spread = a.squares / (a.count - 1) / a.count + b.squares / (b.count - 1) / b.count;
  return spread > 0 ? std::fabs(a.mean - b.mean) / std::sqrt(spread) : 0;
}

struct Sample {
  double ticks;
  bool fixed;
};

/// The greatest |t| over all samples and over those below each of some quantiles: an interruption hides a small leak.
double judge(const std::vector<Sample>& samples) {
  std::vector<double> sorted;
  for (const Sample& sample : samples) sorted.push_back(sample.ticks);
  std::ranges::sort(sorted);
  double worst = 0;
  for (const double quantile : {0.25, 0.5, 0.75, 0.9, 0.99, 1.0}) {
    const double limit = sorted[static_cast<std::size_t>(quantile * static_cast<double>(sorted.size() - 1))];
    Moments fixed, random;
    for (const Sample& sample : samples)
      if (sample.ticks <= limit) (sample.fixed ? fixed : random).add(sample.ticks);
    worst = std::max(worst, welch(fixed, random));
  }
  return worst;
}

/// Draws secrets for each call and times `kernel` on them. The fixed ones are drawn too, so that both classes are
/// prepared alike.
template <class Kernel>
double measure(int calls, Kernel kernel) {
  std::mt19937_64 generator(2'017);
  Secrets fixed{};
  Secrets drawn{};
  for (auto& lane : fixed) lane[31] = 1;  // small and valid everywhere
  std::vector<Sample> samples;
  for (int call = -50; call < calls; ++call) {
    for (auto& lane : drawn)
      for (std::size_t i = 0; i < 32; i += 8) store_be64(&lane[i], generator());
    for (auto& lane : drawn) lane[0] = lane[31] = 1;  // below every order, either way it is read
    const bool is_fixed = (generator() & 1) != 0;
    const auto mask = static_cast<std::uint8_t>(is_fixed ? 0xff : 0);
    for (std::size_t lane = 0; lane < kKernelLanes; ++lane)
      for (std::size_t i = 0; i < 32; ++i)
        drawn[lane][i] = static_cast<std::uint8_t>((drawn[lane][i] & ~mask) | (fixed[lane][i] & mask));
    const std::uint64_t start = ticks();
    kernel(drawn);
    const std::uint64_t took = ticks() - start;
    if (call >= 0) samples.push_back({static_cast<double>(took), is_fixed});
  }
  return judge(samples);
}

bool report(const char* name, double t) {
  std::printf("%-22s |t| %7.2f%s\n", name, t, t > kAlarm ? "  depends on the secret" : "");
  std::fflush(stdout);
  return t > kAlarm;
}

/// The secrets as exponents modulo both primes of a batch that holds some odd numbers in the primes' places.
template <std::size_t Bits>
double measure_rsa(int calls, RsaPrivate<Bits> kernel) {
  const auto batch = std::make_unique<RsaBatch<Bits>>();
  static std::uint64_t output[Bits / 64][kKernelLanes];
  for (RsaPrime<Bits>* const prime : {&batch->p, &batch->q}) {
    for (auto& limb : prime->modulus) std::ranges::fill(limb, 0xf'ffff'ffff'fffful);
    std::ranges::fill(prime->negated_inverse, 1);
    for (auto& limb : prime->r_squared) std::ranges::fill(limb, 3);
  }
  std::ranges::fill(batch->input[0], 7);
  return measure(calls, [&](const Secrets& secrets) {
    for (RsaPrime<Bits>* const prime : {&batch->p, &batch->q})
      for (std::size_t word = 0; word < RsaShape<Bits>::kPrimeWords; ++word)
        for (std::size_t lane = 0; lane < kKernelLanes; ++lane)
          prime->exponent[word][lane] = load_be64(&secrets[lane][8 * (word % 4)]);
    kernel(*batch, output);
  });
}

/// A good block where the secrets are the fixed ones, and a malformed one where they are not, all over.
double measure_premaster(int calls) {
  constexpr std::array<std::uint8_t, kPremasterBytes> kFallback{};
  static std::array<std::uint8_t, 256> block;
  static std::array<std::uint8_t, kPremasterBytes> premaster;
  return measure(calls, [&](const Secrets& secrets) {
    for (std::size_t i = 0; i < block.size(); ++i) block[i] = static_cast<std::uint8_t>(secrets[i / 32][i % 32] ^ 3);
    block[0] = secrets[0][0];
    block[1] = secrets[0][1] ^ 2;
    block[block.size() - kPremasterBytes - 1] = secrets[1][1];
    unwrap_premaster(block, 0x0303, kFallback, premaster);
  });
}

}  // namespace

int main(int count, char** arguments) {
  if (!cpu_runs_avx512_ifma()) {
    std::puts("no AVX-512 IFMA on this processor");
    return 0;
  }
  const int calls = count > 1 ? std::max(1'000, std::atoi(arguments[1])) : 50'000;
  kIfmaX25519Kernels.prepare();
  kIfmaP256Kernels.prepare();
  static Secrets out, second, points, gx, gy;
  for (auto& point : points) point[0] = 9;
  Secrets twos{};
  for (auto& lane : twos) lane[31] = 2;
  kIfmaP256Kernels.base(twos, gx, gy);

  bool leaks = false;
  const auto check = [&](const char* name, double t) { leaks = report(name, t) || leaks; };
  kAvx2X25519Kernels.prepare();
  check("x25519 shared avx2", measure(calls / 4, [](const Secrets& s) { kAvx2X25519Kernels.shared(s, points, out); }));
  check("x25519 base avx2", measure(calls, [](const Secrets& s) { kAvx2X25519Kernels.base(s, out); }));
  check("x25519 shared", measure(calls, [](const Secrets& s) { kIfmaX25519Kernels.shared(s, points, out); }));
  check("x25519 base", measure(calls, [](const Secrets& s) { kIfmaX25519Kernels.base(s, out); }));
  check("ed25519 base", measure(calls, [](const Secrets& s) { kIfmaEd25519Kernels.base(s, out); }));
  check("p256 base", measure(calls, [](const Secrets& s) { kIfmaP256Kernels.base(s, out, second); }));
  check("p256 shared", measure(calls, [](const Secrets& s) {
          std::uint8_t sound;
          kIfmaP256Kernels.shared(s, gx, gy, out, &sound);
        }));
  check("ecdsa nonces", measure(calls, [](const Secrets& s) {
          std::array<NonceSeed, kKernelLanes> seeds;
          for (std::size_t lane = 0; lane < kKernelLanes; ++lane) seeds[lane] = {s[lane], gx[lane], gy[lane]};
          static LaneBytes nonces;
          derive_nonces(seeds, nonces);
        }));
  check("rsa premaster", measure_premaster(4 * calls));
  check("rsa 2048", measure_rsa<2048>(std::max(400, calls / 20), kIfmaRsaKernels.private_2048));
  check("rsa 3072", measure_rsa<3072>(std::max(400, calls / 50), kIfmaRsaKernels.private_3072));
  check("rsa 4096", measure_rsa<4096>(std::max(400, calls / 50), kIfmaRsaKernels.private_4096));

  // It is small beside the kernel, so that a busy machine needs more calls to see it.
  const double planted = measure(2 * calls, [](const Secrets& s) {
    kIfmaX25519Kernels.base(s, out);
    if ((s[0][15] & 1) != 0)
      for (int i = 0; i < 20; ++i) out[0][0] = static_cast<std::uint8_t>(out[0][0] * 3 + s[0][i]);
  });
  if (!report("planted", planted)) std::puts("the planted leak was not found: too few calls, or too much noise");
  return leaks || planted <= kAlarm ? 1 : 0;
}
