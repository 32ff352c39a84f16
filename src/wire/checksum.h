#pragma once
/// The Internet checksum: whole (RFC 1071), incremental (RFC 1624), over the pseudo-headers of IPv4 and IPv6
/// (RFC 9293 3.1, RFC 8200 8.1), and while copying.
///
/// A *sum* here is unfolded: the plain 64-bit total of the data's 32-bit words as this little-endian machine loads
/// them. Ones' complement sums do not care about byte order (RFC 1071 2 B) nor about the word's width, so sums of
/// pieces are added with +, and the one swap happens in finish() or fold(). Gigabytes fit before a sum overflows.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "wire/address.h"

namespace handsel::wire {

using Sum = std::uint64_t;

namespace detail {
inline Sum load_sum32(const std::uint8_t* at) {
  std::uint32_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
inline Sum load_sum64(const std::uint8_t* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return (word & 0xffffffff) + (word >> 32);
}
inline std::uint16_t fold_native(Sum sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}
}  // namespace detail

/// The sum of `data`, which stands at an even offset of what is checked; an odd last byte is padded with zero.
Sum sum_bytes(Bytes data);

/// Copies `from` to `to` (which do not overlap) and gives the sum of the bytes, as if they stood at `offset` of the
/// checked data: the pieces of a payload may begin at odd offsets.
Sum copy_and_sum(std::uint8_t* to, Bytes from, std::size_t offset = 0);

/// The sum of a header of `words` 32-bit words.
inline Sum sum_words(const std::uint8_t* at, std::size_t words) {
  Sum sum = 0;
  for (std::size_t i = 0; i < words; ++i) sum += detail::load_sum32(at + 4 * i);
  return sum;
}

/// Writes a header word by word and keeps the sum of what it wrote. Reading a header back right after writing it in
/// small pieces would stall the processor until they have reached the cache.
class SummedWords {
 public:
  explicit SummedWords(std::uint8_t* at) : at_(at) {}

  /// Four bytes of the wire, given in host order.
  void put(std::uint32_t word) { put_raw(__builtin_bswap32(word)); }
  void put(std::uint32_t high16, std::uint32_t low16) { put(high16 << 16 | low16); }
  /// Four bytes as they stand at `from`.
  void copy(const std::uint8_t* from) {
    std::uint32_t raw;
    std::memcpy(&raw, from, sizeof raw);
    put_raw(raw);
  }
  Sum sum() const { return sum_; }
  /// Where the next word goes.
  std::uint8_t* at() const { return at_; }

 private:
  void put_raw(std::uint32_t raw) {
    std::memcpy(at_, &raw, sizeof raw);
    sum_ += raw;
    at_ += sizeof raw;
  }

  std::uint8_t* at_;
  Sum sum_ = 0;
};

/// Folds a sum to the 16 bits that stand in a packet (in host order, for store_be16), not complemented. This is
/// what a port that computes TCP checksums wants to find in the field.
inline std::uint16_t fold(Sum sum) { return __builtin_bswap16(detail::fold_native(sum)); }

/// The checksum to store: the complement of the folded sum.
inline std::uint16_t finish(Sum sum) { return static_cast<std::uint16_t>(~fold(sum)); }

/// True when a sum that covers its own checksum field is right: all ones (RFC 1071 1).
inline bool is_valid(Sum sum) { return detail::fold_native(sum) == 0xffff; }

/// The checksum of `data`, as it is stored with store_be16.
inline std::uint16_t checksum(Bytes data) { return finish(sum_bytes(data)); }

/// The pseudo-header's sum for a transport header and payload of `length` bytes. Both families take one path: the
/// ::ffff of an IPv4 address adds all ones, which is zero to this arithmetic, and the fields that the two
/// pseudo-headers share stand at even offsets in both.
inline Sum pseudo_header_sum(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                             std::size_t length) {
  const std::uint8_t* from = source.bytes().data();
  const std::uint8_t* to = destination.bytes().data();
  return detail::load_sum64(from) + detail::load_sum64(from + 8) + detail::load_sum64(to) + detail::load_sum64(to + 8) +
         (Sum{protocol} << 8) + __builtin_bswap32(static_cast<std::uint32_t>(length));
}

/// The checksum after one 16-bit field went from `before` to `after` (RFC 1624 equation 3). All in host order.
inline std::uint16_t update_checksum(std::uint16_t checksum, std::uint16_t before, std::uint16_t after) {
  std::uint32_t sum = static_cast<std::uint16_t>(~checksum);
  sum += static_cast<std::uint16_t>(~before);
  sum += after;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}
/// The same for a 32-bit field at an even offset.
inline std::uint16_t update_checksum32(std::uint16_t checksum, std::uint32_t before, std::uint32_t after) {
  const std::uint16_t half =
      update_checksum(checksum, static_cast<std::uint16_t>(before >> 16), static_cast<std::uint16_t>(after >> 16));
  return update_checksum(half, static_cast<std::uint16_t>(before), static_cast<std::uint16_t>(after));
}

}  // namespace handsel::wire
