#pragma once
/// The worker's side of crypto cores: hands operations over by rings, and takes the results.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/counter.h"
#include "crypto/crypto_job.h"
#include "crypto/processor.h"

namespace handsel::crypto {

/// Written by the worker, read by anyone.
struct RemoteStatistics {
  Counter handed_over;
  Counter refused;   ///< no job was free
  Counter orphaned;  ///< whoever asked went before the result came
  Counter away;      ///< jobs that are not free now, orphans among them
};

/// One a worker. Whatever is cancelled, a job stays away until its core gives it back.
class RemoteStage final : public Processor {
 public:
  /// Over one line to each core, which have room for so many `jobs` each.
  RemoteStage(std::vector<CryptoLine*> lines, std::size_t jobs);
  RemoteStage(const RemoteStage&) = delete;
  RemoteStage& operator=(const RemoteStage&) = delete;
  /// When the cores have stopped.
  ~RemoteStage() override;

  bool submit(Operation& operation, Instant now) override;
  bool cancel(Operation& operation) override;
  bool run(Instant now, bool idle) override;
  Operation* take_completed() override;
  std::size_t waiting() const override { return waiting_; }
  Instant next_deadline() const override { return kNever; }

  const RemoteStatistics& statistics() const { return statistics_; }

 private:
  struct Line {
    CryptoLine* rings;
    std::size_t away = 0;  // jobs of ours that it has
  };
  // What the worker alone knows of a job: no core touches this line of memory.
  struct Slot {
    Operation* asked = nullptr;  // null: gone, or free
    std::uint32_t line = 0;
  };
  std::uint32_t choose_line();
  Operation* take_back(CryptoJob& job);

  std::vector<Line> lines_;
  std::unique_ptr<CryptoJob[]> jobs_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint32_t line_ = 0;
  std::size_t waiting_ = 0;
  RemoteStatistics statistics_;
};

}  // namespace handsel::crypto
