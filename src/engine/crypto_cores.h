#pragma once
/// The cores that do nothing but public-key operations for the workers, as [engine] crypto lists them.

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "base/counter.h"
#include "crypto/crypto_core.h"
#include "crypto/kernels.h"
#include "crypto/random.h"
#include "crypto/remote_stage.h"
#include "engine/clock.h"

namespace handsel::engine {

/// A crypto core's share of its processor. Written by it, read by anyone.
struct CryptoCoreStatistics {
  Counter turns;
  Counter empty_turns;
  Counter busy_cycles;  ///< of turns that took, computed or gave back something
};

/// Made on the control thread. Goes when all that run() was entered for has returned, and no worker is left.
class CryptoCores {
 public:
  /// A line from each of so many workers to each of so many cores. `keys` must outlive this. The
  /// banks of each core hold `bank` entries.
  CryptoCores(std::size_t cores, std::size_t workers, const crypto::KernelChoice& kernels, const crypto::KeyStore& keys,
              const Clock& clock, std::size_t bank = 0);

  std::size_t size() const { return cores_.size(); }
  /// What this worker's shard hands its operations to.
  crypto::RemoteStage& of_worker(std::size_t worker) { return *remotes_[worker]; }
  const crypto::RemoteStage& of_worker(std::size_t worker) const { return *remotes_[worker]; }
  /// Polls until stop() is called, and then until nothing is left to compute. The crypto core's thread.
  void run(std::size_t core);
  /// Any thread, once the workers were told to stop.
  void stop() { stop_.store(true, std::memory_order_release); }

  const crypto::Stage& stage(std::size_t core) const { return cores_[core]->core.stage(); }
  const CryptoCoreStatistics& statistics(std::size_t core) const { return cores_[core]->statistics; }

 private:
  struct Core {
    Core(std::vector<crypto::CryptoLine*> lines, const crypto::KernelChoice& kernels, const crypto::KeyStore& keys,
         const Clock& clock, std::size_t bank)
        : backend(crypto::make_backend(kernels, keys, entropy, bank)),
          core(std::move(lines), backend->kernels(), clock.cycles) {}

    crypto::SystemEntropy entropy;
    std::unique_ptr<crypto::Backend> backend;
    crypto::CryptoCore core;
    CryptoCoreStatistics statistics;
  };

  Clock clock_;
  std::vector<std::unique_ptr<crypto::CryptoLine>> lines_;
  std::vector<std::unique_ptr<Core>> cores_;
  std::vector<std::unique_ptr<crypto::RemoteStage>> remotes_;
  std::atomic<bool> stop_{false};
};

}  // namespace handsel::engine
