#pragma once
/// The batch stage: gathers operations by kind, fills lanes, runs a back end, hands the results back.

#include <array>
#include <cstdint>
#include <span>

#include "base/counter.h"
#include "base/histogram.h"
#include "base/limits.h"
#include "base/time.h"
#include "crypto/bank.h"
#include "crypto/operation.h"
#include "crypto/processor.h"

namespace handsel::crypto {

/// How one kind is computed: `run` takes 1…lanes operations of that kind and sets each one's status.
/// `context` is the back end's own state, made at start for one worker.
struct Kernel {
  std::string_view name;   ///< "libcrypto", "ifma", …
  std::uint8_t lanes = 1;  ///< how many operations one call computes at the price of one
  void (*run)(void* context, std::span<Operation* const> operations) = nullptr;
  void* context = nullptr;
  Bank* bank = nullptr;  ///< what is computed ahead for this kind; nullptr: nothing is
};

/// One kernel a kind. A faster instruction set is another table with the same shape (ARCHITECTURE: kernels).
using KernelTable = std::array<Kernel, kKinds>;

struct StageConfig {
  Duration deadline = std::chrono::microseconds(50);  ///< the longest an operation waits for lanes to fill
  std::size_t queue_bound = limits::kCryptoQueue;     ///< operations of one kind
};

/// Counters an operator sees, by kind. One writer (the stage's thread). What a bank served is counted there instead.
struct KindStatistics {
  Counter operations;
  Counter batches;
  Counter failures;
  Counter refused;  ///< turned away: the queue was full
  Counter cycles;   ///< spent in the kernel (the stage is given a cycle counter)
  Histogram wait_ns;
  std::array<Counter, limits::kMaxLanes + 1> fill;  ///< batches by number of lanes filled
};

/// One stage a worker; not thread-safe. The banks belong to the stage whose kernels they stand beside and are used by
/// its thread alone: wherever that runs, its idle passes fill them, and operations that come to it find them.
class Stage final : public Processor {
 public:
  using CycleCounter = std::uint64_t (*)();
  Stage(const KernelTable& kernels, const StageConfig& config, CycleCounter cycles);

  /// Serves the operation from its kind's bank: then its status is `done`, and the stage holds it no more. Otherwise
  /// queues it: `waiting`. False (and counted) when its kind's queue is full.
  bool submit(Operation& operation, Instant now) override;
  /// Takes an operation out again, for an owner that goes away: one that waits, or one that is finished but not taken.
  /// False when the stage does not hold it.
  bool cancel(Operation& operation) override;
  /// Runs every kind whose lanes are full or whose oldest entry is past the deadline.
  void run_due(Instant now);
  /// Runs all that waits: receive came back empty, so no more lanes will fill.
  void flush(Instant now);
  bool run(Instant now, bool idle) override {
    if (waiting_ == 0) return false;
    idle ? flush(now) : run_due(now);
    return true;
  }
  Operation* take_completed() override;
  /// Computes one batch for the bank that has the least; false when all are full. For passes that have nothing else to
  /// do, after transmit: a frame that comes meanwhile waits for that batch.
  bool fill_banks();
  /// Wipes all that was computed ahead: the thread ends.
  void wipe_banks();

  std::size_t waiting() const override { return waiting_; }
  /// When run_due has work at the latest; kNever when nothing waits.
  Instant next_deadline() const override;
  const KindStatistics& statistics(Kind kind) const { return statistics_[static_cast<std::size_t>(kind)]; }
  /// nullptr where nothing is computed ahead.
  const BankStatistics* bank_statistics(Kind kind) const {
    return kernel(kind).bank == nullptr ? nullptr : &banks_[static_cast<std::size_t>(kind)];
  }
  const Kernel& kernel(Kind kind) const { return kernels_[static_cast<std::size_t>(kind)]; }

 private:
  struct Queue {
    Operation* head = nullptr;
    Operation* tail = nullptr;
    std::size_t size = 0;
  };
  bool serve_from_bank(Operation& operation);
  void run_batch(std::size_t kind, Instant now);

  KernelTable kernels_;
  StageConfig config_;
  CycleCounter cycles_;
  std::array<Queue, kKinds> queues_{};
  Queue completed_;
  std::size_t waiting_ = 0;
  std::array<KindStatistics, kKinds> statistics_{};
  std::array<BankStatistics, kKinds> banks_{};
};

}  // namespace handsel::crypto
