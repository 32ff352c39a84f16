#pragma once
/// A core that does nothing but public-key operations: takes jobs off rings, runs a stage, gives them back.

#include <cstddef>
#include <vector>

#include "crypto/crypto_job.h"
#include "crypto/stage.h"

namespace handsel::crypto {

/// Used by its own thread alone.
class CryptoCore {
 public:
  /// One line to each worker.
  CryptoCore(std::vector<CryptoLine*> lines, const KernelTable& kernels, Stage::CycleCounter cycles);
  CryptoCore(const CryptoCore&) = delete;
  CryptoCore& operator=(const CryptoCore&) = delete;

  /// Takes what the rings hold, computes what is due, all of it when the rings were empty, and gives back what is
  /// finished. True when there was anything to do.
  bool turn(Instant now);

  /// For a turn that had nothing to do, and for the end: as the stage's own.
  bool fill_banks() { return stage_.fill_banks(); }
  void wipe_banks() { stage_.wipe_banks(); }

  const Stage& stage() const { return stage_; }

 private:
  bool take(SpscRing<CryptoJob*> CryptoLine::* ring);
  void give_back(Operation& operation);

  std::vector<CryptoLine*> lines_;
  Stage stage_;
};

}  // namespace handsel::crypto
