#include "tcp/reassembly.h"

#include <algorithm>

namespace handsel::tcp {

using wire::SackBlock;
using wire::SeqNum;

std::size_t Reassembly::first_ending_at_or_behind(const Root& root, SeqNum seq) {
  const Range* const end = root.range + root.count;
  return static_cast<std::size_t>(
      std::partition_point(root.range, end, [seq](const Range& range) { return range.right() < seq; }) - root.range);
}

void Reassembly::remove(Root& root, std::size_t at) {
  std::move(root.range + at + 1, root.range + root.count, root.range + at);
  --root.count;
}

/// `data` touches no byte of any island; the island at `at` is the first that ends at `seq` or behind it.
Reassembly::Insert Reassembly::fill_gap(ChunkPool& pool, Root& root, std::size_t at, SeqNum seq, Bytes data) {
  const SeqNum end = seq + static_cast<std::uint32_t>(data.size());
  Range* const here = root.range + at;
  if (at < root.count && here->right() == seq) {  // continues the island on its left
    if (pool.available() < ByteQueue::chunks_for(data.size())) return Insert::no_buffer;
    here->queue.append(pool, data);
    here->touched = ++root.clock;
    if (at + 1 < root.count && here[1].left == end) {
      here->queue.splice(pool, here[1].queue);
      remove(root, at + 1);
    }
  } else if (at < root.count && here->left == end) {  // precedes the island on its right
    if (!here->queue.prepend(pool, data)) return Insert::no_buffer;
    here->left = seq;
    here->touched = ++root.clock;
  } else {
    if (root.count == limits::kMaxReassemblyRanges) return Insert::too_many;
    if (pool.available() < ByteQueue::chunks_for(data.size())) return Insert::no_buffer;
    std::move_backward(here, root.range + root.count, root.range + root.count + 1);
    ++root.count;
    *here = {.left = seq, .queue = {}, .touched = ++root.clock};
    here->queue.append(pool, data);
  }
  root.bytes += static_cast<std::uint32_t>(data.size());
  return Insert::taken;
}

Reassembly::Insert Reassembly::insert(ChunkPool& pool, SeqNum seq, Bytes data, SackBlock& duplicate) {
  duplicate = {seq, seq};
  if (empty()) {
    if (pool.available() < 1 + ByteQueue::chunks_for(data.size())) return Insert::no_buffer;
    root_ = pool.take();
    root(pool).count = root(pool).bytes = root(pool).clock = 0;
  }
  Root& all = root(pool);
  const SeqNum end = seq + static_cast<std::uint32_t>(data.size());
  Insert result = Insert::duplicate;
  SeqNum cursor = seq;
  while (cursor < end) {
    const std::size_t at = first_ending_at_or_behind(all, cursor);
    // The next island that stands in the way: one that merely ends where we begin does not.
    const std::size_t next = at < all.count && all.range[at].right() == cursor ? at + 1 : at;
    if (next < all.count && all.range[next].left <= cursor) {
      const SeqNum covered = earlier_of(all.range[next].right(), end);
      if (duplicate.left == duplicate.right) duplicate = {cursor, covered};
      all.range[next].touched = ++all.clock;
      cursor = covered;
      continue;
    }
    const SeqNum stop = next < all.count ? earlier_of(all.range[next].left, end) : end;
    const auto piece = data.subspan(static_cast<std::size_t>(cursor - seq), static_cast<std::size_t>(stop - cursor));
    const Insert outcome = fill_gap(pool, all, at, cursor, piece);
    if (outcome != Insert::taken) {
      if (all.count == 0) clear(pool);
      return outcome;
    }
    result = Insert::taken;
    cursor = stop;
  }
  return result;
}

SeqNum Reassembly::drain(ChunkPool& pool, SeqNum rcv_nxt, ByteQueue& queue) {
  if (empty()) return rcv_nxt;
  Root& all = root(pool);
  while (all.count != 0 && all.range[0].left <= rcv_nxt) {
    Range& first = all.range[0];
    all.bytes -= first.queue.size();
    if (first.right() > rcv_nxt) {
      first.queue.drop(pool, static_cast<std::size_t>(rcv_nxt - first.left));
      rcv_nxt += first.queue.size();
      queue.splice(pool, first.queue);
    } else {
      first.queue.clear(pool);
    }
    remove(all, 0);
  }
  if (all.count == 0) clear(pool);
  return rcv_nxt;
}

std::uint8_t Reassembly::sack_blocks(ChunkPool& pool, SackBlock* out, std::uint8_t room) const {
  if (empty()) return 0;
  const Root& all = root(pool);
  std::uint8_t written = 0;
  std::uint32_t below = ~0u;
  while (written < room && written < all.count) {
    const Range* latest = nullptr;
    for (std::uint32_t i = 0; i < all.count; ++i) {
      const Range& range = all.range[i];
      if (range.touched < below && (latest == nullptr || range.touched > latest->touched)) latest = &range;
    }
    if (latest == nullptr) break;
    below = latest->touched;
    out[written++] = {latest->left, latest->right()};
  }
  return written;
}

SackBlock Reassembly::island_of(ChunkPool& pool, SeqNum seq) const {
  if (!empty()) {
    const Root& all = root(pool);
    const std::size_t at = first_ending_at_or_behind(all, seq + 1);
    if (at < all.count && all.range[at].left <= seq) return {all.range[at].left, all.range[at].right()};
  }
  return {seq, seq};
}

void Reassembly::clear(ChunkPool& pool) {
  if (empty()) return;
  Root& all = root(pool);
  for (std::uint32_t i = 0; i < all.count; ++i) all.range[i].queue.clear(pool);
  pool.give_back(root_);
  root_ = ChunkPool::kNone;
}

}  // namespace handsel::tcp
