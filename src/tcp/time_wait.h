#pragma once
/// TIME-WAIT without the connection: what must be remembered for two maximum segment lifetimes, in 48 bytes.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "tcp/connection.h"

namespace handsel::tcp {

/// A bounded table, allocated at start. A tuple is known by 64 bits: `tuple` is everywhere a keyed hash of it, under
/// one key for the table's life, so that strangers cannot make two of them meet. All entries live equally long, so the
/// oldest is always first in line; a full table forgets the oldest (counted). To find that a tuple is not here, as for
/// every SYN of a new connection, costs one cache line. Owned by one thread.
class TimeWaitTable {
 public:
  /// `life` is 2 MSL.
  TimeWaitTable(std::uint32_t capacity, Duration life);

  /// What became of a segment whose tuple may be waiting here.
  struct Verdict {
    bool found = false;
    bool reopen = false;                   ///< a new incarnation may begin (RFC 6191): the entry is gone
    wire::SeqNum iss_above;                ///< with reopen: the new ISS must lie behind this one
    std::optional<wire::TcpHeader> reply;  ///< to be sent, ports swapped
    std::optional<Drop> dropped;
  };

  /// Asks for the line that a segment of this tuple will need.
  void prefetch(std::uint64_t tuple) const { __builtin_prefetch(&buckets_[tuple & (bucket_count_ - 1)]); }
  /// Takes over from a connection in time_wait, which may then be destroyed.
  void insert(std::uint64_t tuple, const Connection& connection, Instant now);
  Verdict on_segment(std::uint64_t tuple, const wire::TcpHeader& header, std::size_t payload_bytes, Instant now);
  /// Whether a new connection of ours may have `tuple`. It may when nothing waits there, or when every segment of the
  /// new one will have a later timestamp than any of the old: that had timestamps, and has waited a second (RFC 6191
  /// 2). Then the entry goes, and `iss_above` of the verdict says what the new ISS must lie behind.
  Verdict reuse(std::uint64_t tuple, Instant now);
  /// Forgets what has waited long enough.
  void expire(Instant now);
  Instant next_deadline() const;

  std::uint32_t size() const { return size_; }
  std::uint32_t capacity() const { return capacity_; }
  std::uint64_t evictions() const { return evictions_; }
  /// With a capacity that is a power of two; just above one it is 8 more.
  static constexpr std::size_t bytes_per_entry();

 private:
  static constexpr std::uint32_t kNone = ~0u;
  struct Entry {
    std::uint64_t tuple;
    wire::SeqNum snd_nxt;
    wire::SeqNum rcv_nxt;
    std::uint32_t ts_recent;
    std::uint32_t ts_offset;
    std::uint32_t expires_ms;  // modulo 2^32, as all millisecond stamps
    std::uint32_t older;       // the line, and the free list
    std::uint32_t younger;
    std::uint16_t window;
    bool timestamps;
    std::uint8_t challenges;  // answers left to be given: a peer that keeps asking is not kept talking
  };

  // A line of words, each an entry's index below some bits of its tuple. What finds no room goes into one of the next.
  static constexpr std::uint32_t kWords = 15;
  static constexpr std::uint32_t kMeanWords = 8;  // in a full table, at most
  static constexpr std::uint32_t kReach = 8;      // lines that a tuple may stand in
  struct alignas(64) Bucket {
    std::array<std::uint32_t, kWords> word;
    std::uint32_t elsewhere;  // entries that belong here and stand in a later one
  };

  static std::uint32_t ms(Instant at) { return static_cast<std::uint32_t>(at.time_since_epoch().count() / 1'000'000); }
  static std::uint32_t matches(const Bucket& bucket, std::uint32_t mask, std::uint32_t word);
  Bucket& bucket(std::uint64_t tuple, std::uint32_t step) { return buckets_[(tuple + step) & (bucket_count_ - 1)]; }
  std::uint32_t word_of(std::uint64_t tuple, std::uint32_t index) const {
    return static_cast<std::uint32_t>(tuple >> 32) << index_bits_ | index;
  }
  std::uint32_t find(std::uint64_t tuple);
  bool place(std::uint64_t tuple, std::uint32_t index);
  void displace(std::uint64_t tuple, std::uint32_t index);
  void append_to_line(std::uint32_t index, Instant now);
  void take_from_line(std::uint32_t index);
  void remove(std::uint32_t index);
  static wire::TcpHeader answer(const Entry& entry, const wire::TcpHeader& header, Instant now);

  std::uint32_t life_ms_;
  std::uint32_t capacity_;
  std::uint32_t bucket_count_;  // a power of two
  int index_bits_;              // the capacity's: no index is all ones in them, so that no word is kNone
  std::unique_ptr<Entry[]> entries_;
  std::unique_ptr<Bucket[]> buckets_;
  std::uint32_t free_ = 0;
  std::uint32_t oldest_ = kNone;
  std::uint32_t youngest_ = kNone;
  std::uint32_t size_ = 0;
  Instant oldest_expires_ = kNever;
  std::uint64_t evictions_ = 0;
};

constexpr std::size_t TimeWaitTable::bytes_per_entry() { return sizeof(Entry) + sizeof(Bucket) / kMeanWords; }

}  // namespace handsel::tcp
