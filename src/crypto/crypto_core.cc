#include "crypto/crypto_core.h"

#include <cassert>
#include <limits>

namespace handsel::crypto {
namespace {

// The workers' jobs are the bound.
constexpr StageConfig kConfig{.queue_bound = std::numeric_limits<std::size_t>::max()};

}  // namespace

CryptoCore::CryptoCore(std::vector<CryptoLine*> lines, const KernelTable& kernels, Stage::CycleCounter cycles)
    : lines_(std::move(lines)), stage_(kernels, kConfig, cycles) {}

bool CryptoCore::turn(Instant now) {
  bool took = take(&CryptoLine::prompt);
  // The others wait in their rings, not in the stage: there a prompt one would stand behind them all.
  if (stage_.waiting() < limits::kCryptoTurn) took |= take(&CryptoLine::ordinary);
  const bool computed = stage_.run(now, !took);
  while (Operation* const operation = stage_.take_completed()) give_back(*operation);
  return took || computed;
}

// No more than one turn's share of each worker, so that none has to wait for another's burst.
bool CryptoCore::take(SpscRing<CryptoJob*> CryptoLine::* ring) {
  bool took = false;
  for (std::size_t line = 0; line < lines_.size(); ++line) {
    for (std::size_t count = 0; count < limits::kCryptoTurn; ++count) {
      const auto job = (lines_[line]->*ring).pop();
      if (!job) break;
      took = true;
      Operation& operation = (*job)->operation;
      (*job)->line = static_cast<std::uint32_t>(line);
      // It waits since it was handed over: the deadline counts from there.
      [[maybe_unused]] const bool submitted = stage_.submit(operation, operation.submitted);
      assert(submitted);
      if (operation.status != Status::waiting) give_back(operation);
    }
  }
  return took;
}

void CryptoCore::give_back(Operation& operation) {
  CryptoJob& job = CryptoJob::of(operation);
  [[maybe_unused]] const bool pushed = lines_[job.line]->back.push(&job);
  assert(pushed);
}

}  // namespace handsel::crypto
