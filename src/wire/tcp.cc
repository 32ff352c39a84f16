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
      if (options.sack_count != 0) options.sack = {};  // of two SACK options the last counts
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

void write_options(SummedWords& words, const TcpOptions& options) {
  constexpr std::uint32_t kNops = kNop << 8 | kNop;
  if (options.mss) words.put(kMss << 8 | 4, *options.mss);
  if (options.timestamps) {
    // SACK-permitted takes the place of the two NOPs that align the timestamps.
    words.put(options.sack_permitted ? kSackPermitted << 8 | 2 : kNops, kTimestamps << 8 | 10);
    words.put(options.timestamps->value);
    words.put(options.timestamps->echo_reply);
  } else if (options.sack_permitted) {
    words.put(kNops, kSackPermitted << 8 | 2);
  }
  if (options.window_scale) words.put(kNop << 8 | kWindowScale, 3u << 8 | *options.window_scale);
  if (const std::size_t blocks = sack_blocks_that_fit(options); blocks != 0) {
    words.put(kNops, kSack << 8 | static_cast<std::uint32_t>(2 + 8 * blocks));
    for (std::size_t i = 0; i < blocks; ++i) {
      words.put(options.sack[i].left.raw());
      words.put(options.sack[i].right.raw());
    }
  }
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

SummedWords write_words(std::uint8_t* at, const TcpHeader& header) {
  SummedWords words(at);
  words.put(header.source_port, header.destination_port);
  words.put(header.seq.raw());
  words.put(header.ack.raw());
  words.put(static_cast<std::uint32_t>(header_bytes(header) / 4 << 12 | header.flags), header.window);
  words.put(0, header.urgent_pointer);
  write_options(words, header.options);
  return words;
}

std::uint8_t* write_at(std::uint8_t* at, const TcpHeader& header) { return write_words(at, header).at(); }

void emit(const TcpHeader& header, Writer& writer) {
  if (const MutableBytes room = writer.hole(header_bytes(header)); !room.empty()) write_at(room.data(), header);
}

}  // namespace handsel::wire
