#include "wire/address.h"

#include <charconv>

namespace handsel::wire {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_hex(std::string& text, unsigned value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) text += "0123456789abcdef"[value >> shift & 15];
}

/// A decimal number of at most `most`, without sign, blanks or leading zeros.
std::optional<unsigned> parse_decimal(std::string_view text, unsigned most) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (value > most) return std::nullopt;
  return value;
}

std::optional<std::array<std::uint8_t, 4>> parse_dotted(std::string_view text) {
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
    const auto value = parse_decimal(text.substr(0, dot), 255);
    if (!value) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(*value);
    if (i != 3) text.remove_prefix(dot + 1);
  }
  return bytes;
}

/// The groups on one side of "::" (or the whole text), as bytes.
struct Groups {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;

  bool append(std::uint8_t byte) {
    if (size == bytes.size()) return false;
    bytes[size++] = byte;
    return true;
  }
};

bool parse_groups(std::string_view text, bool may_end_dotted, Groups& groups) {
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    if (may_end_dotted && colon == std::string_view::npos && group.find('.') != std::string_view::npos) {
      const auto dotted = parse_dotted(group);
      if (!dotted) return false;
      for (const std::uint8_t byte : *dotted)
        if (!groups.append(byte)) return false;
      return true;
    }
    if (group.empty() || group.size() > 4) return false;
    unsigned value = 0;
    for (const char c : group) {
      const int digit = hex_digit(c);
      if (digit < 0) return false;
      value = value << 4 | static_cast<unsigned>(digit);
    }
    if (!groups.append(static_cast<std::uint8_t>(value >> 8)) || !groups.append(static_cast<std::uint8_t>(value)))
      return false;
    if (colon == std::string_view::npos) return true;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;  // a colon that nothing follows
  }
  return true;
}

std::optional<IpAddress> parse_v6(std::string_view text) {
  const std::size_t gap = text.find("::");
  Groups front, back;
  if (gap == std::string_view::npos) {
    if (!parse_groups(text, true, front) || front.size != 16) return std::nullopt;
    return IpAddress::from_v6(front.bytes);
  }
  if (!parse_groups(text.substr(0, gap), false, front) || !parse_groups(text.substr(gap + 2), true, back))
    return std::nullopt;
  if (front.size + back.size > 14) return std::nullopt;  // "::" stands for one group at least
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), front.bytes.data(), front.size);
  std::memcpy(bytes.data() + 16 - back.size, back.bytes.data(), back.size);
  return IpAddress::from_v6(bytes);
}

void append_dotted(std::string& text, std::span<const std::uint8_t, 4> bytes) {
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != 0) text += '.';
    text += std::to_string(bytes[i]);
  }
}

/// The longest run of at least two zero groups, the first one of equals (RFC 5952 4.2): start and length.
std::pair<std::size_t, std::size_t> longest_zero_run(const std::array<unsigned, 8>& groups) {
  std::size_t best_start = 8, best_length = 1;
  for (std::size_t start = 0; start < 8; ++start) {
    std::size_t length = 0;
    while (start + length < 8 && groups[start + length] == 0) ++length;
    if (length > best_length) {
      best_start = start;
      best_length = length;
    }
  }
  return {best_start, best_start == 8 ? 0 : best_length};
}

}  // namespace

MacAddress MacAddress::for_multicast(const IpAddress& group) {
  const auto ip = group.bytes();
  if (group.is_v4()) return MacAddress({0x01, 0x00, 0x5e, static_cast<std::uint8_t>(ip[13] & 0x7f), ip[14], ip[15]});
  return MacAddress({0x33, 0x33, ip[12], ip[13], ip[14], ip[15]});
}

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() != 17 || (text[2] != ':' && text[2] != '-')) return std::nullopt;
  MacAddress mac;
  for (std::size_t i = 0; i < kBytes; ++i) {
    const int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);
    if (high < 0 || low < 0 || (i != 0 && text[3 * i - 1] != text[2])) return std::nullopt;
    mac.bytes_[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return mac;
}

std::string MacAddress::to_string() const {
  std::string text;
  for (const std::uint8_t byte : bytes_) {
    if (!text.empty()) text += ':';
    append_hex(text, byte, 2);
  }
  return text;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find(':') != std::string_view::npos) return parse_v6(text);
  const auto dotted = parse_dotted(text);
  if (!dotted) return std::nullopt;
  return from_v4(dotted->data());
}

std::string IpAddress::to_string() const {
  std::string text;
  if (is_v4()) {
    append_dotted(text, v4_bytes());
    return text;
  }
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = load_be16(bytes_.data() + 2 * i);
  const auto [gap, gap_length] = longest_zero_run(groups);
  for (std::size_t i = 0; i < 8;) {
    if (i == gap) {
      text += "::";
      i += gap_length;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    char digits[4];
    text.append(digits, std::to_chars(digits, digits + 4, groups[i], 16).ptr);
    ++i;
  }
  return text;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned most = address->is_v4() ? 32 : 128;
  if (slash == std::string_view::npos) return IpPrefix{*address, static_cast<std::uint8_t>(most)};
  const auto length = parse_decimal(text.substr(slash + 1), most);
  if (!length) return std::nullopt;
  return IpPrefix{*address, static_cast<std::uint8_t>(*length)};
}

std::string IpPrefix::to_string() const { return address.to_string() + "/" + std::to_string(length); }

bool IpPrefix::contains(const IpAddress& other) const {
  if (address.is_v4() != other.is_v4()) return false;
  std::size_t bits = std::size_t{length} + (address.is_v4() ? 96 : 0);
  if (bits > 128) bits = 128;
  const auto ours = address.bytes(), theirs = other.bytes();
  if (std::memcmp(ours.data(), theirs.data(), bits / 8) != 0) return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - bits % 8));
  return ((ours[bits / 8] ^ theirs[bits / 8]) & mask) == 0;
}

std::optional<IpAddress> IpPrefix::broadcast() const {
  if (!address.is_v4() || length > 30) return std::nullopt;
  return IpAddress::from_v4(address.v4() | 0xffffffffu >> length);
}

}  // namespace handsel::wire
