#pragma once
/// The IPv6 header and its extension headers (RFC 8200 3 and 4).

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <optional>

#include "base/bytes.h"
#include "base/drop.h"
#include "base/limits.h"
#include "wire/address.h"
#include "wire/ipv4.h"

namespace handsel::wire {

/// Next Header values that name an extension (or the absence of anything more).
enum Ipv6Extension : std::uint8_t {
  kHopByHop = 0,
  kRouting = 43,
  kFragment = 44,
  kNoNextHeader = 59,
  kDestinationOptions = 60,
};

/// The fixed header as a value.
struct Ipv6Header {
  static constexpr std::size_t kBytes = 40;

  std::uint8_t traffic_class = 0;   ///< DSCP (6 bits) and ECN (2 bits)
  std::uint32_t flow_label = 0;     ///< 20 bits
  std::uint16_t payload_bytes = 0;  ///< extension headers included
  std::uint8_t next_header = 0;
  std::uint8_t hop_limit = 64;
  IpAddress source;
  IpAddress destination;

  bool operator==(const Ipv6Header&) const = default;
};

/// A packet whose fixed header and payload length fit in the bytes at hand.
class Ipv6View {
 public:
  Ipv6View() = default;

  /// `packet` begins at the header; what follows the payload (Ethernet padding) is cut off. Errors: ip6_truncated,
  /// ip6_bad_version.
  static std::expected<Ipv6View, Drop> parse(Bytes packet) {
    Ipv6View view;
    if (const auto fault = view.assign(packet)) return std::unexpected(*fault);
    return view;
  }
  std::optional<Drop> assign(Bytes packet) {
    if (packet.size() < Ipv6Header::kBytes) return Drop::ip6_truncated;
    if (packet[0] >> 4 != 6) return Drop::ip6_bad_version;
    const std::size_t total = Ipv6Header::kBytes + load_be16(packet.data() + 4);
    if (total > packet.size()) return Drop::ip6_truncated;
    packet_ = packet.first(total);
    return std::nullopt;
  }

  std::uint8_t traffic_class() const { return static_cast<std::uint8_t>(load_be16(packet_.data()) >> 4); }
  Ecn ecn() const { return static_cast<Ecn>(traffic_class() & 3); }
  std::uint32_t flow_label() const { return load_be32(packet_.data()) & 0xfffff; }
  std::uint16_t payload_bytes() const { return load_be16(packet_.data() + 4); }
  std::uint8_t next_header() const { return packet_[6]; }
  std::uint8_t hop_limit() const { return packet_[7]; }
  IpAddress source() const { return IpAddress::from_v6(packet_.data() + 8); }
  IpAddress destination() const { return IpAddress::from_v6(packet_.data() + 24); }
  /// Extension headers and what follows them.
  Bytes payload() const { return packet_.subspan(Ipv6Header::kBytes); }

  Ipv6Header to_header() const {
    return {traffic_class(), flow_label(), payload_bytes(), next_header(), hop_limit(), source(), destination()};
  }

 private:
  Bytes packet_;
};

/// The fragment extension header (RFC 8200 4.5).
struct Ipv6FragmentHeader {
  static constexpr std::size_t kBytes = 8;

  std::uint8_t next_header = 0;
  std::uint16_t offset = 0;  ///< in units of 8 bytes, 13 bits
  bool more_fragments = false;
  std::uint32_t identification = 0;

  /// Errors: ip6_bad_extension when fewer than 8 bytes are left.
  static std::expected<Ipv6FragmentHeader, Drop> parse(Bytes at) {
    if (at.size() < kBytes) return std::unexpected(Drop::ip6_bad_extension);
    const std::uint16_t field = load_be16(at.data() + 2);
    return Ipv6FragmentHeader{at[0], static_cast<std::uint16_t>(field >> 3), (field & 1) != 0,
                              load_be32(at.data() + 4)};
  }
  /// A whole datagram that only looks like a fragment; it is processed by itself (RFC 6946 4).
  bool is_atomic() const { return offset == 0 && !more_fragments; }
  bool operator==(const Ipv6FragmentHeader&) const = default;
};

/// Where the chain of extension headers ends.
struct Ipv6Upper {
  std::uint8_t protocol = 0;                   ///< the first Next Header that is no extension we walk
  std::uint16_t offset = 0;                    ///< of its first byte, from the end of the fixed header
  std::optional<Ipv6FragmentHeader> fragment;  ///< set when the walk ended at a real fragment's header
};

/// Walks hop-by-hop options, routing, destination options and atomic fragment headers, at most
/// limits::kMaxIpv6Extensions of them. At a real fragment it stops behind the fragment header. Errors:
/// ip6_bad_extension (does not fit; hop-by-hop not first; an option that must be recognised, RFC 8200 4.2; a routing
/// header with segments left, RFC 8200 4.4 and RFC 5095), ip6_too_many_extensions.
std::expected<Ipv6Upper, Drop> walk_ipv6_extensions(std::uint8_t next_header, Bytes payload);

/// Writes Ipv6Header::kBytes bytes that the caller has checked to exist; gives the first byte behind them.
inline std::uint8_t* write_at(std::uint8_t* at, const Ipv6Header& header) {
  store_be32(at, 6u << 28 | std::uint32_t{header.traffic_class} << 20 | (header.flow_label & 0xfffff));
  store_be16(at + 4, header.payload_bytes);
  at[6] = header.next_header;
  at[7] = header.hop_limit;
  std::memcpy(at + 8, header.source.bytes().data(), IpAddress::kBytes);
  std::memcpy(at + 24, header.destination.bytes().data(), IpAddress::kBytes);
  return at + Ipv6Header::kBytes;
}

inline void emit(const Ipv6Header& header, Writer& writer) {
  if (const MutableBytes room = writer.hole(Ipv6Header::kBytes); !room.empty()) write_at(room.data(), header);
}

inline void emit(const Ipv6FragmentHeader& header, Writer& writer) {
  writer.u8(header.next_header);
  writer.u8(0);
  writer.u16(static_cast<std::uint16_t>(header.offset << 3 | (header.more_fragments ? 1 : 0)));
  writer.u32(header.identification);
}

}  // namespace handsel::wire
