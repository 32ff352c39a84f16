/// What the path carries: ICMP's word for it, weighed, and the black hole that sends no word (RFC 1191, 8201, 4821,
/// 5927).

#include "tcp/connection.h"

namespace handsel::tcp {

using wire::SeqNum;

namespace {
constexpr std::uint16_t kFloorIpv4 = 512;        // MTU 552: what says less is not believed
constexpr std::uint16_t kFloorIpv6 = 1220;       // IPv6 carries 1,280 everywhere
constexpr std::uint16_t kBlackHoleFirst = 1024;  // RFC 4821 7.2's base
constexpr std::uint8_t kBlackHoleTimeouts = 3;   // in a row, before the size is suspected
}  // namespace

void Connection::use_mss(std::uint16_t mss, Instant now) {
  if (mss >= send_mss_) return;
  const std::uint16_t before = send_mss_;
  send_mss_ = path_mss_ = mss;
  const auto limit = static_cast<std::uint16_t>(payload_limit());
  if (board_.empty()) return;
  if (!board_.recut(*pool_, snd_nxt_, limit, us(now))) {
    send_mss_ = path_mss_ = before;  // no memory now; the next timeout tries again
    return;
  }
  arm_retransmit(now);
}

Outcome Connection::on_packet_too_big(std::uint16_t mss, SeqNum quoted, Instant now) {
  Outcome outcome;
  const bool in_flight = synchronised() && quoted >= snd_una_ && quoted < snd_nxt_;
  const std::uint16_t wanted = std::max(mss, has(kIpv6) ? kFloorIpv6 : kFloorIpv4);
  if (!in_flight || wanted >= send_mss_)
    outcome.dropped = Drop::icmp_ignored;
  else
    use_mss(wanted, now);
  outcome.wants_output = wants_output();
  return outcome;
}

/// RFC 9293 3.9.2.2: a hard error ends an attempt (SHLD-26), a soft one ends nothing (MUST-56).
Outcome Connection::on_unreachable(SeqNum quoted, bool hard) {
  Outcome outcome;
  const bool opening = state_ == State::syn_sent || (state_ == State::syn_received && has(kActive));
  if (!opening || quoted != iss_)
    outcome.dropped = Drop::icmp_ignored;
  else if (hard)
    end(outcome, End::refused);
  return outcome;
}

/// Timeout after timeout while large segments are in flight: perhaps only the large ones vanish (RFC 4821 7.7).
void Connection::suspect_black_hole(Instant now) {
  if (backoff_ == 0 || backoff_ % kBlackHoleTimeouts != 0) return;
  const std::uint16_t floor = has(kIpv6) ? kFloorIpv6 : kFloorIpv4;
  const std::uint16_t base = std::max(kBlackHoleFirst, floor);
  // As an MSS counts it: with the options.
  const std::uint32_t length = board_.record(*pool_, board_.first(*pool_)).length + (send_mss_ - payload_limit());
  const std::uint16_t smaller = send_mss_ > base && length > base ? base : floor;
  if (length > smaller) use_mss(smaller, now);  // else small ones vanish too
}

}  // namespace handsel::tcp
