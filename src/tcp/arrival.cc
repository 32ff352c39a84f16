/// Segment arrival in the synchronised states, check by check as RFC 9293 3.10.7.4 orders them.

#include "tcp/arrival.h"

namespace handsel::tcp {

using wire::SeqNum;

namespace {

constexpr std::uint32_t kPawsIdleMs = 24u * 86'400'000;  // RFC 7323 5.5: a timestamp older than 24 days says nothing

}  // namespace

Outcome Connection::on_segment(const wire::TcpHeader& header, Bytes payload, std::uint8_t ip_ecn, Instant now) {
  Arrival arrival{
      .header = header, .payload = payload, .seq = header.seq, .flags = header.flags, .ip_ecn = ip_ecn, .now = now};
  detach_segment();
  switch (state_) {
    case State::closed:
    case State::listen:
      arrival.out.dropped = Drop::tcp_no_connection;
      arrival.out.refuse = !header.has(wire::kRst);
      break;
    case State::syn_sent:
      arrive_in_syn_sent(arrival);
      break;
    case State::time_wait:
      arrive_in_time_wait(arrival);
      break;
    default:
      arrive(arrival);
      break;
  }
  arrival.out.wants_output = wants_output();
  return arrival.out;
}

void Connection::arrive(Arrival& arrival) {
  if (state_ == State::syn_received && arrival.has(wire::kSyn) && arrival.header.seq == irs_ &&
      !arrival.has(wire::kRst)) {
    if (!arrival.has(wire::kAck)) {  // our SYN-ACK was lost, or is late
      set(kSynRepeated);
      set(kSynDue);
      arrival.out.dropped = Drop::tcp_duplicate;
      return;
    }
    arrival.drop(wire::kSyn);  // simultaneous open: the SYN is known, its acknowledgement is not
    arrival.seq += 1;
  }
  if (!timestamp_passes(arrival) || !acceptable(arrival)) return;
  if (arrival.has(wire::kRst)) return arrive_reset(arrival);
  if (arrival.has(wire::kSyn)) return arrive_syn(arrival);
  if (!arrival.has(wire::kAck)) {
    arrival.out.dropped = Drop::tcp_bad_flags;
    return;
  }
  if (!arrive_ack(arrival) || state_ == State::closed) return;
  last_heard_ms_ = ms(arrival.now);
  keepalive_sent_ = 0;
  if (arrival.has(wire::kUrg)) track_urgent(arrival);
  note_received_ecn(arrival);
  if (!arrival.payload.empty() || arrival.has(wire::kFin)) arrive_payload(arrival);
}

/// PAWS (RFC 7323 5.3 R1), and the timestamp to be echoed (4.3).
bool Connection::timestamp_passes(Arrival& arrival) {
  if (!has(kTimestamps) || arrival.has(wire::kRst)) return true;
  const auto& stamp = arrival.header.options.timestamps;
  if (!stamp) {
    // A peer that negotiates timestamps and then forgets them. A stranger's guess must not make us forget them, too.
    if (state_ == State::syn_received && arrival.has(wire::kAck) && arrival.header.ack == snd_nxt_ &&
        arrival.seq == rcv_nxt_) {
      unset(kTimestamps);
      return true;
    }
    arrival.out.dropped = Drop::tcp_paws;  // RFC 7323 3.2
    return false;
  }
  const bool older = static_cast<std::int32_t>(stamp->value - ts_recent_) < 0;
  if (older && ms(arrival.now) - ts_recent_ms_ < kPawsIdleMs) {
    challenge(arrival, Drop::tcp_paws);
    return false;
  }
  // A segment that spans Last.ACK.sent; what is not acceptable is refused next and has changed only this.
  if (arrival.seq <= last_ack_sent_ && arrival.end() >= last_ack_sent_) {
    ts_recent_ = stamp->value;
    ts_recent_ms_ = ms(arrival.now);
  }
  return true;
}

/// RFC 9293 3.4, table 6, and 3.10.7.4, first. Wider by one number for a segment without length, which a peer that has
/// just filled our window sends from its right edge.
bool Connection::acceptable(Arrival& arrival) {
  const std::uint32_t length = arrival.length();
  const SeqNum edge = rcv_adv_;
  if (length == 0) {
    if (arrival.seq >= rcv_nxt_ && arrival.seq <= edge) return true;
  } else if (arrival.seq < edge && arrival.end() > rcv_nxt_) {
    return true;
  } else if (arrival.seq == rcv_nxt_ && edge == rcv_nxt_ && !arrival.has(wire::kRst) && !arrival.has(wire::kSyn)) {
    // The window is closed: the data is refused and probed for again, but the acknowledgement counts (MUST-66).
    arrival.payload = {};
    arrival.drop(wire::kFin);
    set(kAckNow);
    arrival.out.dropped = Drop::tcp_window_full;
    return true;
  }
  if (arrival.has(wire::kRst)) {
    arrival.out.dropped = Drop::tcp_not_acceptable;
  } else if (arrival.has(wire::kSyn) || length == 0) {
    challenge(arrival, arrival.has(wire::kSyn) ? Drop::tcp_challenged : Drop::tcp_not_acceptable);
  } else {
    const bool old = arrival.end() <= rcv_nxt_;
    arrival.out.dropped = old ? Drop::tcp_duplicate : Drop::tcp_not_acceptable;
    set(kAckNow);
    if (old && !arrival.payload.empty() && has(kSack)) {
      dsack_ = {arrival.seq, arrival.seq + static_cast<std::uint32_t>(arrival.payload.size())};
      set(kDsackDue);
    }
  }
  return false;
}

/// RFC 5961 3.2: only the exact sequence number resets.
void Connection::arrive_reset(Arrival& arrival) {
  if (arrival.seq != rcv_nxt_) return challenge(arrival, Drop::tcp_challenged);
  const bool refused = state_ == State::syn_received && has(kActive);
  end(arrival.out, refused ? End::refused : End::reset_by_peer);
}

/// RFC 5961 4.2. In syn_received too: an old peer's new SYN gets an ACK that makes it reset us, then it tries again.
void Connection::arrive_syn(Arrival& arrival) { challenge(arrival, Drop::tcp_challenged); }

void Connection::challenge(Arrival& arrival, Drop reason) {
  const auto second = static_cast<std::uint16_t>(ms(arrival.now) / 1'000);
  if (second != challenge_second_) {
    challenge_second_ = second;
    challenge_budget_ = kChallengesPerSecond;
  }
  if (challenge_budget_ == 0) {
    arrival.out.dropped = Drop::tcp_challenge_limited;
    return;
  }
  --challenge_budget_;
  arrival.out.dropped = reason;
  set(kAckNow);
}

/// RFC 9293 3.10.7.4 for TIME-WAIT, with RFC 1337 and RFC 6191.
void Connection::arrive_in_time_wait(Arrival& arrival) {
  if (arrival.has(wire::kRst)) {  // RFC 1337 3: it must not cut the wait short
    arrival.out.dropped = Drop::tcp_not_acceptable;
    return;
  }
  if (arrival.has(wire::kSyn) && !arrival.has(wire::kAck)) {
    const auto& stamp = arrival.header.options.timestamps;
    const std::int32_t newer = stamp && has(kTimestamps) ? static_cast<std::int32_t>(stamp->value - ts_recent_) : 0;
    if (newer > 0 || (newer == 0 && arrival.seq > rcv_nxt_)) {
      Outcome ignored;
      end(ignored, End::closed);
      arrival.out.reopen = true;
      return;
    }
  }
  if (!timestamp_passes(arrival)) return;
  if (arrival.has(wire::kFin) && arrival.end() == rcv_nxt_) life_at_ = arrival.now + time_wait();
  if (arrival.length() != 0 || arrival.seq != rcv_nxt_) challenge(arrival, Drop::tcp_duplicate);
}

}  // namespace handsel::tcp
