#include "tcp/arrival.h"

namespace handsel::tcp {

using wire::SeqNum;
using wire::TcpHeader;

namespace {

constexpr std::uint16_t kDefaultMssIpv4 = 536;  // RFC 9293 3.7.1
constexpr std::uint16_t kDefaultMssIpv6 = 1220;
/// A peer who asks for less is given this much: an MSS of a few bytes would make us send a header for each
/// (CVE-2019-11479).
constexpr std::uint16_t kMinSendMss = 216;
constexpr std::uint8_t kMaxWindowScale = 14;  // RFC 7323 2.3

}  // namespace

/// What a SYN or SYN-ACK says about its sender; an option holds when both ends name it.
void Connection::adopt_syn_options(const TcpHeader& syn, Instant now) {
  irs_ = syn.seq;
  rcv_nxt_ = rcv_adv_ = last_ack_sent_ = rcv_up_ = irs_ + 1;
  const std::uint16_t assumed = has(kIpv6) ? kDefaultMssIpv6 : kDefaultMssIpv4;
  const std::uint16_t peer_mss = std::max(syn.options.mss.value_or(assumed), kMinSendMss);
  send_mss_ = std::min(peer_mss, path_mss_);
  if (has(kOfferScaling) && syn.options.window_scale) {
    set(kScaling);
    snd_wscale_ = std::min(*syn.options.window_scale, kMaxWindowScale);
  }
  if (has(kOfferSack) && syn.options.sack_permitted) set(kSack);
  if (has(kOfferTimestamps) && syn.options.timestamps) {
    set(kTimestamps);
    ts_recent_ = syn.options.timestamps->value;
    ts_recent_ms_ = ms(now);
  }
  const std::uint8_t ecn_bits = syn.flags & (wire::kEce | wire::kCwr);
  const std::uint8_t ecn_wanted = syn.has(wire::kAck) ? wire::kEce : wire::kEce | wire::kCwr;  // RFC 3168 6.1.1
  if (has(kOfferEcn) && ecn_bits == ecn_wanted) set(kEcn);
  snd_wnd_ = max_snd_wnd_ = syn.window;  // never scaled (RFC 7323 2.2)
  snd_wl1_ = syn.seq;
  snd_wl2_ = syn.ack;
  congestion_.cwnd = initial_window(send_mss_);
}

/// RFC 9293 3.10.7.3.
void Connection::arrive_in_syn_sent(Arrival& arrival) {
  const TcpHeader& header = arrival.header;
  const bool ack_good = arrival.has(wire::kAck) && header.ack == snd_nxt_;
  if (arrival.has(wire::kAck) && !ack_good) {
    arrival.out.refuse = !arrival.has(wire::kRst);
    arrival.out.dropped = Drop::tcp_bad_ack;
    return;
  }
  if (arrival.has(wire::kRst)) {
    if (ack_good)
      end(arrival.out, End::refused);
    else
      arrival.out.dropped = Drop::tcp_not_acceptable;
    return;
  }
  if (!arrival.has(wire::kSyn)) {
    arrival.out.dropped = Drop::tcp_not_acceptable;
    return;
  }
  adopt_syn_options(header, arrival.now);
  if (!ack_good) {  // simultaneous open: SYN-ACK for their SYN, on the sequence number of ours
    state_ = State::syn_received;
    set(kSynDue);
    return;
  }
  establish(arrival);
  set(kAckNow);
}

/// Our SYN is acknowledged.
void Connection::establish(Arrival& arrival) {
  if (round_since_us_ != 0 && !has(kSynRepeated))
    rtt_.sample(us(arrival.now) - round_since_us_);
  else if (has(kSynRepeated))
    rtt_.handshake_was_slow();
  if (backoff_ > 1) congestion_.cwnd = send_mss_;  // RFC 6928 2: only after more than one loss
  round_since_us_ = us(arrival.now);
  tune_from_ = rcv_nxt_;
  state_ = State::established;
  snd_una_ = iss_ + 1;
  recovery_point_ = iss_;
  backoff_ = 0;
  life_at_ = kNever;
  last_heard_ms_ = last_sent_ms_ = ms(arrival.now);
  unset(kSynDue);
  arm(Timer::none, kNever);
  arrival.out.established = true;
}

OutSegment Connection::syn_segment(Instant now) {
  OutSegment segment;
  TcpHeader& header = segment.header;
  const bool answer = state_ == State::syn_received;
  header.seq = iss_;
  header.flags = wire::kSyn;
  if (answer) {
    header.flags |= wire::kAck;
    header.ack = rcv_nxt_;
    if (has(kEcn)) header.flags |= wire::kEce;
  } else if (has(kOfferEcn) && !has(kSynRepeated)) {  // RFC 3168 6.1.1.1: a lost one may have been lost for its bits
    header.flags |= wire::kEce | wire::kCwr;
  }
  header.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(receive_buffer_, 0xFFFF));
  header.options.mss = our_mss_;
  if (answer ? has(kScaling) : has(kOfferScaling)) header.options.window_scale = rcv_wscale_;
  header.options.sack_permitted = answer ? has(kSack) : has(kOfferSack);
  if (answer ? has(kTimestamps) : has(kOfferTimestamps))
    header.options.timestamps = wire::TcpTimestamps{ms(now) + ts_offset_, answer ? ts_recent_ : 0};
  if (answer) rcv_adv_ = later_of(rcv_adv_, rcv_nxt_ + header.window);
  segment.retransmission = has(kSynRepeated);
  if (segment.retransmission)
    ++retransmits_;
  else
    round_since_us_ = std::max(us(now), 1u);  // 0 says that it was a cookie
  unset(kSynDue);
  unset(kAckNow);
  arm_retransmit(now);
  return segment;
}

}  // namespace handsel::tcp
