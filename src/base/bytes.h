#pragma once
/// Views over bytes, and a checked reader and writer in network byte order.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace handsel {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// Big-endian loads and stores at any alignment. The caller has checked that the bytes exist.
inline std::uint16_t load_be16(const std::uint8_t* at) { return static_cast<std::uint16_t>(at[0] << 8 | at[1]); }
inline std::uint32_t load_be24(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 16 | std::uint32_t{at[1]} << 8 | at[2];
}
inline std::uint32_t load_be32(const std::uint8_t* at) {
  std::uint32_t raw;
  std::memcpy(&raw, at, sizeof raw);
  return __builtin_bswap32(raw);
}
inline std::uint64_t load_be64(const std::uint8_t* at) {
  std::uint64_t raw;
  std::memcpy(&raw, at, sizeof raw);
  return __builtin_bswap64(raw);
}
inline void store_be16(std::uint8_t* at, std::uint16_t value) {
  const std::uint16_t raw = __builtin_bswap16(value);
  std::memcpy(at, &raw, sizeof raw);
}
inline void store_be24(std::uint8_t* at, std::uint32_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 16);
  at[1] = static_cast<std::uint8_t>(value >> 8);
  at[2] = static_cast<std::uint8_t>(value);
}
inline void store_be32(std::uint8_t* at, std::uint32_t value) {
  const std::uint32_t raw = __builtin_bswap32(value);
  std::memcpy(at, &raw, sizeof raw);
}
inline void store_be64(std::uint8_t* at, std::uint64_t value) {
  const std::uint64_t raw = __builtin_bswap64(value);
  std::memcpy(at, &raw, sizeof raw);
}

/// Reads a buffer from front to back. A read past the end yields zeros (or an empty view) and makes the
/// reader fail for good: parse a whole structure, then ask ok() once.
class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }
  /// True when every byte was read and none was missing.
  bool finished() const { return ok_ && rest_.empty(); }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  std::uint8_t u8() {
    const std::uint8_t* at = take(1);
    return at ? *at : std::uint8_t{0};
  }
  std::uint16_t u16() {
    const std::uint8_t* at = take(2);
    return at ? load_be16(at) : std::uint16_t{0};
  }
  std::uint32_t u24() {
    const std::uint8_t* at = take(3);
    return at ? load_be24(at) : 0;
  }
  std::uint32_t u32() {
    const std::uint8_t* at = take(4);
    return at ? load_be32(at) : 0;
  }
  std::uint64_t u64() {
    const std::uint8_t* at = take(8);
    return at ? load_be64(at) : 0;
  }
  Bytes bytes(std::size_t count) {
    const std::uint8_t* at = take(count);
    return at ? Bytes{at, count} : Bytes{};
  }
  Bytes rest() { return bytes(rest_.size()); }
  void skip(std::size_t count) { take(count); }

  /// The vectors of the TLS presentation language: a length of one, two or three bytes, then as many bytes.
  Bytes vector8() { return bytes(u8()); }
  Bytes vector16() { return bytes(u16()); }
  Bytes vector24() { return bytes(u24()); }

 private:
  const std::uint8_t* take(std::size_t count) {
    if (count > rest_.size()) {
      fail();
      return nullptr;
    }
    const std::uint8_t* at = rest_.data();
    rest_ = rest_.subspan(count);
    return at;
  }

  Bytes rest_;
  bool ok_ = true;
};

/// Writes into a caller's buffer. What does not fit is not written, and the writer fails for good.
class Writer {
 public:
  explicit Writer(MutableBytes buffer) : buffer_(buffer) {}

  bool ok() const { return ok_; }
  std::size_t size() const { return size_; }
  std::size_t room() const { return buffer_.size() - size_; }
  MutableBytes written() const { return buffer_.first(size_); }

  void u8(std::uint8_t value) {
    if (std::uint8_t* at = reserve(1)) *at = value;
  }
  void u16(std::uint16_t value) {
    if (std::uint8_t* at = reserve(2)) store_be16(at, value);
  }
  void u24(std::uint32_t value) {
    if (std::uint8_t* at = reserve(3)) store_be24(at, value);
  }
  void u32(std::uint32_t value) {
    if (std::uint8_t* at = reserve(4)) store_be32(at, value);
  }
  void u64(std::uint64_t value) {
    if (std::uint8_t* at = reserve(8)) store_be64(at, value);
  }
  void bytes(Bytes source) {
    if (std::uint8_t* at = reserve(source.size()); at && !source.empty()) std::memcpy(at, source.data(), source.size());
  }
  void zeros(std::size_t count) {
    if (std::uint8_t* at = reserve(count); at && count != 0) std::memset(at, 0, count);
  }
  /// Room that the caller fills itself; empty when it does not fit.
  MutableBytes hole(std::size_t count) {
    std::uint8_t* at = reserve(count);
    return at ? MutableBytes{at, count} : MutableBytes{};
  }

  /// A length field of Width bytes whose value is known when the scope ends:
  ///   { auto body = writer.length<2>(); writer.u8(…); }
  template <std::size_t Width>
  class Length {
   public:
    explicit Length(Writer& writer) : writer_(writer), field_(writer.size_) { writer.zeros(Width); }
    Length(const Length&) = delete;
    Length& operator=(const Length&) = delete;
    ~Length() {
      if (!writer_.ok_) return;
      const std::size_t length = writer_.size_ - field_ - Width;
      if (length >> (8 * Width) != 0) {
        writer_.ok_ = false;
        return;
      }
      for (std::size_t i = 0; i < Width; ++i)
        writer_.buffer_[field_ + i] = static_cast<std::uint8_t>(length >> (8 * (Width - 1 - i)));
    }

   private:
    Writer& writer_;
    std::size_t field_;
  };
  template <std::size_t Width>
  [[nodiscard]] Length<Width> length() {
    return Length<Width>(*this);
  }

 private:
  std::uint8_t* reserve(std::size_t count) {
    if (!ok_ || count > room()) {
      ok_ = false;
      return nullptr;
    }
    std::uint8_t* at = buffer_.data() + size_;
    size_ += count;
    return at;
  }

  MutableBytes buffer_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

}  // namespace handsel
