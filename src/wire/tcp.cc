#include "wire/tcp.h"

#include <algorithm>

namespace handsel::wire {
namespace {

enum OptionKind : std::uint8_t {
  kEnd = 0,
  kNop = 1,
  kMss = 2,
  kWindowScale = 3,
  kSackPermitted = 4,
  kSack = 5,
  kTimestamps = 8,
};

constexpr std::size_t kMaxOptionsBytes = TcpHeader::kMaxBytes - TcpHeader::kMinBytes;
/// NOP, NOP, timestamps: what every segment of an established connection carries (RFC 7323 appendix A).
constexpr std::uint32_t kAlignedTimestamps = 0x0101080a;

/// One option, `at[0]` its kind and `size` its whole length, which fits.
void take_option(const std::uint8_t* at, std::size_t size, TcpOptions& options) {
  switch (at[0]) {
    case kMss:
      if (size == 4) options.mss = load_be16(at + 2);
      break;
    case kWindowScale:
      if (size == 3) options.window_scale = at[2];
      break;
    case kSackPermitted:
      if (size == 2) options.sack_permitted = true;
      break;
    case kTimestamps:
      if (size == 10) options.timestamps = TcpTimestamps{load_be32(at + 2), load_be32(at + 6)};
      break;
    case kSack: {
      const std::size_t blocks = (size - 2) / 8;
      if (size != 2 + 8 * blocks || blocks == 0 || blocks > TcpOptions::kMaxSackBlocks) break;
      for (std::size_t i = 0; i < blocks; ++i)
        options.sack[i] = {SeqNum(load_be32(at + 2 + 8 * i)), SeqNum(load_be32(at + 6 + 8 * i))};
      options.sack_count = static_cast<std::uint8_t>(blocks);
      break;
    }
    default:
      break;
  }
}

/// All but SACK.
std::size_t fixed_option_bytes(const TcpOptions& options) {
  std::size_t bytes = 0;
  if (options.mss) bytes += 4;
  if (options.timestamps)
    bytes += 12;
  else if (options.sack_permitted)
    bytes += 4;
  if (options.window_scale) bytes += 4;
  return bytes;
}

std::size_t option_bytes(const TcpOptions& options) {
  const std::size_t blocks = sack_blocks_that_fit(options);
  return fixed_option_bytes(options) + (blocks == 0 ? 0 : 4 + 8 * blocks);
}

std::uint8_t* write_options(std::uint8_t* at, const TcpOptions& options) {
  if (options.mss) {
    store_be16(at, kMss << 8 | 4);
    store_be16(at + 2, *options.mss);
    at += 4;
  }
  if (options.sack_permitted || options.timestamps) {
    // SACK-permitted takes the place of the two NOPs that align the timestamps.
    const std::uint16_t first =
        options.sack_permitted && options.timestamps ? kSackPermitted << 8 | 2 : kNop << 8 | kNop;
    store_be16(at, first);
    store_be16(at + 2, options.timestamps ? kTimestamps << 8 | 10 : kSackPermitted << 8 | 2);
    at += 4;
  }
  if (options.timestamps) {
    store_be32(at, options.timestamps->value);
    store_be32(at + 4, options.timestamps->echo_reply);
    at += 8;
  }
  if (options.window_scale) {
    store_be32(at, std::uint32_t{kNop} << 24 | std::uint32_t{kWindowScale} << 16 | 3u << 8 | *options.window_scale);
    at += 4;
  }
  if (const std::size_t blocks = sack_blocks_that_fit(options); blocks != 0) {
    store_be32(at, std::uint32_t{kNop} << 24 | std::uint32_t{kNop} << 16 | std::uint32_t{kSack} << 8 |
                       static_cast<std::uint32_t>(2 + 8 * blocks));
    at += 4;
    for (std::size_t i = 0; i < blocks; ++i, at += 8) {
      store_be32(at, options.sack[i].left.raw());
      store_be32(at + 4, options.sack[i].right.raw());
    }
  }
  return at;
}

}  // namespace

TcpOptions parse_tcp_options(Bytes raw) {
  TcpOptions options;
  const std::uint8_t* at = raw.data();
  std::size_t left = std::min(raw.size(), kMaxOptionsBytes);
  if (left >= 12 && load_be32(at) == kAlignedTimestamps) {
    take_option(at + 2, 10, options);
    at += 12;
    left -= 12;
  }
  while (left != 0) {
    if (*at == kEnd) break;
    std::size_t size = 1;
    if (*at != kNop) {
      if (left < 2 || at[1] < 2 || at[1] > left) break;
      size = at[1];
      take_option(at, size, options);
    }
    at += size;
    left -= size;
  }
  return options;
}

std::size_t sack_blocks_that_fit(const TcpOptions& options) {
  if (options.sack_count == 0) return 0;
  const std::size_t room = kMaxOptionsBytes - fixed_option_bytes(options) - 4;
  return std::min({std::size_t{options.sack_count}, room / 8, TcpOptions::kMaxSackBlocks});
}

std::size_t header_bytes(const TcpHeader& header) { return TcpHeader::kMinBytes + option_bytes(header.options); }

std::uint8_t* write_at(std::uint8_t* at, const TcpHeader& header) {
  std::uint8_t* const end = write_options(at + TcpHeader::kMinBytes, header.options);
  store_be16(at, header.source_port);
  store_be16(at + 2, header.destination_port);
  store_be32(at + 4, header.seq.raw());
  store_be32(at + 8, header.ack.raw());
  at[12] = static_cast<std::uint8_t>((end - at) / 4 << 4);
  at[13] = header.flags;
  store_be16(at + 14, header.window);
  store_be16(at + 16, 0);
  store_be16(at + 18, header.urgent_pointer);
  return end;
}

void emit(const TcpHeader& header, Writer& writer) {
  if (const MutableBytes room = writer.hole(header_bytes(header)); !room.empty()) write_at(room.data(), header);
}

}  // namespace handsel::wire
