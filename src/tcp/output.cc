/// What to send now (RFC 9293 3.8, 3.10.2): asked for after every event, one segment at a time.

#include <cassert>

#include "tcp/connection.h"

namespace handsel::tcp {

using wire::SeqNum;

namespace {
constexpr std::uint32_t kTimestampBytes = 12;  // with its two NOPs
constexpr std::uint8_t kEct0 = 2;
}  // namespace

bool Connection::wants_output() const {
  if (flags_ & (kRstDue | kSynDue | kAckNow | kProbeDue | kTailProbeDue | kKeepaliveDue)) return true;
  if (state_ < State::established) return false;
  if (!board_.empty() && board_.flight(*pool_).lost_bytes != 0) return true;
  return unsent_bytes() != 0 || (has(kFinQueued) && !has(kFinSent)) || window_update_due();
}

std::optional<OutSegment> Connection::next_segment(Instant now) {
  if (has(kRstDue)) {
    unset(kRstDue);
    return bare(wire::kRst | wire::kAck, now);
  }
  if (state_ == State::closed || state_ == State::listen) return std::nullopt;
  if (has(kSynDue)) return syn_segment(now);
  if (state_ == State::syn_sent) return std::nullopt;
  if (state_ != State::syn_received && state_ != State::time_wait) {
    // Blocks to report travel on a segment of their own, so that data segments keep their size.
    const bool blocks = has(kSack) && (has(kDsackDue) || !reassembly_.empty());
    if (has(kAckNow) && (blocks || duplicate_acks_owed_ > 1)) {
      if (duplicate_acks_owed_ != 0) --duplicate_acks_owed_;
      const bool more = duplicate_acks_owed_ != 0;
      OutSegment segment = bare(wire::kAck, now);
      if (more) set(kAckNow);
      return segment;
    }
    if (has(kProbeDue))
      if (auto segment = probe(now)) return segment;
    if (has(kTailProbeDue))
      if (auto segment = tail_probe(now)) return segment;
    if (!board_.empty())
      if (auto segment = retransmission(now)) return segment;
    if (auto segment = new_data(now)) return segment;
  }
  if (has(kAckNow) || window_update_due()) {
    duplicate_acks_owed_ = 0;
    return bare(wire::kAck, now);
  }
  if (has(kKeepaliveDue)) {  // RFC 9293 3.8.4: a number from before the window makes the peer answer
    unset(kKeepaliveDue);
    OutSegment segment = bare(wire::kAck, now);
    segment.header.seq = snd_nxt_ - 1;
    return segment;
  }
  arm_idle_timers(now);
  return std::nullopt;
}

void Connection::copy_payload(const OutSegment& segment, MutableBytes out) const {
  [[maybe_unused]] const std::size_t copied =
      send_queue_.copy(*pool_, segment.payload_offset, out.first(segment.payload_bytes));
  assert(copied == segment.payload_bytes);
}

/// Bytes of data that a segment carries at most: the MSS does not count options (RFC 6691).
std::uint32_t Connection::payload_limit() const { return send_mss_ - (has(kTimestamps) ? kTimestampBytes : 0); }

void Connection::add_options(wire::TcpHeader& header, Instant now) {
  if (has(kTimestamps)) header.options.timestamps = wire::TcpTimestamps{ms(now) + ts_offset_, ts_recent_};
}

/// A segment without data. Whatever acknowledges settles what was owed.
OutSegment Connection::bare(std::uint8_t flags, Instant now) {
  OutSegment segment;
  wire::TcpHeader& header = segment.header;
  header.seq = snd_nxt_;
  header.ack = rcv_nxt_;
  header.flags = flags;
  if (has(kEceDue) && flags == wire::kAck) header.flags |= wire::kEce;
  add_options(header, now);
  if (has(kSack) && (flags & wire::kRst) == 0) {
    const std::uint8_t room = has(kTimestamps) ? 3 : 4;
    if (has(kDsackDue)) {  // RFC 2883: the duplicate first, then the island around it, then the rest
      header.options.sack[header.options.sack_count++] = dsack_;
      unset(kDsackDue);
    }
    header.options.sack_count = static_cast<std::uint8_t>(
        header.options.sack_count +
        reassembly_.sack_blocks(*pool_, header.options.sack.data() + header.options.sack_count,
                                static_cast<std::uint8_t>(room - header.options.sack_count)));
  }
  header.window = advertise();
  acknowledged_by(header);
  return segment;
}

void Connection::acknowledged_by(const wire::TcpHeader& header) {
  unset(kAckNow);
  unacked_segments_ = 0;
  ack_at_ = kNever;
  last_ack_sent_ = header.ack;
}

/// `length` sequence numbers from `begin`, which stand in the scoreboard already.
OutSegment Connection::data_segment(SeqNum begin, std::uint32_t length, Instant now) {
  OutSegment segment;
  wire::TcpHeader& header = segment.header;
  const SeqNum end = begin + length;
  const bool fin = has(kFinSent) && end > fin_sequence();
  header.seq = begin;
  header.ack = rcv_nxt_;
  header.flags = wire::kAck;
  if (fin) header.flags |= wire::kFin;
  if (has(kEceDue)) header.flags |= wire::kEce;
  segment.payload_bytes = length - (fin ? 1 : 0);
  if (segment.payload_bytes != 0 && begin + segment.payload_bytes == fin_sequence()) header.flags |= wire::kPsh;
  segment.payload_offset = static_cast<std::uint32_t>(begin - queue_base());
  add_options(header, now);
  header.window = advertise();
  acknowledged_by(header);
  last_sent_ms_ = ms(now);
  return segment;
}

std::optional<OutSegment> Connection::retransmission(Instant now) {
  if (snd_wnd_ == 0) return std::nullopt;
  Flight& flight = board_.flight(*pool_);
  const RecordRef ref = flight.lost.first;
  if (ref == kNoRecord) return std::nullopt;
  const TxRecord& record = board_.record(*pool_, ref);
  const bool head = record.begin == snd_una_;
  if (!head && record.begin >= snd_una_ + snd_wnd_) return std::nullopt;
  if (!has(kForceRetransmit) && ((pipe() != 0 && pipe() + record.length > congestion_.cwnd) || held_by_pacing(now)))
    return std::nullopt;
  unset(kForceRetransmit);
  const SeqNum begin = record.begin;
  const std::uint16_t length = record.length;
  board_.retransmitted(*pool_, ref, us(now));
  flight.prr_out += length;
  note_retransmission(now);
  pace(length, now);
  OutSegment segment = data_segment(begin, length, now);
  segment.retransmission = true;
  if (timer_ != Timer::retransmit) arm_retransmit(now);
  return segment;
}

std::optional<OutSegment> Connection::new_data(Instant now) {
  const std::uint32_t unsent = unsent_bytes();
  const bool fin = has(kFinQueued) && !has(kFinSent);
  if (unsent == 0 && !fin) {  // the application, not cwnd, holds us back (RFC 7661 4.1)
    if (2 * std::uint64_t{pipe()} < congestion_.cwnd) unset(kCwndLimited);
    return std::nullopt;
  }
  const std::int32_t room = snd_una_ + snd_wnd_ - snd_nxt_;
  const std::uint32_t window = room > 0 ? static_cast<std::uint32_t>(room) : 0;
  const std::uint32_t limit = payload_limit();
  const std::uint32_t payload = std::min({unsent, limit, window});
  const bool with_fin = fin && payload == unsent && payload < window;
  const std::uint32_t length = payload + (with_fin ? 1 : 0);
  const bool all = payload == unsent && (!fin || with_fin);
  const bool idle = snd_una_ == snd_nxt_;
  // Silly-window avoidance (RFC 9293 3.8.6.2.1), with Nagle in its second case (3.7.4).
  const bool worthwhile =
      payload == limit || (all && (with_fin || !has(kNagle) || idle)) || (payload != 0 && payload >= max_snd_wnd_ / 2);
  if (length == 0 || !worthwhile) {
    if (idle && timer_free()) arm(Timer::persist, now + rtt_.rto(backoff_));
    return std::nullopt;
  }
  if (!idle && pipe() + length > congestion_.cwnd) {
    set(kCwndLimited);
    return std::nullopt;
  }
  if (held_by_pacing(now)) return std::nullopt;
  if (idle) validate_window(now);
  if (!board_.append(*pool_, snd_nxt_, static_cast<std::uint16_t>(length), us(now))) {
    if (timer_free()) arm(Timer::persist, now + rtt_.rto(backoff_));  // no memory: try again later
    return std::nullopt;
  }
  board_.flight(*pool_).prr_out += length;
  pace(length, now);
  return send_new(length, with_fin, now);
}

/// After an idle time the window's size says nothing of the path any more: it is halved for every timeout that passed,
/// down to the initial window (RFC 2861 3.1, RFC 5681 4.1).
void Connection::validate_window(Instant now) {
  unset(kCwndLimited);
  const std::uint32_t restart = initial_window(send_mss_);
  const auto rto_ms = static_cast<std::uint32_t>(rtt_.rto_us() / 1'000);
  std::uint32_t idle_ms = ms(now) - last_sent_ms_;
  if (idle_ms <= rto_ms || congestion_.cwnd <= restart) return;
  congestion_.ssthresh = std::max(congestion_.ssthresh, congestion_.cwnd / 4 * 3);
  congestion_.epoch_running = false;
  for (; idle_ms > rto_ms && congestion_.cwnd > restart; idle_ms -= rto_ms)
    congestion_.cwnd = std::max(congestion_.cwnd / 2, restart);
}

/// `length` new sequence numbers, noted in the scoreboard by the caller.
OutSegment Connection::send_new(std::uint32_t length, bool with_fin, Instant now) {
  const SeqNum begin = snd_nxt_;
  const bool idle = snd_una_ == snd_nxt_;
  snd_nxt_ += length;
  if (with_fin) {
    set(kFinSent);
    state_ = state_ == State::close_wait ? State::last_ack : State::fin_wait_1;
  }
  OutSegment segment = data_segment(begin, length, now);
  if (has(kEcn) && segment.payload_bytes != 0 && snd_wnd_ != 0) {  // new data only: RFC 3168 6.1.5, 6.1.6
    segment.ip_ecn = kEct0;
    if (has(kCwrDue)) {
      segment.header.flags |= wire::kCwr;
      unset(kCwrDue);
    }
  }
  if (idle) refresh_user_timeout(now);
  if (timer_free() || timer_ == Timer::tail_probe) arm_for_flight(now);
  return segment;
}

/// The probe of a closed window (RFC 9293 3.8.6.1): one octet of new data, or the first one in flight again. Of a
/// window too small to be worth a segment it takes what fits.
std::optional<OutSegment> Connection::probe(Instant now) {
  unset(kProbeDue);
  if (!board_.empty()) {
    const RecordRef head = board_.first(*pool_);
    const SeqNum begin = board_.record(*pool_, head).begin;
    board_.retransmitted(*pool_, head, us(now));
    note_retransmission(now);
    OutSegment segment = data_segment(begin, 1, now);
    segment.retransmission = true;
    return segment;
  }
  const std::uint32_t unsent = unsent_bytes();
  const bool fin = unsent == 0 && has(kFinQueued) && !has(kFinSent);
  if (unsent == 0 && !fin) return std::nullopt;
  const std::uint32_t length = fin ? 1 : std::max(1u, std::min({unsent, payload_limit(), snd_wnd_}));
  if (!board_.append(*pool_, snd_nxt_, static_cast<std::uint16_t>(length), us(now))) return std::nullopt;
  const OutSegment segment = send_new(length, fin, now);
  if (snd_wnd_ != 0) {  // it is no probe: the window is small, not closed
    backoff_ = 0;
    arm_retransmit(now);
  }
  return segment;
}

}  // namespace handsel::tcp
