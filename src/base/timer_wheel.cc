#include "base/timer_wheel.h"

#include <algorithm>

namespace handsel {

TimerWheel::TimerWheel(std::uint32_t capacity, Instant now)
    : nodes_(new Node[capacity]), current_(ticks(now)), capacity_(capacity) {
  heads_.fill(kNone);
}

void TimerWheel::schedule(std::uint32_t id, Instant deadline) {
  assert(id < capacity_);
  if (nodes_[id].slot != kIdle) unlink(id);
  const auto nanoseconds = deadline.time_since_epoch().count();
  // Rounded up, so that a timer never fires before its deadline.
  constexpr std::int64_t kRound = (std::int64_t{1} << kTickShift) - 1;
  const std::uint64_t tick = nanoseconds < 0 ? 0 : (static_cast<std::uint64_t>(nanoseconds) + kRound) >> kTickShift;
  nodes_[id].expiry = std::max(tick, current_ + 1);
  place(id);
}

void TimerWheel::cancel(std::uint32_t id) {
  assert(id < capacity_);
  if (nodes_[id].slot != kIdle) unlink(id);
}

void TimerWheel::link(std::uint32_t id, std::uint32_t slot) {
  Node& node = nodes_[id];
  node.slot = slot;
  node.previous = kNone;
  node.next = heads_[slot];
  if (node.next != kNone) nodes_[node.next].previous = id;
  heads_[slot] = id;
  ++armed_;
}

void TimerWheel::unlink(std::uint32_t id) {
  Node& node = nodes_[id];
  if (node.previous != kNone)
    nodes_[node.previous].next = node.next;
  else
    heads_[node.slot] = node.next;
  if (node.next != kNone) nodes_[node.next].previous = node.previous;
  node.slot = kIdle;
  --armed_;
}

void TimerWheel::place(std::uint32_t id) {
  const std::uint64_t expiry = nodes_[id].expiry;
  if (expiry <= current_) {
    link(id, kDue);
    return;
  }
  // The level is that of the highest digit in which the expiry differs from now: there it is in the
  // future, and in every digit above it is the present.
  for (int level = 0; level < kLevels; ++level) {
    const int above = kSlotBits * (level + 1);
    if ((expiry >> above) == (current_ >> above) || level == kLevels - 1) {
      // Past the last level's horizon (13 days) the timer waits in the farthest slot and is placed again there.
      const std::uint64_t horizon = current_ + ((std::uint64_t{1} << (kSlotBits * kLevels)) - 1);
      const std::uint64_t digit = std::min(expiry, horizon) >> (kSlotBits * level) & (kSlots - 1);
      link(id, static_cast<std::uint32_t>(level) * kSlots + static_cast<std::uint32_t>(digit));
      return;
    }
  }
}

void TimerWheel::turn() {
  // A digit that has wrapped brings the next slot of the level above down.
  for (int level = 0; level < kLevels; ++level) {
    const auto digit = static_cast<std::uint32_t>(current_ >> (kSlotBits * level) & (kSlots - 1));
    std::uint32_t id = heads_[static_cast<std::uint32_t>(level) * kSlots + digit];
    while (id != kNone) {
      const std::uint32_t next = nodes_[id].next;
      unlink(id);
      place(id);
      id = next;
    }
    if (digit != 0) break;
  }
}

Instant TimerWheel::next_deadline() const {
  if (armed_ == 0) return kNever;
  std::uint64_t earliest = ~std::uint64_t{0};
  for (int level = 0; level < kLevels; ++level) {
    const std::uint64_t now_digit = current_ >> (kSlotBits * level) & (kSlots - 1);
    for (std::uint64_t step = level == 0 ? 0 : 1; step < kSlots; ++step) {
      const auto slot = static_cast<std::uint32_t>((now_digit + step) & (kSlots - 1));
      if (heads_[static_cast<std::uint32_t>(level) * kSlots + slot] == kNone) continue;
      const std::uint64_t base = (current_ >> (kSlotBits * level)) + step;
      earliest = std::min(earliest, base << (kSlotBits * level));
      break;
    }
  }
  if (earliest == ~std::uint64_t{0}) earliest = current_ + 1;
  return Instant(Duration(static_cast<Duration::rep>(std::max(earliest, current_ + 1) << kTickShift)));
}

}  // namespace handsel
