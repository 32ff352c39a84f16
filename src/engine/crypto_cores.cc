#include "engine/crypto_cores.h"

namespace handsel::engine {

CryptoCores::CryptoCores(std::size_t cores, std::size_t workers, const crypto::KernelChoice& kernels,
                         const crypto::KeyStore& keys, const Clock& clock, std::size_t bank)
    : clock_(clock) {
  std::vector<std::vector<crypto::CryptoLine*>> of_core(cores);
  for (std::size_t worker = 0; worker < workers; ++worker) {
    std::vector<crypto::CryptoLine*> of_worker;
    for (std::size_t core = 0; core < cores; ++core) {
      crypto::CryptoLine* const line =
          lines_.emplace_back(std::make_unique<crypto::CryptoLine>(limits::kCryptoJobs)).get();
      of_worker.push_back(line);
      of_core[core].push_back(line);
    }
    remotes_.push_back(std::make_unique<crypto::RemoteStage>(std::move(of_worker), limits::kCryptoJobs));
  }
  for (auto& lines : of_core) cores_.push_back(std::make_unique<Core>(std::move(lines), kernels, keys, clock, bank));
}

void CryptoCores::run(std::size_t core) {
  Core& self = *cores_[core];
  for (bool worked = true; worked || !stop_.load(std::memory_order_acquire);) {
    const std::uint64_t begun = clock_.cycles();
    worked = self.core.turn(clock_.now());
    self.statistics.turns.add();
    if (worked) {
      self.statistics.busy_cycles.add(clock_.cycles() - begun);
    } else {
      self.statistics.empty_turns.add();
      if (!self.core.fill_banks()) __builtin_ia32_pause();
    }
  }
  self.core.wipe_banks();
}

}  // namespace handsel::engine
