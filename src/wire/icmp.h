#pragma once
/// ICMP for IPv4 (RFC 792, RFC 1191 4 for the next-hop MTU).

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>

#include "base/bytes.h"
#include "base/drop.h"
#include "wire/checksum.h"
#include "wire/embedded.h"

namespace handsel::wire {

enum class IcmpType : std::uint8_t {
  echo_reply = 0,
  unreachable = 3,
  echo_request = 8,
  time_exceeded = 11,
};

/// Codes of IcmpType::unreachable that the engine sends or acts upon (RFC 792, RFC 1122 3.2.2.1).
enum IcmpUnreachableCode : std::uint8_t {
  kNetUnreachable = 0,
  kHostUnreachable = 1,
  kProtocolUnreachable = 2,
  kPortUnreachable = 3,
  kFragmentationNeeded = 4,
  kCommunicationProhibited = 13,  // RFC 1812 5.2.7.1
};

/// A message with its 8-byte header.
class IcmpView {
 public:
  static constexpr std::size_t kHeaderBytes = 8;

  /// `message` is the IP payload. The checksum is not looked at: see checksum_ok(). Error: icmp_malformed.
  static std::expected<IcmpView, Drop> parse(Bytes message) {
    if (message.size() < kHeaderBytes) return std::unexpected(Drop::icmp_malformed);
    return IcmpView(message);
  }

  IcmpType type() const { return static_cast<IcmpType>(message_[0]); }
  std::uint8_t code() const { return message_[1]; }
  bool checksum_ok() const { return is_valid(sum_bytes(message_)); }
  bool is_echo() const { return type() == IcmpType::echo_request || type() == IcmpType::echo_reply; }
  /// An error about a datagram of ours.
  bool is_error() const { return type() == IcmpType::unreachable || type() == IcmpType::time_exceeded; }

  /// Echo only.
  std::uint16_t identifier() const { return load_be16(message_.data() + 4); }
  std::uint16_t sequence() const { return load_be16(message_.data() + 6); }
  /// Unreachable with kFragmentationNeeded: the next hop's MTU, zero from routers older than RFC 1191.
  std::uint16_t next_hop_mtu() const { return load_be16(message_.data() + 6); }
  /// The echoed data, or the start of the datagram that an error is about.
  Bytes data() const { return message_.subspan(kHeaderBytes); }
  std::expected<EmbeddedDatagram, Drop> embedded() const { return parse_embedded(data(), 4); }

 private:
  explicit IcmpView(Bytes message) : message_(message) {}
  Bytes message_;
};

struct IcmpEcho {
  bool reply = false;
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
  Bytes data;
};

/// An error about `original`, of which emit sends as much as fits in 576 bytes (RFC 1812 4.3.2.3).
struct IcmpError {
  IcmpType type = IcmpType::unreachable;
  std::uint8_t code = 0;
  std::uint16_t next_hop_mtu = 0;  ///< with kFragmentationNeeded
  Bytes original;                  ///< from its IP header

  static constexpr std::size_t kMaxOriginalBytes = 576 - 20 - IcmpView::kHeaderBytes;
};

inline std::size_t message_bytes(const IcmpEcho& echo) { return IcmpView::kHeaderBytes + echo.data.size(); }
inline std::size_t message_bytes(const IcmpError& error) {
  return IcmpView::kHeaderBytes + std::min(error.original.size(), IcmpError::kMaxOriginalBytes);
}

namespace detail {
/// Type, code, checksum, four bytes, data.
inline void emit_icmp(IcmpType type, std::uint8_t code, std::uint32_t rest, Bytes data, Writer& writer) {
  const MutableBytes room = writer.hole(IcmpView::kHeaderBytes + data.size());
  if (room.empty()) return;
  room[0] = static_cast<std::uint8_t>(type);
  room[1] = code;
  store_be16(room.data() + 2, 0);
  store_be32(room.data() + 4, rest);
  const Sum sum = copy_and_sum(room.data() + IcmpView::kHeaderBytes, data) + sum_words(room.data(), 2);
  store_be16(room.data() + 2, finish(sum));
}
}  // namespace detail

/// Both emit the message with its checksum.
inline void emit(const IcmpEcho& echo, Writer& writer) {
  detail::emit_icmp(echo.reply ? IcmpType::echo_reply : IcmpType::echo_request, 0,
                    std::uint32_t{echo.identifier} << 16 | echo.sequence, echo.data, writer);
}
inline void emit(const IcmpError& error, Writer& writer) {
  detail::emit_icmp(error.type, error.code, error.next_hop_mtu,
                    error.original.first(message_bytes(error) - IcmpView::kHeaderBytes), writer);
}

}  // namespace handsel::wire
