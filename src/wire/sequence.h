#pragma once
/// Sequence numbers: arithmetic modulo 2^32 (RFC 9293 3.4).

#include <compare>
#include <cstdint>

namespace handsel::wire {

/// A TCP sequence number. Comparison is circular: a < b when b lies within 2^31 − 1 ahead of a.
class SeqNum {
 public:
  constexpr SeqNum() = default;
  constexpr explicit SeqNum(std::uint32_t raw) : raw_(raw) {}

  constexpr std::uint32_t raw() const { return raw_; }
  constexpr SeqNum operator+(std::uint32_t count) const { return SeqNum(raw_ + count); }
  constexpr SeqNum operator-(std::uint32_t count) const { return SeqNum(raw_ - count); }
  constexpr SeqNum& operator+=(std::uint32_t count) {
    raw_ += count;
    return *this;
  }
  /// How many numbers lie from `other` up to this one; negative when this one is behind.
  constexpr std::int32_t operator-(SeqNum other) const { return static_cast<std::int32_t>(raw_ - other.raw_); }

  constexpr bool operator==(const SeqNum&) const = default;
  constexpr bool operator<(SeqNum other) const { return *this - other < 0; }
  constexpr bool operator>(SeqNum other) const { return other < *this; }
  constexpr bool operator<=(SeqNum other) const { return *this - other <= 0; }
  constexpr bool operator>=(SeqNum other) const { return other <= *this; }

 private:
  std::uint32_t raw_ = 0;
};

constexpr SeqNum later_of(SeqNum a, SeqNum b) { return a < b ? b : a; }
constexpr SeqNum earlier_of(SeqNum a, SeqNum b) { return a < b ? a : b; }

}  // namespace handsel::wire
