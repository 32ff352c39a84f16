#pragma once
/// Frames taken apart and put together again: what links, liars and attackers work on.

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "base/bytes.h"
#include "wire/address.h"
#include "wire/frame.h"
#include "wire/tcp.h"

namespace handsel::sim {

using Frame = std::vector<std::uint8_t>;
using Random = std::mt19937_64;

/// True with the given probability; draws nothing when that is 0.
inline bool chance(Random& random, double probability) {
  return probability > 0 && std::uniform_real_distribution<double>(0, 1)(random) < probability;
}
/// Uniform in [least, most].
inline std::uint64_t between(Random& random, std::uint64_t least, std::uint64_t most) {
  return least + random() % (most - least + 1);
}

/// A TCP segment in its frame, as a value.
struct Segment {
  wire::LinkHeader link;
  wire::IpAddress source;
  wire::IpAddress destination;
  std::uint8_t traffic_class = 0;
  wire::TcpHeader header;
  std::vector<std::uint8_t> payload;

  wire::SeqNum end() const { return header.seq + wire::segment_length(header, payload.size()); }
};

/// nullopt for all but a TCP segment with good checksums.
std::optional<Segment> segment_of(Bytes frame);
/// The frame, with good checksums.
Frame frame_of(const Segment& segment);

/// What a router says of `frame`, which its next link does not take: ICMP fragmentation needed (RFC 1191) or ICMPv6
/// packet too big (RFC 8201), from the router's own address to the frame's sender. nullopt for what is not IP.
std::optional<Frame> too_big_answer(Bytes frame, std::uint16_t mtu);

/// Sets the IP header's ECN field to CE (RFC 3168 5) where it says that the transport understands it; false elsewhere.
bool mark_congestion(Frame& frame);

}  // namespace handsel::sim
