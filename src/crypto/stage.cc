#include "crypto/stage.h"

#include <algorithm>
#include <cassert>

namespace handsel::crypto {
namespace {

template <class Queue>
void push(Queue& queue, Operation& operation) {
  operation.next = nullptr;
  (queue.head == nullptr ? queue.head : queue.tail->next) = &operation;
  queue.tail = &operation;
  ++queue.size;
}

template <class Queue>
Operation* pop(Queue& queue) {
  Operation* const operation = queue.head;
  if (operation == nullptr) return nullptr;
  queue.head = operation->next;
  if (queue.head == nullptr) queue.tail = nullptr;
  operation->next = nullptr;
  --queue.size;
  return operation;
}

template <class Queue>
bool remove(Queue& queue, const Operation& operation) {
  Operation* previous = nullptr;
  for (Operation* at = queue.head; at != nullptr; previous = at, at = at->next) {
    if (at != &operation) continue;
    (previous == nullptr ? queue.head : previous->next) = at->next;
    if (queue.tail == at) queue.tail = previous;
    at->next = nullptr;
    --queue.size;
    return true;
  }
  return false;
}

std::uint64_t nanoseconds_between(Instant from, Instant to) {
  return to > from ? static_cast<std::uint64_t>((to - from).count()) : 0;
}

}  // namespace

Stage::Stage(const KernelTable& kernels, const StageConfig& config, CycleCounter cycles)
    : kernels_(kernels), config_(config), cycles_(cycles) {
  for ([[maybe_unused]] const Kernel& kernel : kernels_)
    assert(kernel.run != nullptr && kernel.lanes >= 1 && kernel.lanes <= limits::kMaxLanes);
}

bool Stage::submit(Operation& operation, Instant now) {
  const auto kind = static_cast<std::size_t>(operation.kind);
  if (kernels_[kind].bank != nullptr && serve_from_bank(operation)) {
    operation.submitted = now;
    return true;
  }
  Queue& queue = queues_[kind];
  if (queue.size >= config_.queue_bound) {
    statistics_[kind].refused.add();
    return false;
  }
  operation.status = Status::waiting;
  operation.submitted = now;
  push(queue, operation);
  ++waiting_;
  return true;
}

bool Stage::cancel(Operation& operation) {
  const bool was_waiting = operation.status == Status::waiting;
  if (operation.status == Status::idle) return false;
  // One that is finished but not yet taken stands in the queue of the completed.
  if (!remove(was_waiting ? queues_[static_cast<std::size_t>(operation.kind)] : completed_, operation)) return false;
  if (was_waiting) --waiting_;
  operation.status = Status::idle;
  return true;
}

bool Stage::serve_from_bank(Operation& operation) {
  const auto kind = static_cast<std::size_t>(operation.kind);
  Bank& bank = *kernels_[kind].bank;
  BankStatistics& statistics = banks_[kind];
  const Bank::Taken taken = bank.take(operation);
  statistics.level.set(bank.level());
  switch (taken) {
    case Bank::Taken::taken:
      statistics.taken.add();
      operation.status = Status::done;
      return true;
    case Bank::Taken::none:
      statistics.empty.add();
      break;
    case Bank::Taken::spoiled:
      statistics.spoiled.add();
      break;
    case Bank::Taken::unfit:
      break;
  }
  return false;
}

bool Stage::fill_banks() {
  std::size_t least = kKinds;
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    Bank* const bank = kernels_[kind].bank;
    if (bank == nullptr || !bank->wants_batch()) continue;
    if (least == kKinds || bank->level() < kernels_[least].bank->level()) least = kind;
  }
  if (least == kKinds) return false;
  Bank& bank = *kernels_[least].bank;
  BankStatistics& statistics = banks_[least];
  const std::uint64_t started = cycles_();
  const std::size_t gained = bank.fill();
  statistics.cycles.add(cycles_() - started);
  statistics.filled.add(gained);
  statistics.spoiled.add(kernels_[least].lanes - gained);
  statistics.level.set(bank.level());
  if (bank.level() > statistics.high.get()) statistics.high.set(bank.level());
  return true;
}

void Stage::wipe_banks() {
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    if (kernels_[kind].bank == nullptr) continue;
    kernels_[kind].bank->wipe();
    banks_[kind].level.set(0);
  }
}

void Stage::run_batch(std::size_t kind, Instant now) {
  const Kernel& kernel = kernels_[kind];
  KindStatistics& statistics = statistics_[kind];
  Queue& queue = queues_[kind];
  std::array<Operation*, limits::kMaxLanes> batch;
  const std::size_t filled = std::min<std::size_t>(kernel.lanes, queue.size);
  for (std::size_t lane = 0; lane < filled; ++lane) {
    batch[lane] = pop(queue);
    statistics.wait_ns.record(nanoseconds_between(batch[lane]->submitted, now));
  }
  waiting_ -= filled;

  const std::uint64_t started = cycles_();
  kernel.run(kernel.context, std::span<Operation* const>(batch.data(), filled));
  statistics.cycles.add(cycles_() - started);
  statistics.batches.add();
  statistics.operations.add(filled);
  statistics.fill[filled].add();
  for (std::size_t lane = 0; lane < filled; ++lane) {
    assert(batch[lane]->status != Status::waiting);
    if (batch[lane]->status != Status::done) statistics.failures.add();
    push(completed_, *batch[lane]);
  }
}

void Stage::run_due(Instant now) {
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    const Queue& queue = queues_[kind];
    while (queue.size >= kernels_[kind].lanes) run_batch(kind, now);
    if (queue.size != 0 && now - queue.head->submitted >= config_.deadline) run_batch(kind, now);
  }
}

void Stage::flush(Instant now) {
  for (std::size_t kind = 0; kind < kKinds; ++kind)
    while (queues_[kind].size != 0) run_batch(kind, now);
}

Operation* Stage::take_completed() { return pop(completed_); }

Instant Stage::next_deadline() const {
  Instant earliest = kNever;
  for (const Queue& queue : queues_)
    if (queue.head != nullptr) earliest = std::min(earliest, queue.head->submitted + config_.deadline);
  return earliest;
}

}  // namespace handsel::crypto
