#include "tcp/scoreboard.h"

#include <algorithm>
#include <new>

namespace handsel::tcp {

using wire::SackBlock;
using wire::SeqNum;

namespace {

bool sent_after(std::uint32_t a_us, SeqNum a_end, std::uint32_t b_us, SeqNum b_end) {
  const auto apart = static_cast<std::int32_t>(a_us - b_us);
  return apart > 0 || (apart == 0 && a_end > b_end);
}

}  // namespace

void Scoreboard::link(ChunkPool& pool, Flight::List& list, RecordRef ref) {
  TxRecord& entry = record(pool, ref);
  entry.previous = list.last;
  entry.next = kNoRecord;
  (list.last == kNoRecord ? list.first : record(pool, list.last).next) = ref;
  list.last = ref;
}

/// Out of whichever list it stands in; a SACKed record stands in none.
void Scoreboard::unlink(ChunkPool& pool, RecordRef ref) {
  TxRecord& entry = record(pool, ref);
  if (entry.is(TxRecord::kSacked)) return;
  Flight& all = flight(pool);
  Flight::List& list = entry.is(TxRecord::kLost) ? all.lost : all.in_flight;
  (entry.is(TxRecord::kLost) ? all.lost_bytes : all.in_flight_bytes) -= entry.length;
  (entry.previous == kNoRecord ? list.first : record(pool, entry.previous).next) = entry.next;
  (entry.next == kNoRecord ? list.last : record(pool, entry.next).previous) = entry.previous;
}

bool Scoreboard::append(ChunkPool& pool, SeqNum begin, std::uint16_t length, std::uint32_t now_us) {
  if (empty()) {
    const std::uint32_t fresh = pool.take();
    if (fresh == ChunkPool::kNone) return false;
    root_ = fresh;
    Flight& all = *::new (pool.bytes(fresh).data()) Flight;
    all.head_chunk = all.tail_chunk = fresh;
    all.head_slot = all.tail_slot = kRootSlot;
  }
  Flight& all = flight(pool);
  if (all.tail_slot == kSlots) {
    const std::uint32_t fresh = pool.take();
    if (fresh == ChunkPool::kNone) return false;
    pool.next(all.tail_chunk) = fresh;
    all.tail_chunk = fresh;
    all.tail_slot = 0;
  }
  const RecordRef ref = all.tail_chunk << kSlotBits | all.tail_slot++;
  record(pool, ref) = {.begin = begin, .length = length, .sent_us = now_us};
  ++all.count;
  all.in_flight_bytes += length;
  link(pool, all.in_flight, ref);
  return true;
}

void Scoreboard::retransmitted(ChunkPool& pool, RecordRef ref, std::uint32_t now_us) {
  unlink(pool, ref);
  TxRecord& entry = record(pool, ref);
  Flight& all = flight(pool);
  if (entry.is(TxRecord::kSacked)) {  // a probe repeats the head or the tail whatever is known of it
    all.sacked_bytes -= entry.length;
    --all.sacked_records;
  }
  entry.flags = TxRecord::kRetransmitted;
  entry.sent_us = now_us;
  all.in_flight_bytes += entry.length;
  link(pool, all.in_flight, ref);
}

/// RFC 8985 6.2, steps 2 and 3, for one segment now known to be delivered.
void Scoreboard::note_delivery(Flight& all, const TxRecord& entry, AckSample& sample) {
  const bool sent_once = !entry.is(TxRecord::kRetransmitted);
  if (sent_once && (!sample.has_rtt || entry.begin < sample.first_sent_once)) sample.first_sent_once = entry.begin;
  if (sent_once && (!sample.has_rtt || static_cast<std::int32_t>(entry.sent_us - sample.rtt_sent_us) > 0)) {
    sample.has_rtt = true;
    sample.rtt_sent_us = entry.sent_us;
  }
  if (!sample.has_newest || sent_after(entry.sent_us, entry.end(), sample.newest.sent_us, sample.newest.end())) {
    sample.has_newest = true;
    sample.newest = entry;
  }
  if (!all.forward_ack_valid || entry.end() > all.forward_ack) {
    all.forward_ack = entry.end();
    all.forward_ack_valid = true;
  } else if (sent_once && entry.end() < all.forward_ack) {
    sample.reordered = true;
  }
}

void Scoreboard::acknowledge(ChunkPool& pool, SeqNum una, AckSample& sample) {
  Flight& all = flight(pool);
  while (all.count != 0) {
    const RecordRef ref = all.head_chunk << kSlotBits | all.head_slot;
    TxRecord& entry = record(pool, ref);
    if (entry.begin >= una) break;
    if (entry.end() > una) {  // acknowledged in part: the rest stays what it is
      const auto gone = static_cast<std::uint16_t>(una - entry.begin);
      if (entry.is(TxRecord::kSacked)) {
        all.sacked_bytes -= gone;
      } else {
        (entry.is(TxRecord::kLost) ? all.lost_bytes : all.in_flight_bytes) -= gone;
        sample.acked_bytes += gone;
      }
      entry.begin = una;
      entry.length = static_cast<std::uint16_t>(entry.length - gone);
      break;
    }
    if (entry.is(TxRecord::kSacked)) {
      all.sacked_bytes -= entry.length;
      --all.sacked_records;
    } else {
      sample.acked_bytes += entry.length;
      note_delivery(all, entry, sample);
      unlink(pool, ref);
    }
    ++sample.acked_records;
    --all.count;
    if (++all.head_slot == kSlots && all.count != 0) {
      const std::uint32_t spent = all.head_chunk;
      all.head_chunk = pool.next(spent);
      all.head_slot = 0;
      if (spent != root_) pool.give_back(spent);
      // The root keeps the Flight; its link follows the head so that the chain can be given back.
      pool.next(root_) = all.head_chunk;
    }
  }
}

void Scoreboard::clear(ChunkPool& pool) {
  if (empty()) return;
  std::uint32_t chunk = root_;
  const std::uint32_t last = flight(pool).tail_chunk;
  while (true) {
    const std::uint32_t next = pool.next(chunk);
    const bool done = chunk == last;
    pool.give_back(chunk);
    if (done) break;
    chunk = next;
  }
  root_ = ChunkPool::kNone;
}

RecordRef Scoreboard::first(ChunkPool& pool) const {
  if (empty() || flight(pool).count == 0) return kNoRecord;
  return flight(pool).head_chunk << kSlotBits | flight(pool).head_slot;
}

RecordRef Scoreboard::last(ChunkPool& pool) const {
  if (empty() || flight(pool).count == 0) return kNoRecord;
  return flight(pool).tail_chunk << kSlotBits | static_cast<std::uint32_t>(flight(pool).tail_slot - 1);
}

RecordRef Scoreboard::after(ChunkPool& pool, RecordRef ref) const {
  if (ref == last(pool)) return kNoRecord;
  const std::uint32_t chunk = ref >> kSlotBits;
  if ((ref & kSlotMask) + 1 < kSlots) return ref + 1;
  return pool.next(chunk) << kSlotBits;
}

/// The first record that ends behind `seq`; kNoRecord when none does.
RecordRef Scoreboard::find(ChunkPool& pool, SeqNum seq) const {
  const Flight& all = flight(pool);
  if (all.count == 0) return kNoRecord;
  std::uint32_t chunk = all.head_chunk;
  std::uint32_t low = all.head_slot;
  while (true) {
    const std::uint32_t high = chunk == all.tail_chunk ? all.tail_slot : kSlots;
    if (record(pool, chunk << kSlotBits | (high - 1)).end() > seq) {
      const TxRecord* const slots = &record(pool, chunk << kSlotBits);
      const TxRecord* const found =
          std::partition_point(slots + low, slots + high, [seq](const TxRecord& entry) { return entry.end() <= seq; });
      return chunk << kSlotBits | static_cast<std::uint32_t>(found - slots);
    }
    if (chunk == all.tail_chunk) return kNoRecord;
    chunk = pool.next(chunk);
    low = 0;
  }
}

/// The last record of the run of SACKed ones that `from` begins, as far as is known. The shortcuts of all that are
/// passed then lead there, so that a peer who names the same ground again and again makes nobody walk it again
/// (CVE-2019-11477 and kin). They never lead past a record that is not SACKed: only a timeout takes SACKs back, all of
/// them.
RecordRef Scoreboard::end_of_run(ChunkPool& pool, RecordRef from) {
  RecordRef last = from;
  while (true) {
    const RecordRef further = record(pool, last).next;
    if (further != kNoRecord) {
      last = further;
      continue;
    }
    const RecordRef beside = after(pool, last);
    if (beside == kNoRecord || !record(pool, beside).is(TxRecord::kSacked)) break;
    last = beside;
  }
  for (RecordRef ref = from; ref != last;) {
    TxRecord& entry = record(pool, ref);
    const RecordRef step = entry.next != kNoRecord ? entry.next : after(pool, ref);
    entry.next = last;
    ref = step;
  }
  return last;
}

void Scoreboard::sack_range(ChunkPool& pool, SeqNum left, SeqNum right, AckSample& sample) {
  Flight& all = flight(pool);
  for (RecordRef ref = find(pool, left); ref != kNoRecord; ref = after(pool, ref)) {
    TxRecord& entry = record(pool, ref);
    if (entry.end() > right) break;
    if (entry.begin < left) continue;
    if (entry.is(TxRecord::kSacked)) {
      ref = end_of_run(pool, ref);
      continue;
    }
    note_delivery(all, entry, sample);
    unlink(pool, ref);
    entry.flags = static_cast<std::uint8_t>((entry.flags & ~TxRecord::kLost) | TxRecord::kSacked);
    entry.next = kNoRecord;
    all.sacked_bytes += entry.length;
    ++all.sacked_records;
    sample.sacked_bytes += entry.length;
  }
}

void Scoreboard::sack(ChunkPool& pool, const wire::TcpOptions& options, std::uint8_t first_block, SeqNum una,
                      SeqNum nxt, AckSample& sample) {
  Flight& all = flight(pool);
  const auto seen = all.seen;
  const std::uint8_t seen_count = all.seen_count;
  all.seen_count = 0;
  for (std::uint8_t i = first_block; i < options.sack_count; ++i) {
    const SackBlock& block = options.sack[i];
    if (block.left >= block.right || block.left < una || block.right > nxt) continue;
    all.seen[all.seen_count++] = block;
    // What the last acknowledgement's block already covered is skipped; a record cut by that block's edge is looked at.
    SeqNum left = block.left;
    SeqNum right = block.right;
    bool known = false;
    for (std::uint8_t j = 0; j < seen_count; ++j) {
      const SackBlock& old = seen[j];
      if (old.left <= left && right <= old.right) known = true;
      if (old.left <= left && left < old.right && old.right < right) {  // grew to the right: the usual case
        const RecordRef edge = find(pool, old.right - 1);
        left = edge == kNoRecord ? old.right : later_of(left, record(pool, edge).begin);
      } else if (old.right >= right && left < old.left && old.left < right) {  // grew to the left
        const RecordRef edge = find(pool, old.left);
        right = edge == kNoRecord ? right : earlier_of(right, record(pool, edge).end());
      }
    }
    if (!known) sack_range(pool, left, right, sample);
  }
}

void Scoreboard::mark_lost(ChunkPool& pool, RecordRef ref) {
  TxRecord& entry = record(pool, ref);
  if (entry.is(TxRecord::kSacked) || entry.is(TxRecord::kLost)) return;
  unlink(pool, ref);
  entry.flags |= TxRecord::kLost;
  Flight& all = flight(pool);
  all.lost_bytes += entry.length;
  link(pool, all.lost, ref);
}

void Scoreboard::mark_all_lost(ChunkPool& pool) {
  Flight& all = flight(pool);
  all.in_flight = all.lost = {};
  all.in_flight_bytes = all.lost_bytes = 0;
  for (RecordRef ref = first(pool); ref != kNoRecord; ref = after(pool, ref)) {
    TxRecord& entry = record(pool, ref);
    if (entry.is(TxRecord::kSacked)) continue;
    entry.flags |= TxRecord::kLost;
    all.lost_bytes += entry.length;
    link(pool, all.lost, ref);
  }
}

/// Lost segments were sent before all that are in flight: the one list goes in front of the other.
void Scoreboard::revive_lost(ChunkPool& pool) {
  Flight& all = flight(pool);
  if (all.lost.first == kNoRecord) return;
  for (RecordRef ref = all.lost.first; ref != kNoRecord; ref = record(pool, ref).next)
    record(pool, ref).flags = static_cast<std::uint8_t>(record(pool, ref).flags & ~TxRecord::kLost);
  record(pool, all.lost.last).next = all.in_flight.first;
  (all.in_flight.first == kNoRecord ? all.in_flight.last : record(pool, all.in_flight.first).previous) = all.lost.last;
  all.in_flight.first = all.lost.first;
  all.in_flight_bytes += all.lost_bytes;
  all.lost = {};
  all.lost_bytes = 0;
}

void Scoreboard::forget_sacks(ChunkPool& pool) {
  Flight& all = flight(pool);
  for (RecordRef ref = first(pool); ref != kNoRecord; ref = after(pool, ref)) {
    TxRecord& entry = record(pool, ref);
    if (!entry.is(TxRecord::kSacked)) continue;
    entry.flags = TxRecord::kRetransmitted | TxRecord::kLost;
    all.lost_bytes += entry.length;
    link(pool, all.lost, ref);
  }
  all.sacked_bytes = all.sacked_records = all.seen_count = 0;
}

bool Scoreboard::recut(ChunkPool& pool, SeqNum nxt, std::uint16_t bytes, std::uint32_t now_us) {
  if (empty() || flight(pool).count == 0) return true;
  const SeqNum una = record(pool, first(pool)).begin;
  const auto length = static_cast<std::uint32_t>(nxt - una);
  const std::uint32_t records = length / bytes + 1;
  if (pool.available() < records / kSlots + 2) return false;
  Scoreboard fresh;
  for (SeqNum at = una; at < nxt; at += bytes) {
    const auto piece = static_cast<std::uint16_t>(std::min<std::uint32_t>(bytes, static_cast<std::uint32_t>(nxt - at)));
    fresh.append(pool, at, piece, now_us);
  }
  const Flight& old = flight(pool);
  Flight& cut = fresh.flight(pool);
  cut.prr_delivered = old.prr_delivered;
  cut.prr_out = old.prr_out;
  cut.prr_flight = old.prr_flight;
  clear(pool);
  *this = fresh;
  for (RecordRef ref = first(pool); ref != kNoRecord; ref = after(pool, ref))
    record(pool, ref).flags |= TxRecord::kRetransmitted;  // Karn: no sample from these
  mark_all_lost(pool);
  return true;
}

}  // namespace handsel::tcp
