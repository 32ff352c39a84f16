#pragma once
/// The IPv4 header (RFC 791 3.1, with RFC 2474 and 3168 for the second byte).

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <optional>

#include "base/bytes.h"
#include "base/drop.h"
#include "wire/address.h"
#include "wire/checksum.h"

namespace handsel::wire {

/// Protocol numbers that the engine speaks, over either version of IP.
enum IpProtocol : std::uint8_t {
  kProtocolIcmp = 1,
  kProtocolTcp = 6,
  kProtocolUdp = 17,
  kProtocolIcmpv6 = 58,
};

/// The ECN field (RFC 3168 5).
enum class Ecn : std::uint8_t { not_ect = 0, ect1 = 1, ect0 = 2, ce = 3 };

/// The header as a value. The checksum is not in it: emit computes it.
struct Ipv4Header {
  static constexpr std::size_t kMinBytes = 20;
  static constexpr std::size_t kMaxOptionsBytes = 40;

  std::uint8_t traffic_class = 0;  ///< DSCP (6 bits) and ECN (2 bits)
  std::uint16_t total_bytes = 0;   ///< header and payload
  std::uint16_t identification = 0;
  bool dont_fragment = true;
  bool more_fragments = false;
  std::uint16_t fragment_offset = 0;  ///< in units of 8 bytes, 13 bits
  std::uint8_t ttl = 64;
  std::uint8_t protocol = 0;
  IpAddress source;
  IpAddress destination;
  std::array<std::uint8_t, kMaxOptionsBytes> options{};
  std::uint8_t options_bytes = 0;  ///< a multiple of 4, at most 40

  std::size_t header_bytes() const { return kMinBytes + options_bytes; }
  bool operator==(const Ipv4Header&) const = default;
};

/// True when every option has a possible length (RFC 791 3.1). At most 40 bytes, so the walk is bounded.
inline bool ipv4_options_well_formed(Bytes options) {
  while (!options.empty()) {
    const std::uint8_t kind = options[0];
    if (kind == 0) return true;  // end of list
    std::size_t size = 1;
    if (kind != 1) {  // all but no-operation have a length
      if (options.size() < 2) return false;
      size = options[1];
      if (size < 2 || size > options.size()) return false;
    }
    options = options.subspan(size);
  }
  return true;
}

/// A packet whose header and total length fit in the bytes at hand.
class Ipv4View {
 public:
  Ipv4View() = default;

  /// `packet` begins at the header; what follows the total length (Ethernet padding) is cut off. The header checksum
  /// is not looked at: see checksum_ok(). Errors: ip4_truncated, ip4_bad_version, ip4_bad_header_length,
  /// ip4_bad_options.
  static std::expected<Ipv4View, Drop> parse(Bytes packet) {
    Ipv4View view;
    if (const auto fault = view.assign(packet)) return std::unexpected(*fault);
    return view;
  }
  std::optional<Drop> assign(Bytes packet) {
    if (packet.size() < Ipv4Header::kMinBytes) return Drop::ip4_truncated;
    const std::uint8_t first = packet[0];
    if (first >> 4 != 4) return Drop::ip4_bad_version;
    const std::size_t header = std::size_t{first & 15u} * 4;
    const std::size_t total = load_be16(packet.data() + 2);
    if (header < Ipv4Header::kMinBytes) return Drop::ip4_bad_header_length;
    if (total < header || total > packet.size()) return Drop::ip4_truncated;
    if (header > Ipv4Header::kMinBytes &&
        !ipv4_options_well_formed(packet.subspan(Ipv4Header::kMinBytes, header - Ipv4Header::kMinBytes)))
      return Drop::ip4_bad_options;
    packet_ = packet.first(total);
    return std::nullopt;
  }

  std::size_t header_bytes() const { return std::size_t{packet_[0] & 15u} * 4; }
  std::uint8_t traffic_class() const { return packet_[1]; }
  Ecn ecn() const { return static_cast<Ecn>(packet_[1] & 3); }
  std::uint16_t total_bytes() const { return load_be16(packet_.data() + 2); }
  std::uint16_t identification() const { return load_be16(packet_.data() + 4); }
  bool dont_fragment() const { return (packet_[6] & 0x40) != 0; }
  bool more_fragments() const { return (packet_[6] & 0x20) != 0; }
  /// In units of 8 bytes.
  std::uint16_t fragment_offset() const { return load_be16(packet_.data() + 6) & 0x1fff; }
  /// Part of a datagram, not all of it.
  bool is_fragment() const { return (load_be16(packet_.data() + 6) & 0x3fff) != 0; }
  std::uint8_t ttl() const { return packet_[8]; }
  std::uint8_t protocol() const { return packet_[9]; }
  std::uint16_t checksum() const { return load_be16(packet_.data() + 10); }
  bool checksum_ok() const {
    constexpr std::size_t kMinWords = Ipv4Header::kMinBytes / 4;
    const Sum sum = sum_words(packet_.data(), kMinWords);  // unrolled: all that nearly every packet has
    const std::size_t more = header_bytes() / 4 - kMinWords;
    return is_valid(more == 0 ? sum : sum + sum_words(packet_.data() + Ipv4Header::kMinBytes, more));
  }
  IpAddress source() const { return IpAddress::from_v4(packet_.data() + 12); }
  IpAddress destination() const { return IpAddress::from_v4(packet_.data() + 16); }
  Bytes options() const { return packet_.subspan(Ipv4Header::kMinBytes, header_bytes() - Ipv4Header::kMinBytes); }
  Bytes payload() const { return packet_.subspan(header_bytes()); }

  Ipv4Header to_header() const {
    Ipv4Header header{traffic_class(),   total_bytes(), identification(), dont_fragment(), more_fragments(),
                      fragment_offset(), ttl(),         protocol(),       source(),        destination()};
    const Bytes raw = options();
    header.options_bytes = static_cast<std::uint8_t>(raw.size());
    if (!raw.empty()) std::memcpy(header.options.data(), raw.data(), raw.size());
    return header;
  }

 private:
  Bytes packet_;
};

/// Writes header.header_bytes() bytes that the caller has checked to exist, checksum included unless the port
/// computes it (the field is then zero); gives the first byte behind them.
inline std::uint8_t* write_at(std::uint8_t* at, const Ipv4Header& header, bool with_checksum = true) {
  SummedWords words(at);
  words.put(static_cast<std::uint32_t>(0x40 | header.header_bytes() / 4) << 8 | header.traffic_class,
            header.total_bytes);
  words.put(header.identification, (header.dont_fragment ? 0x4000u : 0) | (header.more_fragments ? 0x2000u : 0) |
                                       (header.fragment_offset & 0x1fffu));
  words.put(std::uint32_t{header.ttl} << 8 | header.protocol, 0);
  words.copy(header.source.v4_bytes().data());
  words.copy(header.destination.v4_bytes().data());
  for (std::size_t i = 0; i < header.options_bytes; i += 4) words.copy(header.options.data() + i);
  if (with_checksum) store_be16(at + 10, finish(words.sum()));
  return words.at();
}

inline void emit(const Ipv4Header& header, Writer& writer) {
  if (const MutableBytes room = writer.hole(header.header_bytes()); !room.empty()) write_at(room.data(), header);
}

}  // namespace handsel::wire
