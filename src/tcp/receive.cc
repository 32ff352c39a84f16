/// The segment text and the FIN (RFC 9293 3.10.7.4, seventh and eighth).

#include "tcp/arrival.h"

namespace handsel::tcp {

using wire::SeqNum;

namespace {
constexpr Duration kDelayedAck = std::chrono::milliseconds(40);  // RFC 9293 MUST-58 allows 500
constexpr std::uint8_t kAckEvery = 2;                            // segments: MUST-59's every second one
}  // namespace

/// Cuts the segment to the window, then files it.
void Connection::arrive_payload(Arrival& arrival) {
  if (!may_receive()) return;  // after the peer's FIN there is nothing more to come
  if (has(kReaderGone) && arrival.end() > rcv_nxt_ && !arrival.payload.empty()) {
    arrival.out.dropped = Drop::tcp_after_close;  // RFC 9293 3.6.1: the data will never be read
    abort();
    arrival.out.ended = End::aborted;
    return;
  }
  if (arrival.seq < rcv_nxt_) {
    const auto old = std::min<std::size_t>(static_cast<std::size_t>(rcv_nxt_ - arrival.seq), arrival.payload.size());
    if (has(kSack) && old != 0) {
      dsack_ = {arrival.seq, arrival.seq + static_cast<std::uint32_t>(old)};
      set(kDsackDue);
      set(kAckNow);
    }
    arrival.payload = arrival.payload.subspan(old);
    arrival.seq += static_cast<std::uint32_t>(old);
  }
  if (arrival.end() > rcv_adv_) {
    if (arrival.has(wire::kFin)) arrival.drop(wire::kFin);
    const auto fits = static_cast<std::size_t>(rcv_adv_ - arrival.seq);
    if (fits < arrival.payload.size()) {
      arrival.payload = arrival.payload.first(fits);
      arrival.out.dropped = Drop::tcp_window_full;
    }
    set(kAckNow);
  }
  if (arrival.has(wire::kFin) && !has(kPeerFinSeen)) {
    fin_seq_ = arrival.seq + static_cast<std::uint32_t>(arrival.payload.size());
    set(kPeerFinSeen);
  }
  if (has(kPeerFinSeen) && arrival.seq + static_cast<std::uint32_t>(arrival.payload.size()) > fin_seq_) {
    // Nothing can follow a FIN: what claims to is not the peer's.
    const std::int32_t before_fin = fin_seq_ - arrival.seq;
    arrival.payload = arrival.payload.first(before_fin > 0 ? static_cast<std::size_t>(before_fin) : 0);
  }
  if (arrival.seq == rcv_nxt_)
    take_in_order(arrival);
  else
    take_out_of_order(arrival);
  if (has(kPeerFinSeen) && rcv_nxt_ == fin_seq_ && may_receive()) arrive_fin(arrival);
}

void Connection::take_in_order(Arrival& arrival) {
  const Bytes payload = arrival.payload;
  if (payload.empty()) return;
  const std::size_t needed = ByteQueue::chunks_for(payload.size()) + kReserveForSending;
  if (pool_->available() < needed) reassembly_.clear(*pool_);  // better to renege (RFC 2018 8) than to stand still
  if (pool_->available() < needed) {
    arrival.out.dropped = Drop::tcp_no_buffer;  // not acknowledged: the peer sends it again
    return;
  }
  const SeqNum before = rcv_nxt_;
  rcv_nxt_ += static_cast<std::uint32_t>(payload.size());
  if (reassembly_.empty() && receive_queue_.empty()) {
    borrowed_ = payload;
  } else {
    receive_queue_.append(*pool_, payload);
    if (!reassembly_.empty()) {
      rcv_nxt_ = reassembly_.drain(*pool_, rcv_nxt_, receive_queue_);
      set(kAckNow);  // RFC 5681 4.2: at once when a hole is filled, wholly or in part
    }
  }
  if (receive_buffer_ < receive_buffer_max_) tune_receive_buffer(arrival.now);
  bytes_received_ += static_cast<std::uint32_t>(rcv_nxt_ - before);
  arrival.out.readable = true;
  if (++unacked_segments_ >= kAckEvery) set(kAckNow);
  if (ack_at_ == kNever) ack_at_ = arrival.now + kDelayedAck;
}

void Connection::take_out_of_order(Arrival& arrival) {
  set(kAckNow);                                                           // RFC 5681 4.2
  if (!has(kSack) && duplicate_acks_owed_ < 255) ++duplicate_acks_owed_;  // each counts with such a peer
  if (arrival.payload.empty()) return;
  if (pool_->available() < ByteQueue::chunks_for(arrival.payload.size()) + 1 + kReserveForReceiving) {
    arrival.out.dropped = Drop::tcp_no_buffer;
    return;
  }
  wire::SackBlock duplicate;
  switch (reassembly_.insert(*pool_, arrival.seq, arrival.payload, duplicate)) {
    case Reassembly::Insert::taken:
      break;
    case Reassembly::Insert::duplicate:
      arrival.out.dropped = Drop::tcp_duplicate;
      break;
    case Reassembly::Insert::too_many:
      arrival.out.dropped = Drop::tcp_reassembly_full;
      break;
    case Reassembly::Insert::no_buffer:
      arrival.out.dropped = Drop::tcp_no_buffer;
      break;
  }
  if (has(kSack) && duplicate.left != duplicate.right) {
    dsack_ = duplicate;
    set(kDsackDue);
  }
}

/// RFC 9293 3.8.5 as RFC 6093 3 reads it: the pointer names the number behind the urgent data, which stays in line.
void Connection::track_urgent(Arrival& arrival) {
  if (!may_receive()) return;
  const SeqNum urgent = arrival.header.seq + arrival.header.urgent_pointer;
  if (urgent <= consumed() || (has(kUrgent) && urgent <= rcv_up_)) return;
  rcv_up_ = urgent;
  set(kUrgent);
  arrival.out.urgent = true;
}

void Connection::arrive_fin(Arrival& arrival) {
  rcv_nxt_ += 1;
  rcv_adv_ = later_of(rcv_adv_, rcv_nxt_);
  set(kAckNow);
  arrival.out.peer_finished = true;
  switch (state_) {
    case State::established:
      state_ = State::close_wait;
      break;
    case State::fin_wait_1:  // our FIN is not acknowledged: else this would be fin_wait_2
      state_ = State::closing;
      break;
    case State::fin_wait_2:
      enter_time_wait(arrival.now);
      arrival.out.ended = End::closed;
      break;
    default:
      break;
  }
}

}  // namespace handsel::tcp
