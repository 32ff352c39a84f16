#pragma once
/// Link and network addresses. Text is for people and configuration; nothing on the data path prints or parses it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace handsel::wire {

class IpAddress;

/// An Ethernet address: 6 bytes in the order of the wire.
class MacAddress {
 public:
  static constexpr std::size_t kBytes = 6;

  constexpr MacAddress() = default;
  constexpr explicit MacAddress(const std::array<std::uint8_t, kBytes>& bytes) : bytes_(bytes) {}

  /// Reads 6 bytes that the caller has checked to exist.
  static MacAddress from_bytes(const std::uint8_t* at) {
    MacAddress mac;
    std::memcpy(mac.bytes_.data(), at, kBytes);
    return mac;
  }
  static constexpr MacAddress broadcast() { return MacAddress({0xff, 0xff, 0xff, 0xff, 0xff, 0xff}); }
  /// The group address to which an IP multicast goes (RFC 1112 6.4, RFC 2464 7).
  static MacAddress for_multicast(const IpAddress& group);
  /// "02:00:5e:10:00:01", with ':' or '-' between the bytes; nullopt for anything else.
  static std::optional<MacAddress> parse(std::string_view text);

  constexpr std::span<const std::uint8_t, kBytes> bytes() const { return bytes_; }
  constexpr bool is_broadcast() const { return *this == broadcast(); }
  /// The group bit; broadcast has it too.
  constexpr bool is_multicast() const { return (bytes_[0] & 1) != 0; }
  constexpr bool is_zero() const { return *this == MacAddress(); }
  std::string to_string() const;

  constexpr bool operator==(const MacAddress&) const = default;

 private:
  std::array<std::uint8_t, kBytes> bytes_{};
};

/// An IPv4 or IPv6 address: 16 bytes in network order, IPv4 held as ::ffff:a.b.c.d (RFC 4291 2.5.5.2), so that
/// tables have one kind of key. A packet that carries such an address over IPv6 is a martian (wire/frame.h).
class IpAddress {
 public:
  static constexpr std::size_t kBytes = 16;

  /// The IPv6 unspecified address, ::.
  constexpr IpAddress() = default;

  static constexpr IpAddress from_v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    IpAddress address;
    address.bytes_ = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d};
    return address;
  }
  /// `value` in host order: 10.0.0.1 is 0x0a000001.
  static constexpr IpAddress from_v4(std::uint32_t value) {
    return from_v4(static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
                   static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value));
  }
  /// Reads 4 bytes that the caller has checked to exist.
  static IpAddress from_v4(const std::uint8_t* at) {
    // One 8-byte store: a later 8-byte load of two 4-byte ones would wait for them to reach the cache.
    std::uint32_t raw;
    std::memcpy(&raw, at, sizeof raw);
    const std::uint64_t low = std::uint64_t{raw} << 32 | 0xffff0000;  // 00 00 ff ff a b c d in memory
    IpAddress address;
    std::memcpy(address.bytes_.data() + 8, &low, sizeof low);
    return address;
  }
  /// Reads 16 bytes that the caller has checked to exist.
  static IpAddress from_v6(const std::uint8_t* at) {
    IpAddress address;
    std::memcpy(address.bytes_.data(), at, kBytes);
    return address;
  }
  static constexpr IpAddress from_v6(const std::array<std::uint8_t, kBytes>& bytes) {
    IpAddress address;
    address.bytes_ = bytes;
    return address;
  }
  /// Dotted IPv4 without leading zeros, or IPv6 in any form of RFC 4291 2.2; no zone, no brackets, no blanks.
  static std::optional<IpAddress> parse(std::string_view text);

  constexpr std::span<const std::uint8_t, kBytes> bytes() const { return bytes_; }
  bool is_v4() const { return high() == 0 && (low() & 0xffffffff) == 0xffff0000; }
  /// The last four bytes: the IPv4 address when is_v4().
  constexpr std::span<const std::uint8_t, 4> v4_bytes() const {
    return std::span<const std::uint8_t, kBytes>(bytes_).last<4>();
  }
  /// The bytes as this machine loads two words: for hashes and comparisons.
  std::array<std::uint64_t, 2> words() const { return {high(), low()}; }
  /// The IPv4 address in host order; meaningless unless is_v4().
  std::uint32_t v4() const { return load_be32(bytes_.data() + 12); }

  /// 224.0.0.0/4 or ff00::/8.
  bool is_multicast() const { return is_v4() ? (bytes_[12] & 0xf0) == 0xe0 : bytes_[0] == 0xff; }
  /// 127.0.0.0/8 or ::1.
  bool is_loopback() const {
    if (is_v4()) return bytes_[12] == 127;
    return high() == 0 && low() == std::uint64_t{1} << 56;
  }
  /// 0.0.0.0 or ::.
  bool is_unspecified() const { return high() == 0 && (low() == 0 || low() == 0xffff0000); }
  /// 255.255.255.255. What a subnet's directed broadcast is, IpPrefix knows.
  bool is_broadcast() const { return is_v4() && v4() == 0xffffffff; }
  /// 169.254.0.0/16 or fe80::/10.
  bool is_link_local() const {
    if (is_v4()) return bytes_[12] == 169 && bytes_[13] == 254;
    return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
  }
  /// ff02::1:ffXX:XXXX, at which a neighbour solicitation reaches this IPv6 address (RFC 4291 2.7.1).
  constexpr IpAddress solicited_node() const {
    return from_v6({0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, bytes_[13], bytes_[14], bytes_[15]});
  }

  /// Dotted IPv4, or IPv6 as RFC 5952 recommends it.
  std::string to_string() const;

  bool operator==(const IpAddress& other) const { return ((high() ^ other.high()) | (low() ^ other.low())) == 0; }
  /// An order for sorted listings: that of the bytes.
  bool operator<(const IpAddress& other) const { return std::memcmp(bytes_.data(), other.bytes_.data(), kBytes) < 0; }

 private:
  friend struct std::hash<IpAddress>;
  // As this machine loads them; only compared, never interpreted.
  std::uint64_t high() const {
    std::uint64_t word;
    std::memcpy(&word, bytes_.data(), 8);
    return word;
  }
  std::uint64_t low() const {
    std::uint64_t word;
    std::memcpy(&word, bytes_.data() + 8, 8);
    return word;
  }

  std::array<std::uint8_t, kBytes> bytes_{};
};

/// An address and how many of its leading bits name the network: 0…32 for IPv4, 0…128 for IPv6.
struct IpPrefix {
  IpAddress address;  ///< with its host bits as given: "10.77.0.2/24" keeps the .2
  std::uint8_t length = 0;

  /// "10.77.0.2/24", "fd77::2/64"; an address alone is a host (/32, /128).
  static std::optional<IpPrefix> parse(std::string_view text);
  std::string to_string() const;
  /// True when `other` is of the same family and in this network.
  bool contains(const IpAddress& other) const;
  /// The directed broadcast address of an IPv4 network of at most 30 bits; nullopt for any other.
  std::optional<IpAddress> broadcast() const;

  bool operator==(const IpPrefix&) const = default;
};

}  // namespace handsel::wire

/// For tables of the control plane; a table that strangers fill uses SipHash over bytes().
template <>
struct std::hash<handsel::wire::IpAddress> {
  std::size_t operator()(const handsel::wire::IpAddress& address) const noexcept {
    std::uint64_t mixed = (address.high() ^ 0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd;
    mixed = (mixed ^ mixed >> 32 ^ address.low()) * 0xc4ceb9fe1a85ec53;
    return mixed ^ mixed >> 29;
  }
};
template <>
struct std::hash<handsel::wire::MacAddress> {
  std::size_t operator()(const handsel::wire::MacAddress& mac) const noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, mac.bytes().data(), mac.bytes().size());
    word *= 0x9e3779b97f4a7c15;
    return word ^ word >> 32;
  }
};
