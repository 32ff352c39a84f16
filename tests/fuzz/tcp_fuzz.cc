/// Bytes drive a connection: segments from a peer who knows it and may say anything, time, reads, writes and closes.
/// Whatever they say, each chunk has one owner, no bound is passed, and what waits has a timer.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <source_location>
#include <vector>

#include "tcp/connection.h"

namespace {

using namespace handsel;
using tcp::Connection;
using tcp::State;
using wire::SeqNum;
using wire::TcpHeader;

constexpr std::uint32_t kBufferBytes = 65'536;
constexpr std::uint32_t kQueueSlack = 1'024;  // what a segment may bring past the buffer's bound
constexpr std::size_t kMaxSteps = 1'000;
constexpr std::size_t kMaxSegmentsAtOnce = 10'000;

/// The input; zeros once it is used up.
class Input {
 public:
  explicit Input(Bytes bytes) : bytes_(bytes) {}
  bool done() const { return bytes_.empty(); }
  std::uint8_t u8() {
    if (done()) return 0;
    const std::uint8_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte;
  }
  std::uint16_t u16() {
    const auto high = static_cast<std::uint16_t>(u8() << 8);
    return static_cast<std::uint16_t>(high | u8());
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }

 private:
  Bytes bytes_;
};

void require(bool holds, std::source_location at = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u: the requirement does not hold\n", at.file_name(), static_cast<unsigned>(at.line()));
  std::abort();
}

class Run {
 public:
  explicit Run(Bytes bytes) : input_(bytes) {
    const std::uint8_t kind = input_.u8();
    config_.send_buffer_bytes = config_.receive_buffer_bytes = kBufferBytes;
    config_.nagle = (kind & 1) != 0;
    if ((kind & 2) != 0) config_.keepalive_idle = std::chrono::seconds(1);
    if ((kind & 4) != 0) config_.congestion = tcp::CongestionAlgorithm::newreno;
    pool_ = std::make_unique<ChunkPool>((kind & 8) != 0 ? 12u : 256u);
    const SeqNum iss(input_.u32());
    if ((kind & 16) != 0) {
      connection_.emplace(config_, *pool_, iss, now_);
    } else {
      TcpHeader syn = header_near(SeqNum(input_.u32()), SeqNum(0));
      syn.flags = wire::kSyn | (syn.flags & (wire::kEce | wire::kCwr));
      syn.options.sack_count = 0;
      offer(syn);
      connection_.emplace(config_, *pool_, syn, iss, now_);
    }
  }

  void go() {
    drain();
    for (std::size_t step = 0; step < kMaxSteps && !input_.done(); ++step) {
      act(input_.u8());
      drain();
      check();
    }
    connection_->abort();
    drain();
    require(connection_->state() == State::closed);
    connection_.reset();  // what came before the end can be read until here
    require(pool_->available() == pool_->capacity());
  }

 private:
  void act(std::uint8_t what) {
    Connection& c = *connection_;
    switch (what & 7) {
      case 0:
        c.write({kPayload.data(), input_.u16() % kPayload.size()});
        break;
      case 1:
        c.consume(std::min<std::size_t>(c.readable().size(), input_.u16()));
        break;
      case 2:  // up to 16 s, or right to the deadline
        if ((what & 8) == 0)
          now_ += std::chrono::microseconds(input_.u8()) * (1 << (what >> 4));
        else if (c.next_deadline() != kNever)
          now_ = std::max(now_, c.next_deadline());
        c.on_timer(now_);
        break;
      case 3:
        rare(what);
        break;
      default:
        segment(what);
    }
  }

  void rare(std::uint8_t what) {
    Connection& c = *connection_;
    switch (what >> 3 & 7) {
      case 0:
        return c.shutdown_write();
      case 1:
        return c.close();
      case 2:
        c.on_packet_too_big(input_.u16(), c.snd_una() + input_.u8(), now_);
        return;
      case 3:
        c.on_unreachable(c.snd_una(), true);
        return;
      case 4: {
        std::array<std::uint8_t, 256> out;
        require(c.peek(input_.u16(), out) <= out.size());
        return;
      }
      default:
        return c.detach_segment();
    }
  }

  // Numbers that count from where the connection stands: random ones would never get past the first check.
  TcpHeader header_near(SeqNum seq, SeqNum ack) {
    TcpHeader header;
    header.seq = seq + static_cast<std::uint32_t>(static_cast<std::int16_t>(input_.u16()));
    header.ack = ack + static_cast<std::uint32_t>(static_cast<std::int16_t>(input_.u16()));
    header.flags = input_.u8();
    header.window = input_.u16();
    header.urgent_pointer = input_.u8();
    return header;
  }
  void offer(TcpHeader& header) {
    const std::uint8_t offered = input_.u8();
    if ((offered & 1) != 0) header.options.mss = input_.u16();
    if ((offered & 2) != 0) header.options.sack_permitted = true;
    if ((offered & 4) != 0) header.options.window_scale = input_.u8();
    if ((offered & 8) != 0) header.options.timestamps = wire::TcpTimestamps{input_.u32(), input_.u32()};
  }

  void segment(std::uint8_t what) {
    Connection& c = *connection_;
    TcpHeader header;
    if ((what & 8) == 0) {  // what a well-behaved peer would say
      header.seq = c.rcv_nxt();
      header.ack = c.snd_nxt();
      header.flags = wire::kAck;
      header.window = 0xffff;
    } else {
      header = header_near(c.rcv_nxt(), (what & 16) != 0 ? c.snd_nxt() : c.snd_una());
    }
    if (c.state() == State::syn_sent) header.flags |= wire::kSyn;
    if (header.has(wire::kSyn)) offer(header);
    if (c.timestamps_on() && (what & 32) == 0)
      header.options.timestamps = wire::TcpTimestamps{c.ts_recent() + input_.u8(), c.timestamp_offset()};
    if ((what & 64) != 0) {
      header.options.sack_count = static_cast<std::uint8_t>(1 + input_.u8() % wire::TcpOptions::kMaxSackBlocks);
      for (std::size_t i = 0; i < header.options.sack_count; ++i) {
        const SeqNum begin = c.snd_una() + input_.u16();
        header.options.sack[i] = {begin, begin + input_.u16()};
      }
    }
    const std::size_t bytes = (what & 128) != 0 ? input_.u16() % 2'000u : 0;
    // In memory of its own, which is gone when the call is over.
    const std::vector<std::uint8_t> payload(kPayload.begin(), kPayload.begin() + static_cast<std::ptrdiff_t>(bytes));
    const tcp::Outcome outcome = c.on_segment(header, payload, input_.u8() & 3, now_);
    require(!outcome.readable || c.readable_bytes() != 0);
    c.consume(std::min<std::size_t>(c.readable().size(), input_.u8() * 16u));
    c.detach_segment();
  }

  void drain() {
    Connection& c = *connection_;
    const bool said_no = !c.wants_output();
    for (std::size_t count = 0;; ++count) {
      const auto sent = c.next_segment(now_);
      if (!sent) return;
      require(!said_no && count < kMaxSegmentsAtOnce);
      require(sent->payload_bytes <= config_.path_mss);
      require(wire::header_bytes(sent->header) <= TcpHeader::kMaxBytes);
      std::vector<std::uint8_t> payload(sent->payload_bytes);
      c.copy_payload(*sent, payload);
    }
  }

  void check() const {
    const Connection& c = *connection_;
    require(c.snd_una() <= c.snd_nxt());
    require(c.queued_bytes() <= kBufferBytes);
    require(c.readable_bytes() <= kBufferBytes + kQueueSlack);
    require(c.reassembly_bytes() <= kBufferBytes + kQueueSlack);
    if (c.state() != State::closed && c.bytes_in_flight() != 0) require(c.next_deadline() != kNever);
    if (c.state() == State::established && c.unsent_bytes() != 0) require(c.next_deadline() != kNever);
  }

  static constexpr std::array<std::uint8_t, 20'000> kPayload{};
  Input input_;
  tcp::Config config_;
  std::unique_ptr<ChunkPool> pool_;
  Instant now_{std::chrono::hours(1)};
  std::optional<Connection> connection_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run({data, size}).go();
  return 0;
}
