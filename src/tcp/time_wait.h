#pragma once
/// TIME-WAIT without the connection: what must be remembered for two maximum segment lifetimes, in 52 bytes.

#include <cstdint>
#include <memory>
#include <optional>

#include "tcp/connection.h"
#include "tcp/isn.h"

namespace handsel::tcp {

/// A bounded table by tuple, allocated at start. All entries live equally long, so the oldest is always first in line;
/// a full table forgets the oldest (counted). Owned by one thread.
class TimeWaitTable {
 public:
  /// `life` is 2 MSL. The tuple is kept as a 64-bit SipHash under `key`: strangers cannot make two of them meet.
  TimeWaitTable(std::uint32_t capacity, const SipKey& key, Duration life);

  /// What became of a segment whose tuple may be waiting here.
  struct Verdict {
    bool found = false;
    bool reopen = false;                   ///< a new incarnation may begin (RFC 6191): the entry is gone
    wire::SeqNum iss_above;                ///< with reopen: the new ISS must lie behind this one
    std::optional<wire::TcpHeader> reply;  ///< to be sent, ports swapped
    std::optional<Drop> dropped;
  };

  /// Takes over from a connection in time_wait, which may then be destroyed.
  void insert(const Tuple& tuple, const Connection& connection, Instant now);
  Verdict on_segment(const Tuple& tuple, const wire::TcpHeader& header, std::size_t payload_bytes, Instant now);
  /// Whether a new connection of ours may have `tuple`. It may when nothing waits there, or when every segment of the
  /// new one will have a later timestamp than any of the old: that had timestamps, and has waited a second (RFC 6191
  /// 2). Then the entry goes, and `iss_above` of the verdict says what the new ISS must lie behind.
  Verdict reuse(const Tuple& tuple, Instant now);
  /// Forgets what has waited long enough.
  void expire(Instant now);
  Instant next_deadline() const;

  std::uint32_t size() const { return size_; }
  std::uint32_t capacity() const { return capacity_; }
  std::uint64_t evictions() const { return evictions_; }
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
    std::uint32_t chain;  // next in the bucket
    std::uint16_t window;
    bool timestamps;
    std::uint8_t challenges;  // answers left to be given: a peer that keeps asking is not kept talking
  };

  static std::uint32_t ms(Instant at) { return static_cast<std::uint32_t>(at.time_since_epoch().count() / 1'000'000); }
  std::uint64_t fingerprint(const Tuple& tuple) const { return tuple_hash(key_, kForTimeWait, tuple); }
  std::uint32_t& bucket(std::uint64_t tuple) { return buckets_[tuple & (bucket_count_ - 1)]; }
  std::uint32_t find(std::uint64_t tuple);
  void append_to_line(std::uint32_t index, Instant now);
  void take_from_line(std::uint32_t index);
  void remove(std::uint32_t index);
  static wire::TcpHeader answer(const Entry& entry, const wire::TcpHeader& header, Instant now);

  static constexpr std::uint8_t kForTimeWait = 6;
  SipKey key_;
  std::uint32_t life_ms_;
  std::uint32_t capacity_;
  std::uint32_t bucket_count_;
  std::unique_ptr<Entry[]> entries_;
  std::unique_ptr<std::uint32_t[]> buckets_;
  std::uint32_t free_ = 0;
  std::uint32_t oldest_ = kNone;
  std::uint32_t youngest_ = kNone;
  std::uint32_t size_ = 0;
  Instant oldest_expires_ = kNever;
  std::uint64_t evictions_ = 0;
};

constexpr std::size_t TimeWaitTable::bytes_per_entry() { return sizeof(Entry) + sizeof(std::uint32_t); }

}  // namespace handsel::tcp
