#pragma once
/// An operation on its way to a crypto core and back, and the rings that carry it.

#include <array>
#include <cstdint>

#include "base/limits.h"
#include "base/spsc_ring.h"
#include "crypto/operation.h"
#include "crypto/public_key.h"

namespace handsel::crypto {

/// Has copies of all that the operation reads and room for all that it writes: whoever asked may go meanwhile, and
/// its memory with it. Belongs to the worker while it is free, to the core from one ring to the other.
class alignas(64) CryptoJob {
 public:
  /// Takes the operation over, inputs and all. Worker.
  void load(const Operation& asked);
  /// Gives results and status to who asked. Worker.
  void unload(Operation& asked) const;
  /// Forgets inputs and outputs. Worker.
  void wipe();

  /// What the core computes. Its owner's mark is this job.
  Operation operation;
  std::uint32_t index = 0;  ///< among its worker's
  std::uint32_t line = 0;   ///< by which the core got it
  static CryptoJob& of(const Operation& operation) { return *reinterpret_cast<CryptoJob*>(operation.owner); }

 private:
  MutableBytes place(std::size_t bytes);
  MutableBytes copy(Bytes from);

  PublicKey peer_key_;
  std::size_t used_ = 0;
  std::array<std::uint8_t, limits::kCryptoJobBytes> memory_;
};

/// What connects one worker with one crypto core. Each ring has room for every job of the worker.
struct CryptoLine {
  explicit CryptoLine(std::size_t jobs) : prompt(jobs), ordinary(jobs), back(jobs) {}

  SpscRing<CryptoJob*> prompt;  ///< to the core: what goes before the others (Operation::prompt)
  SpscRing<CryptoJob*> ordinary;
  SpscRing<CryptoJob*> back;
};

}  // namespace handsel::crypto
