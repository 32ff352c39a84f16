#include "tcp/byte_queue.h"

#include <algorithm>
#include <cassert>

#include "base/secret.h"

namespace handsel::tcp {

ByteQueue::Chunk& ByteQueue::chunk(ChunkPool& pool, std::uint32_t index) {
  static_assert(sizeof(Chunk) == ChunkPool::kChunkBytes);
  return *reinterpret_cast<Chunk*>(pool.bytes(index).data());
}

std::size_t ByteQueue::append(ChunkPool& pool, Bytes bytes, std::uint32_t spare) {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    if (tail_ == ChunkPool::kNone || chunk(pool, tail_).room_behind() == 0) {
      if (pool.available() <= spare) break;
      const std::uint32_t fresh = pool.take();
      if (fresh == ChunkPool::kNone) break;
      chunk(pool, fresh).begin = chunk(pool, fresh).end = 0;
      (tail_ == ChunkPool::kNone ? head_ : pool.next(tail_)) = fresh;
      tail_ = fresh;
    }
    Chunk& into = chunk(pool, tail_);
    const std::size_t count = std::min(into.room_behind(), bytes.size() - taken);
    std::memcpy(into.bytes + into.end, bytes.data() + taken, count);
    into.end = static_cast<std::uint16_t>(into.end + count);
    taken += count;
  }
  size_ += static_cast<std::uint32_t>(taken);
  return taken;
}

bool ByteQueue::prepend(ChunkPool& pool, Bytes bytes) {
  const std::size_t front_room = head_ == ChunkPool::kNone ? 0 : kChunkPayload - chunk(pool, head_).size();
  if (bytes.size() > front_room && pool.available() < chunks_for(bytes.size() - front_room)) return false;
  cursor_ = ChunkPool::kNone;
  size_ += static_cast<std::uint32_t>(bytes.size());
  if (head_ != ChunkPool::kNone) chunk(pool, head_).to_the_end();
  while (!bytes.empty()) {
    if (head_ == ChunkPool::kNone || chunk(pool, head_).begin == 0) {
      const std::uint32_t fresh = pool.take();
      // Filled from its end, so that what comes before still fits in front.
      chunk(pool, fresh).begin = chunk(pool, fresh).end = kChunkPayload;
      pool.next(fresh) = head_;
      if (tail_ == ChunkPool::kNone) tail_ = fresh;
      head_ = fresh;
    }
    Chunk& into = chunk(pool, head_);
    const std::size_t count = std::min<std::size_t>(into.begin, bytes.size());
    into.begin = static_cast<std::uint16_t>(into.begin - count);
    std::memcpy(into.bytes + into.begin, bytes.data() + bytes.size() - count, count);
    bytes = bytes.first(bytes.size() - count);
  }
  return true;
}

void ByteQueue::splice(ChunkPool& pool, ByteQueue& behind) {
  if (behind.empty()) return;
  if (empty()) {
    *this = behind;
    behind = {};
    return;
  }
  Chunk& last = chunk(pool, tail_);
  std::uint32_t rest = behind.head_;
  // As many as fit: islands of a few bytes, put together, would else stay a chunk each.
  while (rest != ChunkPool::kNone && last.size() + chunk(pool, rest).size() <= kChunkPayload) {
    const Chunk& first = chunk(pool, rest);
    if (first.size() > last.room_behind()) last.to_the_front();
    std::memcpy(last.bytes + last.end, first.bytes + first.begin, first.size());
    last.end = static_cast<std::uint16_t>(last.end + first.size());
    const std::uint32_t next = pool.next(rest);
    pool.give_back(rest);
    rest = next;
  }
  if (rest != ChunkPool::kNone) {
    pool.next(tail_) = rest;
    tail_ = behind.tail_;
  }
  size_ += behind.size_;
  behind = {};
}

Bytes ByteQueue::front(ChunkPool& pool) const {
  if (head_ == ChunkPool::kNone) return {};
  const Chunk& first = chunk(pool, head_);
  return {first.bytes + first.begin, first.size()};
}

std::size_t ByteQueue::copy(ChunkPool& pool, std::size_t offset, MutableBytes out) const {
  if (offset >= size_) return 0;
  const std::size_t wanted = std::min(out.size(), size_ - offset);
  if (cursor_ == ChunkPool::kNone || cursor_offset_ > offset) {
    cursor_ = head_;
    cursor_offset_ = 0;
  }
  std::size_t done = 0;
  while (done < wanted) {
    const Chunk& from = chunk(pool, cursor_);
    const std::size_t skip = offset + done - cursor_offset_;
    if (skip >= from.size()) {
      cursor_offset_ += static_cast<std::uint32_t>(from.size());
      cursor_ = pool.next(cursor_);
      continue;
    }
    const std::size_t count = std::min(from.size() - skip, wanted - done);
    std::memcpy(out.data() + done, from.bytes + from.begin + skip, count);
    done += count;
  }
  return wanted;
}

void ByteQueue::drop(ChunkPool& pool, std::size_t count) {
  assert(count <= size_);
  size_ -= static_cast<std::uint32_t>(count);
  std::size_t rest = count;
  while (head_ != ChunkPool::kNone) {
    Chunk& first = chunk(pool, head_);
    if (rest < first.size()) {
      first.begin = static_cast<std::uint16_t>(first.begin + rest);
      break;
    }
    rest -= first.size();
    if (cursor_ == head_) cursor_ = ChunkPool::kNone;
    const std::uint32_t next = pool.next(head_);
    pool.give_back(head_);
    head_ = next;
  }
  if (head_ == ChunkPool::kNone) tail_ = ChunkPool::kNone;
  if (cursor_ == head_)
    cursor_offset_ = 0;
  else
    cursor_offset_ -= static_cast<std::uint32_t>(count);
}

void ByteQueue::clear(ChunkPool& pool) {
  while (head_ != ChunkPool::kNone) {
    Chunk& first = chunk(pool, head_);
    secure_wipe(first.bytes + first.begin, first.size());
    const std::uint32_t next = pool.next(head_);
    pool.give_back(head_);
    head_ = next;
  }
  *this = {};
}

}  // namespace handsel::tcp
