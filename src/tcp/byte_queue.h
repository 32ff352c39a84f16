#pragma once
/// A queue of bytes in pool chunks: the send queue, the receive queue and each out-of-order island are one.

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/chunk_pool.h"

namespace handsel::tcp {

/// 20 bytes; holds no chunk while empty. Of any two neighbouring chunks at most one is half empty, so that a peer
/// who sends single bytes cannot make n bytes cost more than about n/1,022 chunks. Every call names the same pool.
class ByteQueue {
 public:
  /// What a chunk holds beside its fill marks.
  static constexpr std::size_t kChunkPayload = ChunkPool::kChunkBytes - 4;
  /// Chunks that `count` bytes may need at worst.
  static constexpr std::size_t chunks_for(std::size_t count) { return count / kChunkPayload + 1; }

  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// Appends what the pool has room for, leaving `spare` chunks in it; returns the bytes taken.
  std::size_t append(ChunkPool& pool, Bytes bytes, std::uint32_t spare = 0);
  /// Puts all of `bytes` in front, or nothing and false when the pool is short.
  bool prepend(ChunkPool& pool, Bytes bytes);
  /// Moves all of `behind` to the end of this queue, without copying more than two chunks' worth.
  void splice(ChunkPool& pool, ByteQueue& behind);

  /// The first contiguous piece.
  Bytes front(ChunkPool& pool) const;
  /// Copies min(out.size(), size() − offset) bytes from `offset`; returns how many.
  std::size_t copy(ChunkPool& pool, std::size_t offset, MutableBytes out) const;
  /// Removes `count` <= size() bytes from the front.
  void drop(ChunkPool& pool, std::size_t count);
  /// Wipes and gives back everything.
  void clear(ChunkPool& pool);

 private:
  struct Chunk {  // how the 2,048 bytes of a chunk are used
    std::uint16_t begin;
    std::uint16_t end;
    std::uint8_t bytes[kChunkPayload];
    std::size_t size() const { return static_cast<std::size_t>(end - begin); }
    std::size_t room_behind() const { return kChunkPayload - end; }
    void to_the_front() { move_to(0); }
    void to_the_end() { move_to(kChunkPayload - size()); }
    void move_to(std::size_t place) {
      if (place == begin) return;
      std::memmove(bytes + place, bytes + begin, size());
      end = static_cast<std::uint16_t>(place + size());
      begin = static_cast<std::uint16_t>(place);
    }
  };
  static Chunk& chunk(ChunkPool& pool, std::uint32_t index);

  std::uint32_t head_ = ChunkPool::kNone;
  std::uint32_t tail_ = ChunkPool::kNone;
  std::uint32_t size_ = 0;
  // Where the last copy ended: a sender reads its queue from front to back.
  mutable std::uint32_t cursor_ = ChunkPool::kNone;
  mutable std::uint32_t cursor_offset_ = 0;  // of the cursor chunk's first byte
};

}  // namespace handsel::tcp
