#pragma once
/// What is in flight: one record a segment sent and not yet acknowledged, with its fate (RFC 6675, RFC 8985).

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/chunk_pool.h"
#include "base/time.h"
#include "tcp/congestion.h"
#include "tcp/hystart.h"
#include "wire/tcp.h"

namespace handsel::tcp {

/// Names a record: its chunk and its place in it.
using RecordRef = std::uint32_t;
inline constexpr RecordRef kNoRecord = ~0u;

/// A segment that was sent. Times are microseconds of the Timeline, modulo 2^32.
struct TxRecord {
  enum Flag : std::uint8_t { kSacked = 1, kLost = 2, kRetransmitted = 4 };

  wire::SeqNum begin;
  std::uint16_t length = 0;  ///< sequence numbers: the payload, and one for a FIN
  std::uint8_t flags = 0;
  std::uint8_t padding = 0;
  std::uint32_t sent_us = 0;       ///< last transmission
  RecordRef previous = kNoRecord;  ///< neighbours in the list it stands in: in flight, or lost
  RecordRef next = kNoRecord;      ///< of a SACKed one, which stands in no list: all up to there are SACKed, too

  bool is(Flag flag) const { return (flags & flag) != 0; }
  wire::SeqNum end() const { return begin + length; }
};

/// How the connection stands with regard to loss.
enum class Recovery : std::uint8_t {
  open,     ///< nothing is known to be lost
  fast,     ///< retransmitting under PRR (RFC 6937)
  loss,     ///< after a retransmission timeout, until what was in flight then is acknowledged
  reduced,  ///< the window was cut for ECN; nothing is lost (RFC 3168 6.1.2)
};

/// State of a flight: exists only while something is in flight.
struct Flight {
  struct List {
    RecordRef first = kNoRecord;
    RecordRef last = kNoRecord;
  };
  // The records, oldest sequence number first, in a chain of chunks.
  std::uint32_t head_chunk = 0;
  std::uint32_t tail_chunk = 0;
  std::uint8_t head_slot = 0;
  std::uint8_t tail_slot = 0;  ///< first free one
  std::uint32_t count = 0;

  List in_flight;  ///< by time of transmission, oldest first: what RACK walks
  List lost;       ///< to be retransmitted, in this order
  std::uint32_t in_flight_bytes = 0;
  std::uint32_t lost_bytes = 0;
  std::uint32_t sacked_bytes = 0;
  std::uint32_t sacked_records = 0;

  // The blocks of the last acknowledgement: what they cover is not looked at again, so that SACK work is
  // proportional to what is new (CVE-2019-11477 and kin).
  std::array<wire::SackBlock, wire::TcpOptions::kMaxSackBlocks> seen{};
  std::uint8_t seen_count = 0;

  // RACK (RFC 8985 6.1): the most recently sent segment known to be delivered.
  bool rack_valid = false;
  std::uint32_t rack_sent_us = 0;
  wire::SeqNum rack_end;
  std::uint32_t rack_rtt_us = 0;
  wire::SeqNum forward_ack;  ///< highest sequence number known to be delivered
  bool forward_ack_valid = false;

  wire::SeqNum dsack_round;  ///< one D-SACK a round trip widens the reordering window
  bool dsack_round_valid = false;

  // PRR (RFC 6937) and the emulation of SACK by counting duplicate acknowledgements.
  std::uint32_t prr_delivered = 0;
  std::uint32_t prr_out = 0;
  std::uint32_t prr_flight = 0;  ///< RecoverFS
  std::uint32_t duplicate_acks = 0;

  /// What a reduction of the window may be taken back to, until it is known to have been right.
  struct Undo {
    bool armed = false;
    CongestionState before{};
    wire::SeqNum una;                   ///< where the reduction fell
    std::uint32_t first_timestamp = 0;  ///< TSval of the first retransmission since
    std::uint32_t retransmitted = 0;    ///< segments since
    std::uint32_t unaccounted = 0;      ///< of them, those that no D-SACK has reported
  };
  Undo undo;

  HyStart hystart;
  bool pace_waits = false;  ///< something would be sent, but not before pace_at
  Instant pace_at{};
};

/// What one acknowledgement brought to light.
struct AckSample {
  std::uint32_t acked_bytes = 0;   ///< newly acknowledged cumulatively and not SACKed before
  std::uint32_t sacked_bytes = 0;  ///< newly SACKed
  std::uint32_t acked_records = 0;
  bool has_rtt = false;
  std::uint32_t rtt_sent_us = 0;  ///< when the newest delivered segment that was sent only once was sent
  wire::SeqNum first_sent_once;   ///< with has_rtt: the lowest number so delivered
  bool has_newest = false;
  TxRecord newest;         ///< the delivered segment that was sent last, for RACK
  bool reordered = false;  ///< a segment sent once was delivered behind later ones
  std::uint32_t delivered() const { return acked_bytes + sacked_bytes; }
};

/// Four bytes in the connection; everything else stands in pool chunks, one while up to about 91 segments are in
/// flight. Every call names the same pool.
class Scoreboard {
 public:
  bool empty() const { return root_ == ChunkPool::kNone; }
  /// Not while empty().
  Flight& flight(ChunkPool& pool) const { return *reinterpret_cast<Flight*>(pool.bytes(root_).data()); }
  TxRecord& record(ChunkPool& pool, RecordRef ref) const {
    return reinterpret_cast<TxRecord*>(pool.bytes(ref >> kSlotBits).data())[ref & kSlotMask];
  }

  /// Notes a segment sent for the first time. False when the pool is empty: then it must not be sent.
  bool append(ChunkPool& pool, wire::SeqNum begin, std::uint16_t length, std::uint32_t now_us);
  /// Notes that a record is sent again: it is in flight once more, as the youngest.
  void retransmitted(ChunkPool& pool, RecordRef ref, std::uint32_t now_us);

  /// Takes out what lies below `una`. Call release_if_done() when the acknowledgement has been dealt with.
  void acknowledge(ChunkPool& pool, wire::SeqNum una, AckSample& sample);
  /// Marks what an acknowledgement's blocks cover; blocks outside una…nxt are ignored (RFC 2018 8 leaves it to us).
  void sack(ChunkPool& pool, const wire::TcpOptions& options, std::uint8_t first_block, wire::SeqNum una,
            wire::SeqNum nxt, AckSample& sample);
  void release_if_done(ChunkPool& pool) {
    if (!empty() && flight(pool).count == 0) clear(pool);
  }
  void clear(ChunkPool& pool);

  RecordRef first(ChunkPool& pool) const;
  RecordRef last(ChunkPool& pool) const;
  RecordRef after(ChunkPool& pool, RecordRef ref) const;

  void mark_lost(ChunkPool& pool, RecordRef ref);
  /// Everything that is not SACKed, in sequence order (RFC 6298 5.4 after a timeout).
  void mark_all_lost(ChunkPool& pool);
  /// What was taken for lost and not yet sent again counts as in flight again.
  void revive_lost(ChunkPool& pool);
  /// The receiver took back what it had SACKed (RFC 2018 8).
  void forget_sacks(ChunkPool& pool);
  /// Cuts all that is in flight anew into records of at most `bytes` and marks them lost: the path carries less than
  /// was thought (RFC 1191 6.5). False when the pool is too short; then nothing changed.
  bool recut(ChunkPool& pool, wire::SeqNum nxt, std::uint16_t bytes, std::uint32_t now_us);

 private:
  static constexpr std::uint32_t kSlotBits = 7;
  static constexpr std::uint32_t kSlotMask = (1u << kSlotBits) - 1;
  static constexpr std::uint8_t kSlots = ChunkPool::kChunkBytes / sizeof(TxRecord);
  static constexpr std::uint8_t kRootSlot = (sizeof(Flight) + sizeof(TxRecord) - 1) / sizeof(TxRecord);
  static_assert(kSlots <= kSlotMask + 1 && kRootSlot < kSlots / 4);

  std::uint8_t first_slot(std::uint32_t chunk) const { return chunk == root_ ? kRootSlot : std::uint8_t{0}; }
  RecordRef find(ChunkPool& pool, wire::SeqNum seq) const;
  RecordRef end_of_run(ChunkPool& pool, RecordRef from);
  void sack_range(ChunkPool& pool, wire::SeqNum left, wire::SeqNum right, AckSample& sample);
  void link(ChunkPool& pool, Flight::List& list, RecordRef ref);
  void unlink(ChunkPool& pool, RecordRef ref);
  static void note_delivery(Flight& flight, const TxRecord& record, AckSample& sample);

  std::uint32_t root_ = ChunkPool::kNone;
};

}  // namespace handsel::tcp
