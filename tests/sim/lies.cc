/// Each lie, as what it does to the segments that a true client is about to send.

#include <algorithm>

#include "liar.h"

namespace handsel::sim {
namespace {

using wire::SeqNum;

constexpr std::uint32_t kFarBeyond = 2'000'000;  // no window of these worlds is that wide
constexpr std::uint32_t kAWhile = 12;            // segments
constexpr std::uint32_t kTicksOfOld = 1'000'000'000;

struct Telling {
  const LiarView& view;
  Random& random;
  std::vector<Segment>& segments;
  std::vector<Frame>& frames;

  bool now_and_then(double probability = 0.3) { return chance(random, probability); }
  std::uint32_t upto(std::uint32_t most) { return static_cast<std::uint32_t>(between(random, 0, most)); }
  std::vector<std::uint8_t> noise(std::size_t bytes) {
    std::vector<std::uint8_t> made(bytes);
    for (std::uint8_t& byte : made) byte = static_cast<std::uint8_t>(random());
    return made;
  }
  /// A pure ACK like the last segment, to be altered.
  Segment blank() const {
    Segment made = segments.back();
    made.payload.clear();
    made.header.flags = wire::kAck;
    made.header.seq = view.own_end;
    made.header.options.sack_count = 0;
    return made;
  }
  void put_first(Segment made) {
    segments.push_back(std::move(made));
    std::ranges::rotate(segments, segments.end() - 1);
  }
  std::uint32_t peer_bytes() const { return static_cast<std::uint32_t>(view.peer_end - view.peer_first); }
};

void ack_split(Telling& t) {
  std::vector<Segment> all;
  for (Segment& each : t.segments) {
    const std::int32_t whole = each.header.ack - t.view.peer_first;
    for (int i = 0; i < 3 && whole > 4 && each.payload.empty() && !each.header.has(wire::kFin); ++i) {
      Segment part = each;
      part.header.ack = each.header.ack - t.upto(std::min<std::uint32_t>(static_cast<std::uint32_t>(whole), 3'000));
      all.push_back(std::move(part));
    }
    all.push_back(std::move(each));
  }
  t.segments = std::move(all);
}

void ack_old(Telling& t) {
  Segment old = t.blank();
  const std::int32_t acknowledged = old.header.ack - t.view.peer_first;
  if (acknowledged <= 0) return;
  old.header.ack = old.header.ack - t.upto(static_cast<std::uint32_t>(acknowledged));
  old.header.window = static_cast<std::uint16_t>(t.random());
  old.header.seq = old.header.seq - 1;  // older than the true ones, or its window would count (RFC 9293 3.10.7.4)
  t.segments.push_back(std::move(old));
}

void ack_too_much(Telling& t) {
  Segment wrong = t.blank();
  wrong.header.ack = t.view.peer_end + kFarBeyond + t.upto(1'000'000'000);
  t.segments.push_back(std::move(wrong));
}

void sack_bogus(Telling& t) {
  for (Segment& each : t.segments) {
    wire::TcpOptions& options = each.header.options;
    if (each.header.has(wire::kSyn) || !t.now_and_then(0.5)) continue;
    options.sack_count = static_cast<std::uint8_t>(t.upto(3));
    for (auto& block : options.sack) {
      block.left =
          t.now_and_then(0.1) ? SeqNum(static_cast<std::uint32_t>(t.random())) : each.header.ack + t.upto(20'000);
      block.right = block.left + t.upto(10'000);
    }
  }
}

void old_bytes_other(Telling& t) {
  const std::int32_t acked = t.view.peer_ack - t.view.own_first;
  if (acked <= 1 || !t.now_and_then()) return;
  Segment again = t.blank();
  const std::uint32_t begin = t.upto(static_cast<std::uint32_t>(acked) - 1);
  again.header.seq = t.view.own_first + begin;
  again.payload = t.noise(std::min<std::size_t>(static_cast<std::size_t>(acked) - begin, 1'000));
  t.put_first(std::move(again));
}

void one_byte_segments(Telling& t) {
  constexpr std::size_t kMost = 40;
  if (t.segments.size() > 3) return;
  std::vector<Segment> all;
  for (const Segment& each : t.segments) {
    const std::size_t single = each.payload.empty() ? 0 : std::min(kMost, each.payload.size() - 1);
    for (std::size_t i = 0; i < single; ++i) {
      Segment byte = each;
      byte.header.flags = wire::kAck;
      byte.header.seq = each.header.seq + static_cast<std::uint32_t>(i);
      byte.payload.resize(1);
      byte.payload[0] = each.payload[i];
      all.push_back(std::move(byte));
    }
    Segment rest = each;
    rest.header.seq = each.header.seq + static_cast<std::uint32_t>(single);
    rest.payload.assign(each.payload.begin() + static_cast<std::ptrdiff_t>(single), each.payload.end());
    all.push_back(std::move(rest));
  }
  t.segments = std::move(all);
}

void window_shrinks(Telling& t) {
  for (Segment& each : t.segments) {
    if (each.header.has(wire::kSyn)) continue;
    each.header.window =
        t.now_and_then(0.2) ? std::uint16_t{0} : static_cast<std::uint16_t>(t.upto(each.header.window));
  }
}

void beyond_window(Telling& t) {
  Segment far = t.blank();
  far.header.seq = t.view.own_end + kFarBeyond + t.upto(1'000'000);
  far.payload = t.noise(1 + t.upto(1'000));
  t.segments.push_back(std::move(far));
}

// In the window, beyond all that was sent, so that RCV.NXT cannot come to lie there meanwhile.
void reset_in_window(Telling& t) {
  Segment reset = t.blank();
  reset.header.flags = t.now_and_then() ? wire::kRst | wire::kAck : wire::kRst;
  reset.header.seq = t.view.own_end + 2 + t.upto(1'000);
  t.put_first(std::move(reset));
}

void syn_in_window(Telling& t) {
  if (!t.now_and_then()) return;
  Segment syn = t.blank();
  syn.header.flags = t.now_and_then() ? wire::kSyn | wire::kAck : wire::kSyn;
  syn.header.seq = t.view.own_end + t.upto(1'000);
  t.segments.push_back(std::move(syn));
}

void timestamps_regress(Telling& t) {
  Segment old = t.segments.back();
  if (!old.header.options.timestamps || old.header.has(wire::kSyn)) return;
  old.payload = t.noise(old.payload.size());
  old.header.options.timestamps->value -= kTicksOfOld + t.upto(1'000'000);
  t.put_first(std::move(old));
}

void urgent(Telling& t) {
  for (Segment& each : t.segments) {
    if (each.header.has(wire::kSyn)) continue;
    each.header.flags |= wire::kUrg;
    each.header.urgent_pointer = static_cast<std::uint16_t>(t.random());
  }
}

void after_fin(Telling& t) {
  for (std::size_t i = 0, count = t.segments.size(); i < count; ++i) {
    if (!t.segments[i].header.has(wire::kFin) || t.segments[i].header.has(wire::kSyn)) continue;
    Segment more = t.blank();
    more.header.seq = t.segments[i].end();
    more.payload = t.noise(1 + t.upto(500));
    t.segments.push_back(std::move(more));
  }
}

void tiny_mss(Telling& t) {
  for (Segment& each : t.segments)
    if (each.header.has(wire::kSyn)) each.header.options.mss = static_cast<std::uint16_t>(t.upto(100));
}

void ecn_always(Telling& t) {
  for (Segment& each : t.segments)
    if (!each.header.has(wire::kSyn)) {
      each.header.flags |= wire::kEce | wire::kCwr;
      each.traffic_class = static_cast<std::uint8_t>(t.random() & 3);
    }
}

// The server's own segment, as a router might quote it.
void icmp(Telling& t) {
  if (!t.now_and_then()) return;
  Segment quoted = t.blank();
  std::swap(quoted.source, quoted.destination);
  std::swap(quoted.header.source_port, quoted.header.destination_port);
  quoted.header.seq = t.view.peer_first + t.upto(t.peer_bytes() + 3'000);
  std::swap(quoted.link.source, quoted.link.destination);
  constexpr std::array<std::uint16_t, 6> kMtus = {0, 40, 68, 552, 1'280, 65'535};
  if (auto told = too_big_answer(frame_of(quoted), kMtus[t.upto(5)])) {
    if (t.now_and_then(0.2) && quoted.source.is_v4()) {  // unreachable, with the checksum made right
      std::uint8_t* message = told->data() + 14 + 20;
      message[1] = static_cast<std::uint8_t>(t.upto(3));
      store_be16(message + 2, 0);
      store_be16(message + 2, wire::checksum(Bytes(*told).subspan(14 + 20)));
    }
    t.frames.push_back(std::move(*told));
  }
}

void options_garbage(Telling& t) {
  constexpr std::size_t kTcpFromV4 = 14 + 20;
  constexpr std::size_t kTcpFromV6 = 14 + 40;
  if (!t.now_and_then()) return;
  const Segment base = t.blank();
  Frame frame = frame_of(base);
  std::uint8_t* tcp = frame.data() + (base.source.is_v4() ? kTcpFromV4 : kTcpFromV6);
  // A header shorter than any, or longer than the segment; with a checksum that is right, half the time.
  tcp[12] = static_cast<std::uint8_t>((t.now_and_then(0.5) ? t.upto(4) : 15) << 4);
  if (t.now_and_then(0.5)) {
    const auto length = static_cast<std::size_t>(frame.data() + frame.size() - tcp);
    store_be16(tcp + 16, 0);
    store_be16(tcp + 16, wire::finish(wire::pseudo_header_sum(base.source, base.destination, 6, length) +
                                      wire::sum_bytes(Bytes(tcp, length))));
  }
  t.frames.push_back(std::move(frame));
  Segment senseless = t.blank();
  senseless.header.flags = t.now_and_then() ? std::uint8_t{0} : std::uint8_t{wire::kSyn | wire::kFin | wire::kRst};
  t.segments.push_back(std::move(senseless));
}

void ack_optimistic(Telling& t) {
  for (Segment& each : t.segments)
    if (!each.header.has(wire::kSyn) && t.now_and_then()) each.header.ack = t.view.peer_end + t.upto(6'000);
}

void window_never(Telling& t) {
  if (t.view.segments < kAWhile) return;
  for (Segment& each : t.segments) each.header.window = 0;
}

void new_bytes_other(Telling& t) {
  Segment other = t.blank();
  other.header.seq = t.view.peer_ack + t.upto(3'000);
  other.payload = t.noise(1 + t.upto(1'400));
  t.segments.push_back(std::move(other));
  if (t.now_and_then(0.5)) std::swap(t.segments.front(), t.segments.back());
}

void early_fin(Telling& t) {
  if (t.view.segments < kAWhile / 2) return;
  for (Segment& each : t.segments)
    if (t.now_and_then(0.1)) each.header.flags |= wire::kFin;
}

void storm(Telling& t) {
  for (int i = 0; i < 4; ++i) {
    Segment any = t.blank();
    any.header.seq = t.view.peer_ack + t.upto(6'000) - 3'000;
    any.header.ack = t.view.peer_end + t.upto(6'000) - 3'000;
    any.header.flags = t.now_and_then() ? static_cast<std::uint8_t>(t.random()) : std::uint8_t{wire::kAck};
    if (t.now_and_then(0.9)) any.header.flags &= static_cast<std::uint8_t>(~wire::kRst);
    any.header.window = static_cast<std::uint16_t>(t.random());
    any.header.urgent_pointer = static_cast<std::uint16_t>(t.random());
    any.header.options.sack_count = static_cast<std::uint8_t>(t.upto(4));
    for (auto& block : any.header.options.sack)
      block = {any.header.ack + t.upto(6'000) - 3'000, any.header.ack + t.upto(6'000)};
    any.payload = t.noise(t.upto(1'400));
    t.segments.push_back(std::move(any));
  }
}

void silence(Telling& t) {
  if (t.view.segments >= kAWhile) t.segments.clear();
}

}  // namespace

void tell(Lie lie, const LiarView& view, Random& random, std::vector<Segment>& segments, std::vector<Frame>& frames) {
  using Teller = void (*)(Telling&);
  static constexpr std::array<Teller, static_cast<std::size_t>(kLastLie) + 1> kTellers = {ack_split,
                                                                                          ack_old,
                                                                                          ack_too_much,
                                                                                          sack_bogus,
                                                                                          old_bytes_other,
                                                                                          one_byte_segments,
                                                                                          window_shrinks,
                                                                                          beyond_window,
                                                                                          reset_in_window,
                                                                                          syn_in_window,
                                                                                          timestamps_regress,
                                                                                          urgent,
                                                                                          after_fin,
                                                                                          tiny_mss,
                                                                                          ecn_always,
                                                                                          icmp,
                                                                                          options_garbage,
                                                                                          ack_optimistic,
                                                                                          window_never,
                                                                                          new_bytes_other,
                                                                                          early_fin,
                                                                                          storm,
                                                                                          silence};
  if (segments.empty() || (!view.established && lie != Lie::tiny_mss)) return;
  Telling telling{view, random, segments, frames};
  kTellers[static_cast<std::size_t>(lie)](telling);
}

}  // namespace handsel::sim
