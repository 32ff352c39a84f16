/// The receive window: how much is granted, and when it is worth saying so (RFC 9293 3.8.6).

#include "tcp/connection.h"

namespace handsel::tcp {

/// What the buffer still takes, as far as the window field can say it.
std::uint32_t Connection::receive_room() const {
  const auto used = static_cast<std::uint32_t>(readable_bytes());
  const std::uint32_t sayable = 0xFFFFu << (has(kScaling) ? rcv_wscale_ : 0);
  return std::min(receive_buffer_ > used ? receive_buffer_ - used : 0, sayable);
}

/// The window field of a segment about to leave. The right edge never moves back (MUST-SHLD 3.8.6), and moves on only
/// in steps worth a segment (3.8.6.2.2), in answers to probes too.
std::uint16_t Connection::advertise() {
  const std::uint32_t room = receive_room();
  const std::uint32_t promised = rcv_wnd();
  const std::uint32_t step = std::min<std::uint32_t>(receive_buffer_ / 2, our_mss_);
  const std::uint32_t window = room >= promised + step ? room : promised;
  const std::uint8_t shift = has(kScaling) ? rcv_wscale_ : std::uint8_t{0};
  std::uint32_t field = std::min<std::uint32_t>(window >> shift, 0xFFFF);
  // The field cannot say every number. Rounding down would take back what was promised; rounding up is refused
  // when it would grant a buffer that is not there.
  const std::uint32_t unit = 1u << shift;
  if (field << shift < promised && field < 0xFFFF && (field + 1) << shift <= room + unit) ++field;
  rcv_adv_ = later_of(rcv_adv_, rcv_nxt_ + (field << shift));
  return static_cast<std::uint16_t>(field);
}

/// The reader has made so much room that a peer who waits for it should hear of it.
bool Connection::window_update_due() const {
  if (!may_receive()) return false;
  const std::uint32_t room = receive_room();
  const std::uint32_t promised = rcv_wnd();
  const std::uint32_t step = std::min<std::uint32_t>(receive_buffer_ / 2, our_mss_);
  return room >= promised + step && room >= 2 * promised;
}

/// Dynamic right-sizing: what the reader took in one round trip is what one window must hold, twice over so that a
/// sender in slow start is never held back. Grows only, within the configured bound.
void Connection::tune_receive_buffer(Instant now) {
  const wire::SeqNum consumed = this->consumed();
  const std::uint32_t elapsed_us = us(now) - round_since_us_;
  if (elapsed_us < rtt_.srtt_us()) return;
  if (consumed > tune_from_) {
    const std::uint64_t wanted = 2 * std::uint64_t{static_cast<std::uint32_t>(consumed - tune_from_)} + 16u * our_mss_;
    if (wanted > receive_buffer_)
      receive_buffer_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, receive_buffer_max_));
  }
  tune_from_ = consumed;
  round_since_us_ = us(now);
}

}  // namespace handsel::tcp
