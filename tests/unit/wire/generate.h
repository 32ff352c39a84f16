#pragma once
/// A seeded generator of header values and frames for the property tests of wire.

#include <ostream>
#include <string_view>
#include <vector>

#include "wire/arp.h"
#include "wire/control_frame.h"
#include "wire/frame.h"

namespace handsel {
/// GoogleTest shows a reason by its name.
inline void PrintTo(Drop reason, std::ostream* out) { *out << name_of(reason); }
}  // namespace handsel

namespace handsel::wire {

/// SplitMix64: small, seeded, the same on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  /// 0 … bound − 1.
  std::size_t below(std::size_t bound) { return next() % bound; }
  bool coin() { return next() & 1; }
  std::uint8_t u8() { return static_cast<std::uint8_t>(next()); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(next()); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(next()); }
  std::vector<std::uint8_t> bytes(std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    for (auto& byte : bytes) byte = u8();
    return bytes;
  }

  MacAddress mac() { return MacAddress({static_cast<std::uint8_t>(u8() & 0xfe), u8(), u8(), u8(), u8(), 1}); }
  IpAddress v4() { return IpAddress::from_v4(u32()); }
  IpAddress v6() {
    std::array<std::uint8_t, 16> bytes;
    for (auto& byte : bytes) byte = u8();
    bytes[0] = 0xfd;
    return IpAddress::from_v6(bytes);
  }

  EthernetHeader link() {
    EthernetHeader header{mac(), mac(), {}, static_cast<std::uint8_t>(below(3)), kEtherIpv4};
    for (std::size_t i = 0; i < header.tag_count; ++i) header.tags[i] = {coin() ? kEtherVlan : kEtherProvider, u16()};
    return header;
  }

  /// Only what fits in 40 bytes together.
  TcpOptions tcp_options() {
    TcpOptions options;
    if (coin()) options.mss = u16();
    if (coin()) options.window_scale = u8();
    options.sack_permitted = coin();
    if (coin()) options.timestamps = TcpTimestamps{u32(), u32()};
    options.sack_count = static_cast<std::uint8_t>(below(5));
    options.sack_count = static_cast<std::uint8_t>(sack_blocks_that_fit(options));
    for (std::size_t i = 0; i < options.sack_count; ++i) options.sack[i] = {SeqNum(u32()), SeqNum(u32())};
    return options;
  }
  TcpHeader tcp() { return {u16(), u16(), SeqNum(u32()), SeqNum(u32()), u8(), u16(), u16(), tcp_options()}; }

 private:
  std::uint64_t state_;
};

/// "02 00 0a 4d" as bytes; blanks and line ends are skipped.
inline std::vector<std::uint8_t> hex(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  int half = -1;
  for (const char c : text) {
    if (c == ' ' || c == '\n') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    if (half < 0) {
      half = digit;
      continue;
    }
    bytes.push_back(static_cast<std::uint8_t>(half << 4 | digit));
    half = -1;
  }
  return bytes;
}

/// What emitting `value` writes.
template <typename Value, typename... Path>
std::vector<std::uint8_t> emitted(const Value& value, const Path&... path) {
  std::vector<std::uint8_t> buffer(9'000);
  Writer writer(buffer);
  emit(value, path..., writer);
  buffer.resize(writer.ok() ? writer.size() : 0);
  return buffer;
}

/// A whole TCP frame with its checksums.
inline std::vector<std::uint8_t> tcp_frame(const LinkHeader& link, const IpFields& ip, const TcpHeader& tcp,
                                           Bytes payload) {
  const std::size_t headers = tcp_frame_header_bytes(link, ip.destination, tcp);
  std::vector<std::uint8_t> frame(headers + payload.size());
  const Sum sum = copy_and_sum(frame.data() + headers, payload);
  write_tcp_frame(frame, link, ip, tcp, sum, {});
  return frame;
}

/// 10.77.0.1:51234 > 10.77.0.2:443, SYN, with the options of a Linux client. Typed by hand.
inline std::vector<std::uint8_t> syn_over_ipv4() {
  return hex(
      "02 00 0a 4d 00 02  02 00 0a 4d 00 01  08 00"
      "45 00 00 3c  1c 46 40 00  40 06 09 da  0a 4d 00 01  0a 4d 00 02"
      "c8 22 01 bb  ac 6f d9 4a  00 00 00 00  a0 02 fa f0  a4 74 00 00"
      "02 04 05 b4  04 02 08 0a 11 22 33 44 00 00 00 00  01 03 03 07");
}

/// [fd77::1]:40000 > [fd77::2]:80, "hello", VLAN 100, timestamps. Typed by hand.
inline std::vector<std::uint8_t> data_over_ipv6() {
  return hex(
      "02 00 0a 4d 00 02  02 00 0a 4d 00 01  81 00 00 64  86 dd"
      "60 01 23 45  00 25 06 40"
      "fd 77 00 00 00 00 00 00 00 00 00 00 00 00 00 01"
      "fd 77 00 00 00 00 00 00 00 00 00 00 00 00 00 02"
      "9c 40 00 50  01 02 03 04  0a 0b 0c 0d  80 18 01 f6  7f 44 00 00"
      "01 01 08 0a 00 00 00 01 00 00 00 02"
      "68 65 6c 6c 6f");
}

}  // namespace handsel::wire
