#pragma once
/// The TCP header (RFC 9293 3.1) and its options (RFC 9293 3.2, 7323, 2018, 2883).

#include <array>
#include <cstdint>
#include <expected>
#include <optional>

#include "base/bytes.h"
#include "base/drop.h"
#include "wire/sequence.h"

namespace handsel::wire {

/// The flag bits as they stand on the wire, plus AE/NS left out.
enum TcpFlag : std::uint8_t {
  kFin = 0x01,
  kSyn = 0x02,
  kRst = 0x04,
  kPsh = 0x08,
  kAck = 0x10,
  kUrg = 0x20,
  kEce = 0x40,
  kCwr = 0x80,
};

struct SackBlock {
  SeqNum left;   ///< first sequence number of the block
  SeqNum right;  ///< first one behind it
  bool operator==(const SackBlock&) const = default;
};

struct TcpTimestamps {
  std::uint32_t value = 0;       ///< TSval
  std::uint32_t echo_reply = 0;  ///< TSecr
  bool operator==(const TcpTimestamps&) const = default;
};

/// Options by meaning. Unknown kinds are skipped when parsed and never emitted; an option of bad length
/// ends the parse quietly (what came before it counts), as RFC 9293 MUST-7 asks to survive it.
struct TcpOptions {
  static constexpr std::size_t kMaxSackBlocks = 4;

  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> window_scale;  ///< as sent; the clamp to 14 is the connection's
  bool sack_permitted = false;
  std::optional<TcpTimestamps> timestamps;
  std::array<SackBlock, kMaxSackBlocks> sack{};
  std::uint8_t sack_count = 0;

  bool operator==(const TcpOptions&) const = default;
};

/// A TCP header as a value: what a segment says, apart from its payload.
struct TcpHeader {
  static constexpr std::size_t kMinBytes = 20;
  static constexpr std::size_t kMaxBytes = 60;

  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  SeqNum seq;
  SeqNum ack;
  std::uint8_t flags = 0;  ///< TcpFlag bits
  std::uint16_t window = 0;  ///< as it stands on the wire, unscaled
  std::uint16_t urgent_pointer = 0;
  TcpOptions options;

  bool has(TcpFlag flag) const { return (flags & flag) != 0; }
  bool operator==(const TcpHeader&) const = default;
};

/// How many sequence numbers a segment occupies (SEG.LEN): payload, SYN and FIN.
inline std::uint32_t segment_length(const TcpHeader& header, std::size_t payload_bytes) {
  return static_cast<std::uint32_t>(payload_bytes) + (header.has(kSyn) ? 1 : 0) + (header.has(kFin) ? 1 : 0);
}

// wire/tcp.cc adds: a TcpView with parse(), to_header(), payload(); header_bytes(const TcpHeader&);
// emit(const TcpHeader&, Writer&) with a zero checksum field; checksum helpers live in wire/checksum.h.

}  // namespace handsel::wire
