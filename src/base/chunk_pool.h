#pragma once
/// Fixed-size chunks of memory for byte queues, from one allocation made at start. Owned by one thread.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/limits.h"

namespace handsel {

/// Chunks of limits::kChunkBytes, named by index; each carries a link to the next one of its queue.
class ChunkPool {
 public:
  static constexpr std::uint32_t kNone = ~0u;
  static constexpr std::size_t kChunkBytes = limits::kChunkBytes;

  explicit ChunkPool(std::uint32_t capacity)
      : capacity_(capacity),
        memory_(new std::uint8_t[static_cast<std::size_t>(capacity) * kChunkBytes]),
        next_(new std::uint32_t[capacity]),
        free_head_(capacity == 0 ? kNone : 0),
        available_(capacity) {
    for (std::uint32_t i = 0; i < capacity; ++i) next_[i] = i + 1 < capacity ? i + 1 : kNone;
  }

  /// A chunk whose link is kNone, or kNone when the pool is empty.
  std::uint32_t take() {
    const std::uint32_t chunk = free_head_;
    if (chunk == kNone) return kNone;
    free_head_ = next_[chunk];
    next_[chunk] = kNone;
    --available_;
    return chunk;
  }
  void give_back(std::uint32_t chunk) {
    next_[chunk] = free_head_;
    free_head_ = chunk;
    ++available_;
  }
  MutableBytes bytes(std::uint32_t chunk) {
    return {memory_.get() + static_cast<std::size_t>(chunk) * kChunkBytes, kChunkBytes};
  }
  std::uint32_t& next(std::uint32_t chunk) { return next_[chunk]; }

  std::uint32_t available() const { return available_; }
  std::uint32_t capacity() const { return capacity_; }

 private:
  std::uint32_t capacity_;
  std::unique_ptr<std::uint8_t[]> memory_;
  std::unique_ptr<std::uint32_t[]> next_;
  std::uint32_t free_head_;
  std::uint32_t available_;
};

}  // namespace handsel
