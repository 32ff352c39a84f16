#pragma once
/// Counters that one worker writes and anyone may read.

#include <atomic>
#include <cstdint>

namespace handsel {

/// One writer, many readers: plain loads and stores, no locked instruction.
class Counter {
 public:
  Counter() = default;
  void add(std::uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void sub(std::uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) - amount, std::memory_order_relaxed);
  }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace handsel
