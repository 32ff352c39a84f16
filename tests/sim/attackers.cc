#include "attackers.h"

#include <algorithm>
#include <array>

namespace handsel::sim {
namespace {

void emit(const Frame& frame, flow::FrameSink& out) {
  const MutableBytes room = out.begin(frame.size());
  std::copy(frame.begin(), frame.end(), room.begin());
  out.commit(frame.size());
}

Duration up_to(Random& random, Duration most) {
  return Duration(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * most.count() + 1)));
}

}  // namespace

void Flood::run(Instant now, flow::FrameSink& out) {
  while (next_deadline() <= now) {
    const bool ipv6 = random_() % 2 == 0;
    Segment made;
    made.link = {.destination = kServerMac, .source = client_mac(config_.id)};
    made.source = client_address(static_cast<std::uint16_t>(between(random_, 0x2000, 0x3fff)), ipv6);
    made.destination = server_address(ipv6);
    made.header.source_port = static_cast<std::uint16_t>(between(random_, 1, 65'535));
    made.header.destination_port = config_.port;
    made.header.seq = wire::SeqNum(static_cast<std::uint32_t>(random_()));
    made.header.flags = config_.flags;
    if (made.header.has(wire::kAck)) made.header.ack = wire::SeqNum(static_cast<std::uint32_t>(random_()));
    made.header.window = static_cast<std::uint16_t>(random_());
    if (random_() % 2) made.header.options.mss = static_cast<std::uint16_t>(random_());
    if (random_() % 2) made.header.options.window_scale = static_cast<std::uint8_t>(random_());
    if (random_() % 2) made.header.options.sack_permitted = true;
    if (random_() % 2) made.header.options.timestamps = wire::TcpTimestamps{static_cast<std::uint32_t>(random_()), 0};
    emit(frame_of(made), out);
    ++sent_;
    next_ = now + up_to(random_, config_.every);
  }
}

void Flood::receive(Frame frame, Instant, flow::FrameSink& out) {
  const auto answer = segment_of(frame);
  if (muted_ || !answer || !answer->header.has(wire::kSyn)) return;
  const bool completes = chance(random_, config_.completes);
  if (!completes && !chance(random_, config_.resets)) return;
  Segment reply;
  reply.link = {.destination = kServerMac, .source = client_mac(config_.id)};
  reply.source = answer->destination;
  reply.destination = answer->source;
  reply.header.source_port = answer->header.destination_port;
  reply.header.destination_port = answer->header.source_port;
  reply.header.seq = answer->header.ack;
  reply.header.ack = answer->header.seq + 1;
  reply.header.flags = completes ? wire::kAck : wire::kRst;
  reply.header.window = static_cast<std::uint16_t>(random_());
  if (answer->header.options.timestamps)
    reply.header.options.timestamps = wire::TcpTimestamps{answer->header.options.timestamps->echo_reply + 1,
                                                          answer->header.options.timestamps->value};
  emit(frame_of(reply), out);
}

Segment Blind::guess() {
  const ClientConfig& victim = victims_[random_() % victims_.size()];
  Segment made;
  made.link = {.destination = kServerMac, .source = client_mac(id_)};
  made.source = client_address(victim.id, victim.ipv6);
  made.destination = server_address(victim.ipv6);
  made.header.source_port = client_port(victim.id);
  made.header.destination_port = victim.port;
  made.header.seq = wire::SeqNum(static_cast<std::uint32_t>(random_()));
  made.header.ack = wire::SeqNum(static_cast<std::uint32_t>(random_()));
  constexpr std::array<std::uint8_t, 6> kFlags = {
      wire::kRst, wire::kRst | wire::kAck, wire::kAck, wire::kAck | wire::kFin, wire::kSyn | wire::kAck, wire::kAck};
  made.header.flags = kFlags[random_() % kFlags.size()];
  made.header.window = static_cast<std::uint16_t>(random_());
  if (random_() % 2)
    made.header.options.timestamps =
        wire::TcpTimestamps{static_cast<std::uint32_t>(random_()), static_cast<std::uint32_t>(random_())};
  if (!made.header.has(wire::kRst)) made.payload.resize(random_() % 200, 0xbb);
  return made;
}

void Blind::run(Instant now, flow::FrameSink& out) {
  while (next_deadline() <= now) {
    Segment made = guess();
    if (random_() % 4 == 0) {  // as if a router could not send on what the server sent
      std::swap(made.source, made.destination);
      std::swap(made.header.source_port, made.header.destination_port);
      std::swap(made.link.source, made.link.destination);
      const auto mtu = static_cast<std::uint16_t>(random_() % 1'500);
      if (const auto told = too_big_answer(frame_of(made), mtu)) emit(*told, out);
    } else {
      emit(frame_of(made), out);
    }
    ++sent_;
    next_ = now + up_to(random_, std::chrono::milliseconds(2));
  }
}

}  // namespace handsel::sim
