#pragma once
/// Hierarchical timing wheel (Varghese, Lauck 1987): one timer an entry, O(1) to set, move and cancel.

#include <array>
#include <cassert>
#include <cstdint>
#include <memory>

#include "base/time.h"

namespace handsel {

/// Timers named by a dense index (a slab index), one each. Resolution is one tick of 2^20 ns, about a
/// millisecond; a timer never fires early and fires at most one tick and one poll late. Owned by one thread.
class TimerWheel {
 public:
  static constexpr int kTickShift = 20;

  TimerWheel(std::uint32_t capacity, Instant now);

  /// Sets or moves the timer of `id`; a deadline in the past fires at the next advance.
  void schedule(std::uint32_t id, Instant deadline);
  void cancel(std::uint32_t id);
  bool scheduled(std::uint32_t id) const { return nodes_[id].slot != kIdle; }

  /// Moves to `now`; calls fire(id) for each timer that is due, after it was taken out (so that fire may
  /// schedule it anew).
  template <class Fire>
  void advance(Instant now, Fire&& fire) {
    const std::uint64_t target = ticks(now);
    while (current_ < target) {
      if (armed_ == 0) {
        current_ = target;
        return;
      }
      ++current_;
      turn();
      while (heads_[kDue] != kNone) {
        const std::uint32_t id = heads_[kDue];
        unlink(id);
        fire(id);
      }
    }
  }

  /// No armed timer fires before this instant (exact to the resolution of the level it stands in);
  /// kNever when none is armed.
  Instant next_deadline() const;
  std::uint32_t armed() const { return armed_; }

 private:
  static constexpr int kLevels = 5;
  static constexpr int kSlotBits = 6;
  static constexpr std::uint32_t kSlots = 1u << kSlotBits;
  static constexpr std::uint32_t kDue = kLevels * kSlots;  // a list beside the wheel: timers firing now
  static constexpr std::uint32_t kNone = ~0u;
  static constexpr std::uint32_t kIdle = ~0u;

  struct Node {
    std::uint32_t previous = kNone;
    std::uint32_t next = kNone;
    std::uint32_t slot = kIdle;
    std::uint64_t expiry = 0;  // tick
  };

  static std::uint64_t ticks(Instant at) {
    return static_cast<std::uint64_t>(at.time_since_epoch().count()) >> kTickShift;
  }
  void link(std::uint32_t id, std::uint32_t slot);
  void unlink(std::uint32_t id);
  void place(std::uint32_t id);
  void turn();

  std::unique_ptr<Node[]> nodes_;
  std::array<std::uint32_t, kLevels * kSlots + 1> heads_;
  std::uint64_t current_;
  std::uint32_t armed_ = 0;
  std::uint32_t capacity_;
};

}  // namespace handsel
