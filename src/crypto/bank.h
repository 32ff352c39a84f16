#pragma once
/// Banks: what an idle worker has computed ahead, so that a burst finds the dear half of its public-key work done.

#include <cstddef>
#include <cstdint>

#include "base/counter.h"
#include "crypto/operation.h"

namespace handsel::crypto {

/// One kind's bank: a back end's, used by the stage that runs this back end's kernels and by nobody else. An entry is a
/// secret that serves one operation, and is wiped behind it. Nothing is allocated after construction.
class Bank {
 public:
  enum class Taken : std::uint8_t {
    taken,    ///< the operation is computed
    none,     ///< the bank is empty
    unfit,    ///< the operation is not one that an entry could serve; none was spent
    spoiled,  ///< an entry was spent, and what came of it failed its check
  };

  Bank() = default;
  Bank(const Bank&) = delete;
  Bank& operator=(const Bank&) = delete;
  virtual ~Bank() = default;
  virtual std::size_t capacity() const = 0;
  /// Entries now.
  virtual std::size_t level() const = 0;
  /// There is room for one batch of the kind's lanes, and somebody who could use it.
  virtual bool wants_batch() = 0;
  /// Computes one batch in all lanes and keeps what passes its checks. Returns how many entries that are.
  virtual std::size_t fill() = 0;
  /// Serves an operation of the bank's kind by an entry; sets nothing of it unless the answer is `taken`, and never its
  /// status.
  virtual Taken take(Operation& operation) = 0;
  /// Wipes all entries.
  virtual void wipe() = 0;
};

/// Counters an operator sees, for each bank. One writer (the stage's thread).
struct BankStatistics {
  Counter filled;   ///< entries computed
  Counter taken;    ///< operations served: these are in none of the kind's batches
  Counter empty;    ///< operations that found none, and went the ordinary way
  Counter spoiled;  ///< entries thrown away because a check of theirs failed
  Counter level;    ///< entries now
  Counter high;     ///< the most there ever were
  Counter cycles;   ///< spent in filling
};

}  // namespace handsel::crypto
