#include "crypto/remote_stage.h"

#include <algorithm>
#include <cassert>

namespace handsel::crypto {

RemoteStage::RemoteStage(std::vector<CryptoLine*> lines, std::size_t jobs) : jobs_(new CryptoJob[jobs]), slots_(jobs) {
  assert(!lines.empty() && jobs != 0);
  for (CryptoLine* each : lines) lines_.push_back({each});
  for (std::size_t i = jobs; i-- > 0;) {
    jobs_[i].index = static_cast<std::uint32_t>(i);
    free_.push_back(static_cast<std::uint32_t>(i));
  }
}

RemoteStage::~RemoteStage() {
  for (std::size_t i = 0; i < slots_.size(); ++i) jobs_[i].wipe();
}

// One core as long as it has less than two batches of ours before it: lanes fill where alike work meets. Then the one
// that has least.
std::uint32_t RemoteStage::choose_line() {
  if (lines_[line_].away >= 2 * limits::kMaxLanes)
    line_ = static_cast<std::uint32_t>(std::ranges::min_element(lines_, {}, &Line::away) - lines_.begin());
  return line_;
}

bool RemoteStage::submit(Operation& operation, Instant now) {
  if (free_.empty()) {
    statistics_.refused.add();
    return false;
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  operation.status = Status::waiting;
  operation.submitted = now;
  operation.job = index;
  CryptoJob& job = jobs_[index];
  job.load(operation);
  const std::uint32_t line = choose_line();
  slots_[index] = {&operation, line};
  ++lines_[line].away;
  ++waiting_;
  statistics_.handed_over.add();
  statistics_.away.add();
  CryptoLine& rings = *lines_[line].rings;
  [[maybe_unused]] const bool pushed = (operation.prompt ? rings.prompt : rings.ordinary).push(&job);
  assert(pushed);
  return true;
}

bool RemoteStage::cancel(Operation& operation) {
  if (operation.status != Status::waiting) return false;
  Slot& slot = slots_[operation.job];
  if (slot.asked != &operation) return false;
  slot.asked = nullptr;
  operation.status = Status::idle;
  --waiting_;
  statistics_.orphaned.add();
  return true;
}

bool RemoteStage::run(Instant, bool) {
  return std::ranges::any_of(lines_, [](const Line& each) { return !each.rings->back.empty(); });
}

Operation* RemoteStage::take_completed() {
  for (Line& line : lines_)
    while (const auto job = line.rings->back.pop())
      if (Operation* const asked = take_back(**job)) return asked;
  return nullptr;
}

// Who asked for it, who has the result now; nullptr when nobody waits for it any more.
Operation* RemoteStage::take_back(CryptoJob& job) {
  Slot& slot = slots_[job.index];
  Operation* const asked = slot.asked;
  if (asked != nullptr) {
    job.unload(*asked);
    --waiting_;
  }
  job.wipe();
  --lines_[slot.line].away;
  slot.asked = nullptr;
  free_.push_back(job.index);
  statistics_.away.sub();
  return asked;
}

}  // namespace handsel::crypto
