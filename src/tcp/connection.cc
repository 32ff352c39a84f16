#include "tcp/connection.h"

#include <array>
#include <cassert>

namespace handsel::tcp {

using wire::SeqNum;

namespace {

/// Granted before the reader has shown its pace.
constexpr std::uint32_t kFirstReceiveBuffer = 64 * 1024;

/// A duration in units of so many milliseconds, rounded up, within 16 bits.
template <int kUnitMs>
std::uint16_t whole(Duration duration) {
  const auto unit = std::chrono::milliseconds(kUnitMs);
  return static_cast<std::uint16_t>(std::clamp<std::int64_t>((duration + unit - Duration(1)) / unit, 0, 0xFFFF));
}

}  // namespace

std::string_view name_of(State state) {
  static constexpr std::array<std::string_view, 11> kNames = {"closed",      "listen",     "syn_sent",   "syn_received",
                                                              "established", "fin_wait_1", "fin_wait_2", "close_wait",
                                                              "closing",     "last_ack",   "time_wait"};
  return kNames[static_cast<std::size_t>(state)];
}

std::uint8_t receive_wscale_for(const Config& config) {
  std::uint8_t shift = 0;
  while (shift < 14 && config.receive_buffer_bytes >> shift > 0xFFFF) ++shift;
  return shift;
}

std::uint16_t first_window(const Config& config) {
  return static_cast<std::uint16_t>(std::min<std::size_t>({config.receive_buffer_bytes, kFirstReceiveBuffer, 0xFFFF}));
}

void Connection::take(const Config& config) {
  algorithm_ = config.congestion;
  pacing_ = config.pacing;
  ts_offset_ = config.timestamp_offset;
  our_mss_ = config.mss;
  path_mss_ = config.path_mss;
  send_buffer_ = static_cast<std::uint32_t>(config.send_buffer_bytes);
  receive_buffer_max_ = static_cast<std::uint32_t>(config.receive_buffer_bytes);
  receive_buffer_ = std::min(receive_buffer_max_, kFirstReceiveBuffer);
  user_timeout_ds_ = whole<100>(config.user_timeout);
  time_wait_ds_ = whole<100>(config.time_wait);
  fin_wait_2_ds_ = whole<100>(config.fin_wait_2);
  keepalive_idle_s_ = whole<1'000>(config.keepalive_idle);
  keepalive_interval_s_ = whole<1'000>(config.keepalive_interval);
  keepalive_probes_ = config.keepalive_probes;
  rcv_wscale_ = receive_wscale_for(config);
  if (config.nagle) set(kNagle);
  if (config.timestamps) set(kOfferTimestamps);
  if (config.sack) set(kOfferSack);
  if (config.window_scaling) set(kOfferScaling);
  if (config.ecn) set(kOfferEcn);
  if (config.ipv6) set(kIpv6);
}

Connection::Connection(const Config& config, ChunkPool& pool, const wire::TcpHeader& syn, SeqNum iss, Instant now)
    : pool_(&pool), state_(State::syn_received), iss_(iss), snd_una_(iss), snd_nxt_(iss + 1) {
  take(config);
  adopt_syn_options(syn, now);
  set(kSynDue);
  life_at_ = now + config.syn_timeout;
}

Connection::Connection(const Config& config, ChunkPool& pool, const wire::TcpHeader& syn, SeqNum iss, Instant now,
                       FromCookie)
    : Connection(config, pool, syn, iss, now) {
  unset(kSynDue);
  rcv_adv_ = rcv_nxt_ + first_window(config);
}

Connection::Connection(const Config& config, ChunkPool& pool, SeqNum iss, Instant now)
    : pool_(&pool), state_(State::syn_sent), iss_(iss), snd_una_(iss), snd_nxt_(iss + 1) {
  take(config);
  send_mss_ = path_mss_;
  set(kActive);
  set(kSynDue);
  life_at_ = now + config.syn_timeout;
}

Connection::~Connection() { release_buffers(); }

void Connection::release_buffers() {
  borrowed_ = {};
  send_queue_.clear(*pool_);
  receive_queue_.clear(*pool_);
  reassembly_.clear(*pool_);
  board_.clear(*pool_);
}

void Connection::end(Outcome& outcome, End why) {
  state_ = State::closed;
  outcome.ended = why;
  arm(Timer::none, kNever);
  ack_at_ = life_at_ = kNever;
  send_queue_.clear(*pool_);
  board_.clear(*pool_);
  reassembly_.clear(*pool_);
  if (why == End::closed) return;  // what came in order may still be read
  borrowed_ = {};
  receive_queue_.clear(*pool_);
  outcome.readable = false;
}

void Connection::enter_time_wait(Instant now) {
  state_ = State::time_wait;
  send_queue_.clear(*pool_);
  board_.clear(*pool_);
  arm(Timer::none, kNever);
  life_at_ = now + time_wait();
}

// --- reading ---------------------------------------------------------------------------------------------------------

std::size_t Connection::peek(std::size_t offset, MutableBytes out) const {
  if (borrowed_.empty()) return receive_queue_.copy(*pool_, offset, out);
  if (offset >= borrowed_.size()) return 0;
  const std::size_t count = std::min(out.size(), borrowed_.size() - offset);
  std::memcpy(out.data(), borrowed_.data() + offset, count);
  return count;
}

void Connection::consume(std::size_t count) {
  assert(count <= readable_bytes());
  if (!borrowed_.empty())
    borrowed_ = borrowed_.subspan(count);
  else
    receive_queue_.drop(*pool_, count);
  if (has(kUrgent) && consumed() >= rcv_up_) unset(kUrgent);
}

std::uint32_t Connection::urgent_bytes() const {
  return has(kUrgent) ? static_cast<std::uint32_t>(rcv_up_ - consumed()) : 0;
}

void Connection::detach_segment() {
  if (borrowed_.empty()) return;
  const Bytes rest = borrowed_;
  borrowed_ = {};
  // arrive_payload took the segment only while chunks enough were free, and write() leaves a reserve.
  if (receive_queue_.append(*pool_, rest) != rest.size()) abort();
}

// --- writing ---------------------------------------------------------------------------------------------------------

std::size_t Connection::send_room() const {
  if (has(kFinQueued) || (state_ != State::established && state_ != State::close_wait)) return 0;
  const std::uint32_t chunks = pool_->available();
  const std::size_t pool_room =
      chunks > kReserveForReceiving ? (chunks - kReserveForReceiving) * ByteQueue::kChunkPayload : 0;
  // Nobody's queue takes more than a share of what is free, so that readers who stall leave room for the others. A
  // handshake's flight and a whole record always fit in the least that is granted.
  const std::size_t bound = std::min<std::size_t>(send_buffer_, std::max(pool_room / kShareOfPool, kLeastSendBuffer));
  const std::size_t queue_room = bound > send_queue_.size() ? bound - send_queue_.size() : 0;
  return std::min(queue_room, pool_room);
}

std::size_t Connection::write(Bytes bytes) {
  return send_queue_.append(*pool_, bytes.first(std::min(bytes.size(), send_room())), kReserveForReceiving);
}

bool Connection::write_last_words(Bytes bytes) {
  if (bytes.size() > kLastWords || has(kFinQueued) || (state_ != State::established && state_ != State::close_wait))
    return false;
  const bool fits_anyhow = pool_->available() > kReserveForSending;
  if (!fits_anyhow && send_room() < bytes.size()) return false;
  return send_queue_.append(*pool_, bytes, kReserveForSending) == bytes.size();
}

void Connection::shutdown_write() {
  if (has(kFinQueued)) return;
  switch (state_) {
    case State::syn_sent:  // nothing is established: nothing to close in order
      abort();
      break;
    case State::syn_received:
    case State::established:
    case State::close_wait:
      set(kFinQueued);
      break;
    default:
      break;
  }
}

void Connection::close() {
  set(kReaderGone);
  if (readable_bytes() != 0) {  // RFC 2525 2.17: the peer must learn that what it sent was not read
    abort();
    return;
  }
  shutdown_write();
}

void Connection::abort() {
  if (state_ == State::closed) return;
  const bool tell = state_ != State::syn_sent && state_ != State::time_wait;
  Outcome ignored;
  end(ignored, End::aborted);
  if (tell) set(kRstDue);
}

std::uint32_t Connection::unsent_bytes() const {
  if (has(kFinSent) || snd_una_ == iss_) return has(kFinSent) ? 0 : send_queue_.size();
  return send_queue_.size() - static_cast<std::uint32_t>(snd_nxt_ - snd_una_);
}

}  // namespace handsel::tcp
