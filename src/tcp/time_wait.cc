#include "tcp/time_wait.h"

#include <emmintrin.h>

#include <algorithm>
#include <bit>

namespace handsel::tcp {

using wire::SeqNum;
using wire::TcpHeader;

namespace {
constexpr std::uint8_t kAnswers = 10;  // acknowledgements an entry gives in its life
}

TimeWaitTable::TimeWaitTable(std::uint32_t capacity, Duration life)
    : life_ms_(static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(life).count())),
      capacity_(capacity),
      bucket_count_(std::bit_ceil(capacity / kMeanWords + (capacity % kMeanWords == 0 && capacity != 0 ? 0 : 1))),
      index_bits_(static_cast<int>(std::bit_width(capacity))),
      entries_(new Entry[capacity]),
      buckets_(new Bucket[bucket_count_]) {
  for (std::uint32_t i = 0; i < bucket_count_; ++i) {
    buckets_[i].word.fill(kNone);
    buckets_[i].elsewhere = 0;
  }
  for (std::uint32_t i = 0; i < capacity; ++i) entries_[i].younger = i + 1 < capacity ? i + 1 : kNone;
  if (capacity == 0) free_ = kNone;
}

/// A bit for each word of the line that equals `word` in the bits of `mask`.
std::uint32_t TimeWaitTable::matches(const Bucket& bucket, std::uint32_t mask, std::uint32_t word) {
  const auto* line = reinterpret_cast<const __m128i*>(bucket.word.data());
  const __m128i masks = _mm_set1_epi32(static_cast<int>(mask)), words = _mm_set1_epi32(static_cast<int>(word));
  const auto equal = [&](int quarter) {
    return _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(line + quarter), masks), words);
  };
  const __m128i low = _mm_packs_epi32(equal(0), equal(1)), high = _mm_packs_epi32(equal(2), equal(3));
  const auto bits = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
  return bits & ((1u << kWords) - 1);  // behind the words stands `elsewhere`
}

std::uint32_t TimeWaitTable::find(std::uint64_t tuple) {
  const std::uint32_t mask = (1u << index_bits_) - 1;
  const std::uint32_t wanted = word_of(tuple, 0);
  const std::uint32_t reach = bucket(tuple, 0).elsewhere == 0 ? 1 : kReach;
  for (std::uint32_t step = 0; step < reach; ++step) {
    const Bucket& line = bucket(tuple, step);
    for (std::uint32_t found = matches(line, ~mask, wanted); found != 0; found &= found - 1) {
      const std::uint32_t word = line.word[static_cast<std::size_t>(std::countr_zero(found))];
      if (word != kNone && entries_[word & mask].tuple == tuple) return word & mask;
    }
  }
  return kNone;
}

/// False when all lines in reach are full.
bool TimeWaitTable::place(std::uint64_t tuple, std::uint32_t index) {
  for (std::uint32_t step = 0; step < kReach; ++step) {
    Bucket& line = bucket(tuple, step);
    const std::uint32_t free = matches(line, kNone, kNone);
    if (free == 0) continue;
    line.word[static_cast<std::size_t>(std::countr_zero(free))] = word_of(tuple, index);
    if (step != 0) ++bucket(tuple, 0).elsewhere;
    return true;
  }
  return false;
}

void TimeWaitTable::displace(std::uint64_t tuple, std::uint32_t index) {
  for (std::uint32_t step = 0; step < kReach; ++step) {
    Bucket& line = bucket(tuple, step);
    const std::uint32_t found = matches(line, kNone, word_of(tuple, index));
    if (found == 0) continue;
    line.word[static_cast<std::size_t>(std::countr_zero(found))] = kNone;
    if (step != 0) --bucket(tuple, 0).elsewhere;
    return;
  }
}

void TimeWaitTable::append_to_line(std::uint32_t index, Instant now) {
  Entry& entry = entries_[index];
  entry.expires_ms = ms(now) + life_ms_;
  entry.older = youngest_;
  entry.younger = kNone;
  (youngest_ == kNone ? oldest_ : entries_[youngest_].younger) = index;
  youngest_ = index;
  if (oldest_ == index) oldest_expires_ = now + std::chrono::milliseconds(life_ms_);
}

void TimeWaitTable::take_from_line(std::uint32_t index) {
  const Entry& entry = entries_[index];
  (entry.older == kNone ? oldest_ : entries_[entry.older].younger) = entry.younger;
  (entry.younger == kNone ? youngest_ : entries_[entry.younger].older) = entry.older;
  if (oldest_ == kNone) {
    oldest_expires_ = kNever;
  } else if (entry.older == kNone) {  // there is a new oldest; it expires later by the difference of the stamps
    const std::uint32_t later = entries_[oldest_].expires_ms - entry.expires_ms;
    oldest_expires_ += std::chrono::milliseconds(later);
  }
}

void TimeWaitTable::remove(std::uint32_t index) {
  take_from_line(index);
  displace(entries_[index].tuple, index);
  entries_[index].younger = free_;
  free_ = index;
  --size_;
}

void TimeWaitTable::insert(std::uint64_t tuple, const Connection& connection, Instant now) {
  if (capacity_ == 0) {
    ++evictions_;
    return;
  }
  if (const std::uint32_t old = find(tuple); old != kNone) remove(old);
  if (free_ == kNone) {
    ++evictions_;
    remove(oldest_);
  }
  const std::uint32_t index = free_;
  if (!place(tuple, index)) {
    ++evictions_;
    return;
  }
  free_ = entries_[index].younger;
  entries_[index] = {.tuple = tuple,
                     .snd_nxt = connection.snd_nxt(),
                     .rcv_nxt = connection.rcv_nxt(),
                     .ts_recent = connection.ts_recent(),
                     .ts_offset = connection.timestamp_offset(),
                     .expires_ms = 0,
                     .older = kNone,
                     .younger = kNone,
                     .window = static_cast<std::uint16_t>(
                         std::min<std::uint32_t>(connection.rcv_wnd() >> connection.receive_wscale(), 0xFFFF)),
                     .timestamps = connection.timestamps_on(),
                     .challenges = kAnswers};
  ++size_;
  append_to_line(index, now);
}

/// <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>
TcpHeader TimeWaitTable::answer(const Entry& entry, const TcpHeader& header, Instant now) {
  TcpHeader reply;
  reply.source_port = header.destination_port;
  reply.destination_port = header.source_port;
  reply.seq = entry.snd_nxt;
  reply.ack = entry.rcv_nxt;
  reply.flags = wire::kAck;
  reply.window = entry.window;
  if (entry.timestamps) reply.options.timestamps = wire::TcpTimestamps{ms(now) + entry.ts_offset, entry.ts_recent};
  return reply;
}

/// RFC 9293 3.10.7.4 for TIME-WAIT, with RFC 1337 (resets do not end it) and RFC 6191 (what may).
TimeWaitTable::Verdict TimeWaitTable::on_segment(std::uint64_t tuple, const TcpHeader& header,
                                                 std::size_t payload_bytes, Instant now) {
  Verdict verdict;
  const std::uint32_t index = find(tuple);
  if (index == kNone) return verdict;
  Entry& entry = entries_[index];
  verdict.found = true;
  if (header.has(wire::kRst)) {
    verdict.dropped = Drop::tcp_not_acceptable;
    return verdict;
  }
  const auto& stamp = header.options.timestamps;
  const std::int32_t newer = stamp && entry.timestamps ? static_cast<std::int32_t>(stamp->value - entry.ts_recent) : 0;
  if (header.has(wire::kSyn) && !header.has(wire::kAck) && (newer > 0 || (newer == 0 && header.seq > entry.rcv_nxt))) {
    verdict.reopen = true;
    verdict.iss_above = entry.snd_nxt;
    remove(index);
    return verdict;
  }
  if (newer >= 0 && header.has(wire::kFin) &&
      header.seq + wire::segment_length(header, payload_bytes) == entry.rcv_nxt) {
    // The peer's FIN again: start anew. The answer is not counted: strangers, who know no numbers, may have had all of
    // them, and a peer whose FIN is never acknowledged would keep both ends waiting.
    take_from_line(index);
    append_to_line(index, now);
    verdict.dropped = Drop::tcp_duplicate;
    verdict.reply = answer(entry, header, now);
    return verdict;
  }
  const bool empty_and_exact = wire::segment_length(header, payload_bytes) == 0 && header.seq == entry.rcv_nxt;
  if (empty_and_exact) return verdict;
  verdict.dropped = Drop::tcp_duplicate;
  if (entry.challenges != 0) {
    --entry.challenges;
    verdict.reply = answer(entry, header, now);
  } else {
    verdict.dropped = Drop::tcp_challenge_limited;
  }
  return verdict;
}

TimeWaitTable::Verdict TimeWaitTable::reuse(std::uint64_t tuple, Instant now) {
  Verdict verdict;
  const std::uint32_t index = find(tuple);
  verdict.found = index != kNone;
  if (!verdict.found) return verdict;
  const Entry& entry = entries_[index];
  const std::uint32_t waited_ms = ms(now) + life_ms_ - entry.expires_ms;
  if (!entry.timestamps || waited_ms < 1'000) return verdict;
  verdict.reopen = true;
  verdict.iss_above = entry.snd_nxt;
  remove(index);
  return verdict;
}

void TimeWaitTable::expire(Instant now) {
  while (oldest_ != kNone && oldest_expires_ <= now) remove(oldest_);
}

Instant TimeWaitTable::next_deadline() const { return oldest_expires_; }

}  // namespace handsel::tcp
