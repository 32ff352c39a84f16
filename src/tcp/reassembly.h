#pragma once
/// Data that came out of order, kept until the hole before it is filled (RFC 9293 3.10.7.4, seventh).

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/chunk_pool.h"
#include "base/limits.h"
#include "tcp/byte_queue.h"
#include "wire/tcp.h"

namespace handsel::tcp {

/// Sorted, disjoint islands of received bytes. Costs one chunk index while there are none; with islands, one chunk for
/// the list and chunks for the bytes. Bounded by limits::kMaxReassemblyRanges and by the receive window
/// (CVE-2018-5390).
class Reassembly {
 public:
  enum class Insert : std::uint8_t { taken, duplicate, too_many, no_buffer };

  bool empty() const { return root_ == ChunkPool::kNone; }
  std::uint32_t bytes(ChunkPool& pool) const { return empty() ? 0 : root(pool).bytes; }
  std::size_t ranges(ChunkPool& pool) const { return empty() ? 0 : root(pool).count; }

  /// Keeps what is new of `data`, which begins at `seq`; what is already here stays as it came first.
  /// `duplicate` then tells the part that had come before (for D-SACK, RFC 2883), empty when there was none.
  Insert insert(ChunkPool& pool, wire::SeqNum seq, Bytes data, wire::SackBlock& duplicate);
  /// Moves all that continues from `rcv_nxt` to the end of `queue`; returns the new RCV.NXT.
  wire::SeqNum drain(ChunkPool& pool, wire::SeqNum rcv_nxt, ByteQueue& queue);
  /// At most `room` blocks, the island touched last first (RFC 2018 4); returns how many were written.
  std::uint8_t sack_blocks(ChunkPool& pool, wire::SackBlock* out, std::uint8_t room) const;
  /// The whole island that `seq` lies in; empty when none.
  wire::SackBlock island_of(ChunkPool& pool, wire::SeqNum seq) const;
  void clear(ChunkPool& pool);

 private:
  struct Range {
    wire::SeqNum left;
    ByteQueue queue;
    std::uint32_t touched;  // recency, larger is later
    wire::SeqNum right() const { return left + queue.size(); }
  };
  struct Root {
    std::uint32_t count;
    std::uint32_t bytes;
    std::uint32_t clock;
    Range range[limits::kMaxReassemblyRanges];
  };
  static_assert(sizeof(Root) <= ChunkPool::kChunkBytes);
  Root& root(ChunkPool& pool) const { return *reinterpret_cast<Root*>(pool.bytes(root_).data()); }
  static std::size_t first_ending_at_or_behind(const Root& root, wire::SeqNum seq);
  static Insert fill_gap(ChunkPool& pool, Root& root, std::size_t at, wire::SeqNum seq, Bytes data);
  static void remove(Root& root, std::size_t at);

  std::uint32_t root_ = ChunkPool::kNone;
};

}  // namespace handsel::tcp
