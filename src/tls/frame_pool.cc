#include "tls/frame_pool.h"

#include <cstring>
#include <new>

namespace handsel::tls {

static_assert(limits::kHandshakeBlockBytes % 64 == 0 && limits::kLongMessageBytes % 64 == 0);

FramePool::FramePool(std::uint32_t handshakes, std::uint32_t long_messages)
    : blocks_(make(handshakes, limits::kHandshakeBlockBytes)), longs_(make(long_messages, limits::kLongMessageBytes)) {}

MutableBytes FramePool::take_long() {
  void* piece = take(longs_);
  if (piece == nullptr) return {};
  return {static_cast<std::uint8_t*>(piece), limits::kLongMessageBytes};
}

void FramePool::Freer::operator()(std::uint8_t* memory) const { ::operator delete[](memory, std::align_val_t{64}); }

FramePool::Class FramePool::make(std::uint32_t capacity, std::size_t piece_bytes) {
  Class pieces;
  pieces.capacity = capacity;
  if (capacity == 0) return pieces;
  pieces.memory.reset(
      static_cast<std::uint8_t*>(::operator new[](std::size_t{capacity} * piece_bytes, std::align_val_t{64})));
  for (std::uint32_t i = capacity; i-- > 0;) {
    std::uint8_t* piece = pieces.memory.get() + std::size_t{i} * piece_bytes;
    std::memcpy(piece, &pieces.free_head, sizeof pieces.free_head);
    pieces.free_head = piece;
  }
  return pieces;
}

void* FramePool::take(Class& pieces) {
  void* piece = pieces.free_head;
  if (piece == nullptr) return nullptr;
  std::memcpy(&pieces.free_head, piece, sizeof pieces.free_head);
  ++pieces.taken;
  return piece;
}

void FramePool::give(Class& pieces, void* piece) {
  std::memcpy(piece, &pieces.free_head, sizeof pieces.free_head);
  pieces.free_head = piece;
  --pieces.taken;
}

}  // namespace handsel::tls
