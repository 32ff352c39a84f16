#include "flow/fragments.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "wire/frame.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace handsel::flow {
namespace {

constexpr Duration kPatience = std::chrono::seconds(60);
constexpr std::size_t kPerSource = limits::kMaxFragmentedPackets / 8;
// In a buffer the payload lies behind the longest headers that are written before it.
constexpr std::size_t kPayloadAt = wire::EthernetHeader::kUntaggedBytes +
                                   wire::EthernetHeader::kTagBytes * limits::kMaxVlanTags + wire::Ipv6Header::kBytes;
constexpr std::size_t kMaxPayload = limits::kMaxFrameBytes - kPayloadAt;

/// RFC 3168 5.3: CE in any piece marks the whole; other pieces must agree, and the first one's word stands.
std::uint8_t join_ecn(std::uint8_t whole, std::uint8_t piece) {
  constexpr std::uint8_t kCe = static_cast<std::uint8_t>(wire::Ecn::ce);
  const bool marked = (piece & 3) == kCe && (whole & 3) != static_cast<std::uint8_t>(wire::Ecn::not_ect);
  return marked ? static_cast<std::uint8_t>(whole | kCe) : whole;
}

}  // namespace

Fragments::Fragments(ShardStatistics& statistics)
    : statistics_(statistics),
      packets_(limits::kMaxFragmentedPackets),
      buffers_(new std::uint8_t[limits::kMaxFragmentedPackets * limits::kMaxFrameBytes]) {}

MutableBytes Fragments::take(const wire::FragmentView& fragment, Instant now) {
  Packet* packet = find(fragment);
  if (packet == nullptr) packet = &start(fragment, now);
  std::optional<Drop> fault = Drop::ip_fragment_overlap;
  if (packet->state == Packet::State::gathering) fault = add(*packet, fragment);
  if (!fault) {
    if (!packet->end_known || packet->bytes != packet->end) return {};
    statistics_.packets.reassembled.add();
    return frame_of(*packet);
  }
  drop(*fault, 1);
  if (*fault == Drop::ip_fragment_duplicate) return {};
  drop(*fault, std::exchange(packet->count, std::uint8_t{0}));
  packet->state = Packet::State::ruined;  // remembered, so that no later piece of it begins anew
  return {};
}

void Fragments::release() {
  if (whole_ == 0) return;
  for (Packet& packet : packets_)
    if (packet.state == Packet::State::whole) free(packet);
  whole_ = 0;
}

void Fragments::expire(Instant now) {
  if (used_ == 0) return;
  for (Packet& packet : packets_) {
    const bool waits = packet.state == Packet::State::gathering || packet.state == Packet::State::ruined;
    if (!waits || now - packet.started < kPatience) continue;
    drop(Drop::ip_fragment_timeout, packet.count);
    free(packet);
  }
}

Instant Fragments::next_deadline() const {
  Instant next = kNever;
  if (used_ == 0) return next;
  for (const Packet& packet : packets_)
    if (packet.state != Packet::State::free) next = std::min(next, packet.started + kPatience);
  return next;
}

// A frame that is whole belongs to this burst and is nobody's to add to.
Fragments::Packet* Fragments::find(const wire::FragmentView& fragment) {
  const bool ipv4 = fragment.source.is_v4();
  for (Packet& packet : packets_) {
    if (packet.state == Packet::State::free || packet.state == Packet::State::whole) continue;
    if (packet.identification == fragment.identification && packet.ipv4 == ipv4 && packet.source == fragment.source &&
        packet.destination == fragment.destination && (!ipv4 || packet.protocol == fragment.protocol))
      return &packet;
  }
  return nullptr;
}

Fragments::Packet& Fragments::start(const wire::FragmentView& fragment, Instant now) {
  Packet* oldest = nullptr;
  Packet* oldest_of_source = nullptr;
  Packet* room = nullptr;
  std::size_t of_source = 0;
  for (Packet& packet : packets_) {
    if (packet.state == Packet::State::free) room = &packet;
    if (packet.state == Packet::State::free || packet.state == Packet::State::whole) continue;
    if (!oldest || packet.started < oldest->started) oldest = &packet;
    if (packet.source != fragment.source) continue;
    ++of_source;
    if (!oldest_of_source || packet.started < oldest_of_source->started) oldest_of_source = &packet;
  }
  // A burst holds fewer frames than there is room for packets, so that not all of them can be whole.
  static_assert(limits::kBurst < limits::kMaxFragmentedPackets);
  if (of_source >= kPerSource) room = oldest_of_source;
  if (room == nullptr) room = oldest;
  if (room->state != Packet::State::free) {
    drop(Drop::ip_fragment_table_full, room->count);
    free(*room);
  }
  *room = Packet{};
  room->state = Packet::State::gathering;
  room->ipv4 = fragment.source.is_v4();
  room->protocol = fragment.protocol;
  room->traffic_class = fragment.traffic_class;
  room->identification = fragment.identification;
  room->started = now;
  room->source = fragment.source;
  room->destination = fragment.destination;
  ++used_;
  return *room;
}

std::optional<Drop> Fragments::add(Packet& packet, const wire::FragmentView& fragment) {
  const std::size_t end = fragment.end();
  if (end > kMaxPayload) return Drop::ip_fragment_too_long;
  const std::span pieces(packet.pieces.data(), packet.count);
  for (const Piece& piece : pieces) {
    if (piece.begin == fragment.offset && piece.end == end) return Drop::ip_fragment_duplicate;
    if (fragment.offset < piece.end && piece.begin < end) return Drop::ip_fragment_overlap;
    if (!fragment.more && piece.end > end) return Drop::ip_fragment_overlap;  // there is more than its end
  }
  if (packet.end_known && (!fragment.more || end > packet.end)) return Drop::ip_fragment_overlap;
  if (packet.count == packet.pieces.size()) return Drop::ip_fragment_table_full;
  packet.pieces[packet.count++] = {fragment.offset, static_cast<std::uint16_t>(end)};
  packet.bytes = static_cast<std::uint16_t>(packet.bytes + fragment.payload.size());
  if (!fragment.more) {
    packet.end_known = true;
    packet.end = static_cast<std::uint16_t>(end);
  }
  if (fragment.offset == 0) {
    packet.protocol = fragment.protocol;
    packet.ttl = fragment.ttl;
    packet.link = fragment.link.to_header();
  }
  packet.traffic_class = join_ecn(packet.traffic_class, fragment.traffic_class);
  std::memcpy(buffer_of(packet) + kPayloadAt + fragment.offset, fragment.payload.data(), fragment.payload.size());
  return std::nullopt;
}

MutableBytes Fragments::frame_of(Packet& packet) {
  packet.state = Packet::State::whole;
  --used_;
  ++whole_;
  const wire::IpFields ip{.source = packet.source,
                          .destination = packet.destination,
                          .ttl = packet.ttl,
                          .traffic_class = packet.traffic_class,
                          .dont_fragment = false};
  std::uint8_t* const payload = buffer_of(packet) + kPayloadAt;
  std::uint8_t* const begin = payload - wire::ip_header_bytes(ip) - packet.link.header_bytes();
  wire::write_ip_header(wire::write_at(begin, packet.link), ip, packet.protocol, packet.end);
  return {begin, payload + packet.end};
}

std::uint8_t* Fragments::buffer_of(const Packet& packet) {
  return buffers_.get() + limits::kMaxFrameBytes * static_cast<std::size_t>(&packet - packets_.data());
}

void Fragments::drop(Drop reason, std::uint32_t fragments) {
  statistics_.drops.count(reason, fragments);
  statistics_.packets.dropped.add(fragments);
}

void Fragments::free(Packet& packet) {
  if (packet.state != Packet::State::whole) --used_;
  packet.state = Packet::State::free;
  packet.count = 0;
}

}  // namespace handsel::flow
