#pragma once
/// ICMPv6 (RFC 4443). Neighbour discovery, which travels in it, is wire/nd.h.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>

#include "base/bytes.h"
#include "base/drop.h"
#include "wire/address.h"
#include "wire/checksum.h"
#include "wire/embedded.h"

namespace handsel::wire {

enum class Icmpv6Type : std::uint8_t {
  unreachable = 1,
  packet_too_big = 2,
  time_exceeded = 3,
  parameter_problem = 4,
  echo_request = 128,
  echo_reply = 129,
  router_solicitation = 133,
  router_advertisement = 134,
  neighbour_solicitation = 135,
  neighbour_advertisement = 136,
};

/// Codes of Icmpv6Type::unreachable that the engine sends or acts upon (RFC 4443 3.1).
enum Icmpv6UnreachableCode : std::uint8_t {
  kNoRoute = 0,
  kProhibited = 1,
  kAddressUnreachable = 3,
  kPortUnreachableV6 = 4,
};

/// The two ends of the pseudo-header, without which no ICMPv6 message has a checksum.
struct Icmpv6Path {
  IpAddress source;
  IpAddress destination;
};

/// A message with its 8-byte header.
class Icmpv6View {
 public:
  static constexpr std::size_t kHeaderBytes = 8;

  /// `message` is the IP payload behind extension headers. The checksum is not looked at: see checksum_ok(). Error:
  /// icmp_malformed.
  static std::expected<Icmpv6View, Drop> parse(Bytes message) {
    if (message.size() < kHeaderBytes) return std::unexpected(Drop::icmp_malformed);
    return Icmpv6View(message);
  }

  Icmpv6Type type() const { return static_cast<Icmpv6Type>(message_[0]); }
  std::uint8_t code() const { return message_[1]; }
  bool checksum_ok(const Icmpv6Path& path) const {
    return is_valid(pseudo_header_sum(path.source, path.destination, kProtocolIcmpv6, message_.size()) +
                    sum_bytes(message_));
  }
  bool is_echo() const { return type() == Icmpv6Type::echo_request || type() == Icmpv6Type::echo_reply; }
  /// An error about a packet of ours: types below 128 (RFC 4443 2.1).
  bool is_error() const { return message_[0] < 128; }
  bool is_neighbour_discovery() const { return message_[0] >= 133 && message_[0] <= 136; }

  /// Echo only.
  std::uint16_t identifier() const { return load_be16(message_.data() + 4); }
  std::uint16_t sequence() const { return load_be16(message_.data() + 6); }
  /// Packet too big only (RFC 4443 3.2).
  std::uint32_t mtu() const { return load_be32(message_.data() + 4); }
  /// The echoed data, or the start of the packet that an error is about.
  Bytes data() const { return message_.subspan(kHeaderBytes); }
  std::expected<EmbeddedDatagram, Drop> embedded() const { return parse_embedded(data(), 6); }
  Bytes message() const { return message_; }

 private:
  explicit Icmpv6View(Bytes message) : message_(message) {}
  Bytes message_;
};

struct Icmpv6Echo {
  bool reply = false;
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
  Bytes data;
};

/// An error about `original`, of which emit sends as much as fits in the minimum MTU (RFC 4443 2.4 c).
struct Icmpv6Error {
  Icmpv6Type type = Icmpv6Type::unreachable;
  std::uint8_t code = 0;
  std::uint32_t mtu = 0;  ///< with Icmpv6Type::packet_too_big
  Bytes original;         ///< from its IP header

  static constexpr std::size_t kMaxOriginalBytes = 1280 - 40 - Icmpv6View::kHeaderBytes;
};

inline std::size_t message_bytes(const Icmpv6Echo& echo) { return Icmpv6View::kHeaderBytes + echo.data.size(); }
inline std::size_t message_bytes(const Icmpv6Error& error) {
  return Icmpv6View::kHeaderBytes + std::min(error.original.size(), Icmpv6Error::kMaxOriginalBytes);
}

namespace detail {
/// Fills in the checksum of a message that stands in `message` with a zero one.
inline void seal_icmpv6(MutableBytes message, const Icmpv6Path& path) {
  const Sum pseudo = pseudo_header_sum(path.source, path.destination, kProtocolIcmpv6, message.size());
  store_be16(message.data() + 2, finish(pseudo + sum_bytes(message)));
}
inline void emit_icmpv6(Icmpv6Type type, std::uint8_t code, std::uint32_t rest, Bytes data, const Icmpv6Path& path,
                        Writer& writer) {
  const MutableBytes room = writer.hole(Icmpv6View::kHeaderBytes + data.size());
  if (room.empty()) return;
  room[0] = static_cast<std::uint8_t>(type);
  room[1] = code;
  store_be16(room.data() + 2, 0);
  store_be32(room.data() + 4, rest);
  if (!data.empty()) std::memcpy(room.data() + Icmpv6View::kHeaderBytes, data.data(), data.size());
  seal_icmpv6(room, path);
}
}  // namespace detail

/// Both emit the message with its checksum for `path`.
inline void emit(const Icmpv6Echo& echo, const Icmpv6Path& path, Writer& writer) {
  detail::emit_icmpv6(echo.reply ? Icmpv6Type::echo_reply : Icmpv6Type::echo_request, 0,
                      std::uint32_t{echo.identifier} << 16 | echo.sequence, echo.data, path, writer);
}
inline void emit(const Icmpv6Error& error, const Icmpv6Path& path, Writer& writer) {
  detail::emit_icmpv6(error.type, error.code, error.mtu,
                      error.original.first(message_bytes(error) - Icmpv6View::kHeaderBytes), path, writer);
}

}  // namespace handsel::wire
