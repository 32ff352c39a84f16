#pragma once
/// The TCP header (RFC 9293 3.1) and its options (RFC 9293 3.2, 7323, 2018, 2883).

#include <array>
#include <cstdint>
#include <expected>
#include <optional>

#include "base/bytes.h"
#include "base/drop.h"
#include "wire/address.h"
#include "wire/checksum.h"
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

/// Options by meaning. Unknown kinds are skipped when parsed and never emitted; an option of impossible length
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
  std::uint8_t flags = 0;    ///< TcpFlag bits
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

/// The options of a header, without the padding around it (at most 40 bytes are read). Never fails: an unknown kind,
/// or a known one of unexpected length, is stepped over; a length below 2 or past the end ends the walk.
TcpOptions parse_tcp_options(Bytes options);

/// A segment whose header fits in the bytes at hand.
class TcpView {
 public:
  TcpView() = default;

  /// `segment` runs from the TCP header to the end of the IP payload. The checksum is not looked at: see
  /// checksum_ok(). Errors: tcp_truncated, tcp_bad_offset.
  static std::expected<TcpView, Drop> parse(Bytes segment) {
    TcpView view;
    if (const auto fault = view.assign(segment)) return std::unexpected(*fault);
    return view;
  }
  std::optional<Drop> assign(Bytes segment) {
    if (segment.size() < TcpHeader::kMinBytes) return Drop::tcp_truncated;
    const std::size_t header = std::size_t{segment[12]} >> 4 << 2;
    if (header < TcpHeader::kMinBytes) return Drop::tcp_bad_offset;
    if (header > segment.size()) return Drop::tcp_truncated;
    segment_ = segment;
    return std::nullopt;
  }

  std::uint16_t source_port() const { return load_be16(segment_.data()); }
  std::uint16_t destination_port() const { return load_be16(segment_.data() + 2); }
  SeqNum seq() const { return SeqNum(load_be32(segment_.data() + 4)); }
  SeqNum ack() const { return SeqNum(load_be32(segment_.data() + 8)); }
  std::size_t header_bytes() const { return std::size_t{segment_[12]} >> 4 << 2; }
  std::uint8_t flags() const { return segment_[13]; }
  bool has(TcpFlag flag) const { return (segment_[13] & flag) != 0; }
  std::uint16_t window() const { return load_be16(segment_.data() + 14); }
  std::uint16_t checksum() const { return load_be16(segment_.data() + 16); }
  std::uint16_t urgent_pointer() const { return load_be16(segment_.data() + 18); }
  Bytes options() const { return segment_.subspan(TcpHeader::kMinBytes, header_bytes() - TcpHeader::kMinBytes); }
  Bytes payload() const { return segment_.subspan(header_bytes()); }
  /// Header and payload.
  Bytes segment() const { return segment_; }

  bool checksum_ok(const IpAddress& source, const IpAddress& destination) const {
    return is_valid(pseudo_header_sum(source, destination, 6, segment_.size()) + sum_bytes(segment_));
  }
  TcpHeader to_header() const {
    return {source_port(),
            destination_port(),
            seq(),
            ack(),
            flags(),
            window(),
            urgent_pointer(),
            header_bytes() == TcpHeader::kMinBytes ? TcpOptions{} : parse_tcp_options(options())};
  }

 private:
  Bytes segment_;
};

/// Flags that no sane stack sends: SYN with FIN or RST, FIN with RST, and neither SYN, RST nor ACK (RFC 9293 3.10.7:
/// every other segment has ACK set).
constexpr bool tcp_flags_sane(std::uint8_t flags) {
  const std::uint8_t act = flags & (kSyn | kFin | kRst);
  return (act & (act - 1)) == 0 && (flags & (kSyn | kRst | kAck)) != 0;
}

/// How many SACK blocks find room beside the other options: at most 4, and 3 beside timestamps.
std::size_t sack_blocks_that_fit(const TcpOptions& options);

/// The emitted size of the header with its options and their padding, a multiple of 4 of at most 60.
std::size_t header_bytes(const TcpHeader& header);

/// Writes header_bytes(header) bytes that the caller has checked to exist, with a zero checksum; gives the first byte
/// behind them. The options stand as Linux lays them out, padded with NOPs: MSS; SACK-permitted and timestamps;
/// window scale; SACK. Blocks that do not fit are left out, last first.
std::uint8_t* write_at(std::uint8_t* at, const TcpHeader& header);
/// The same; gives the sum of what it wrote beside the first byte behind it.
SummedWords write_words(std::uint8_t* at, const TcpHeader& header);
void emit(const TcpHeader& header, Writer& writer);

/// Offsets within the header, for who patches one in place.
inline constexpr std::size_t kTcpFlagsOffset = 13;
inline constexpr std::size_t kTcpWindowOffset = 14;
inline constexpr std::size_t kTcpChecksumOffset = 16;

}  // namespace handsel::wire
