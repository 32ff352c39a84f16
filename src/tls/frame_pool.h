#pragma once
/// Memory for handshakes in progress, from one allocation made at start. Owned by one worker.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/limits.h"

namespace handsel::tls {

/// Blocks that each hold one handshake (its coroutines' frames, its state, a short message in pieces), and a few long
/// buffers for messages in pieces that do not fit in a block.
class FramePool {
 public:
  /// `handshakes`: how many may be in progress at once. `long_messages`: how many of them may be gathering a message
  /// longer than limits::kHandshakeAssemblyBytes that came in pieces, or hold more than that unread.
  FramePool(std::uint32_t handshakes, std::uint32_t long_messages);
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;

  /// limits::kHandshakeBlockBytes aligned to 64, or nullptr when all are taken. What it holds is the owner's to wipe.
  void* take_block() { return take(blocks_); }
  void give_block(void* block) { give(blocks_, block); }
  /// limits::kLongMessageBytes, or an empty view when all are taken.
  MutableBytes take_long();
  void give_long(MutableBytes buffer) { give(longs_, buffer.data()); }

  std::uint32_t blocks_taken() const { return blocks_.taken; }
  std::uint32_t longs_taken() const { return longs_.taken; }
  std::uint32_t blocks() const { return blocks_.capacity; }

 private:
  struct Freer {
    void operator()(std::uint8_t* memory) const;
  };
  struct Class {
    std::unique_ptr<std::uint8_t[], Freer> memory;
    void* free_head = nullptr;  // a free piece starts with the pointer to the next one
    std::uint32_t taken = 0;
    std::uint32_t capacity = 0;
  };
  static Class make(std::uint32_t capacity, std::size_t piece_bytes);
  static void* take(Class& pieces);
  static void give(Class& pieces, void* piece);

  Class blocks_;
  Class longs_;
};

}  // namespace handsel::tls
