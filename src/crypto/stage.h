#pragma once
/// The batch stage: gathers operations by kind, fills lanes, runs a back end, hands the results back.

#include <array>
#include <cstdint>
#include <span>

#include "base/counter.h"
#include "base/histogram.h"
#include "base/limits.h"
#include "base/time.h"
#include "crypto/operation.h"

namespace handsel::crypto {

/// How one kind is computed: `run` takes 1…lanes operations of that kind and sets each one's status.
/// `context` is the back end's own state, made at start for one worker.
struct Kernel {
  std::string_view name;   ///< "libcrypto", "ifma", …
  std::uint8_t lanes = 1;  ///< how many operations one call computes at the price of one
  void (*run)(void* context, std::span<Operation* const> operations) = nullptr;
  void* context = nullptr;
};

/// One kernel a kind. A faster instruction set is another table with the same shape (ARCHITECTURE: kernels).
using KernelTable = std::array<Kernel, kKinds>;

struct StageConfig {
  Duration deadline = std::chrono::microseconds(50);  ///< the longest an operation waits for lanes to fill
  std::size_t queue_bound = limits::kCryptoQueue;     ///< operations of one kind
};

/// Counters an operator sees, by kind. One writer (the stage's thread).
struct KindStatistics {
  Counter operations;
  Counter batches;
  Counter failures;
  Counter refused;  ///< turned away: the queue was full
  Counter cycles;   ///< spent in the kernel (the stage is given a cycle counter)
  Histogram wait_ns;
  std::array<Counter, limits::kMaxLanes + 1> fill;  ///< batches by number of lanes filled
};

/// One stage a worker; not thread-safe.
class Stage {
 public:
  using CycleCounter = std::uint64_t (*)();
  Stage(const KernelTable& kernels, const StageConfig& config, CycleCounter cycles);

  /// Queues the operation; false (and counted) when its kind's queue is full.
  bool submit(Operation& operation, Instant now);
  /// Takes an operation out again, for an owner that goes away: one that waits, or one that is finished but not taken.
  /// False when the stage does not hold it.
  bool cancel(Operation& operation);
  /// Runs every kind whose lanes are full or whose oldest entry is past the deadline.
  void run_due(Instant now);
  /// Runs all that waits: receive came back empty, so no more lanes will fill.
  void flush(Instant now);
  /// The next finished operation, or nullptr. Its owner's coroutine may then be resumed.
  Operation* take_completed();

  std::size_t waiting() const { return waiting_; }
  /// When run_due has work at the latest; kNever when nothing waits.
  Instant next_deadline() const;
  const KindStatistics& statistics(Kind kind) const { return statistics_[static_cast<std::size_t>(kind)]; }
  const Kernel& kernel(Kind kind) const { return kernels_[static_cast<std::size_t>(kind)]; }

 private:
  struct Queue {
    Operation* head = nullptr;
    Operation* tail = nullptr;
    std::size_t size = 0;
  };
  void run_batch(std::size_t kind, Instant now);

  KernelTable kernels_;
  StageConfig config_;
  CycleCounter cycles_;
  std::array<Queue, kKinds> queues_{};
  Queue completed_;
  std::size_t waiting_ = 0;
  std::array<KindStatistics, kKinds> statistics_{};
};

}  // namespace handsel::crypto
