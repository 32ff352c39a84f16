#pragma once
/// Memory that holds secrets: wiped when its owner goes, compared in constant time.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "base/bytes.h"

namespace handsel {

/// Overwrites with zeros in a way that the optimiser may not remove.
inline void secure_wipe(void* memory, std::size_t size) {
  std::memset(memory, 0, size);
  __asm__ __volatile__("" : : "r"(memory) : "memory");
}
inline void secure_wipe(MutableBytes bytes) {
  if (!bytes.empty()) secure_wipe(bytes.data(), bytes.size());
}

/// Equality in time that depends on the lengths alone. Views of different lengths are unequal.
inline bool equal_constant_time(Bytes left, Bytes right) {
  if (left.size() != right.size()) return false;
  std::uint8_t difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i)
    difference = static_cast<std::uint8_t>(difference | (left[i] ^ right[i]));
  __asm__ __volatile__("" : "+r"(difference));
  return difference == 0;
}

/// Up to Capacity secret bytes (a hash's width varies with the suite). Wiped on destruction, on
/// assignment and when moved from; copied only by name.
template <std::size_t Capacity>
class Secret {
 public:
  Secret() = default;
  explicit Secret(Bytes bytes) { assign(bytes); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : bytes_(other.bytes_), size_(other.size_) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      size_ = other.size_;
      other.wipe();
    }
    return *this;
  }
  ~Secret() { wipe(); }

  Secret clone() const {
    Secret copy;
    copy.bytes_ = bytes_;
    copy.size_ = size_;
    return copy;
  }

  /// `bytes` holds at most Capacity bytes; a longer view is cut (a caller's bug, caught in tests).
  void assign(Bytes bytes) {
    wipe();
    size_ = static_cast<Size>(bytes.size() < Capacity ? bytes.size() : Capacity);
    if (size_ != 0) std::memcpy(bytes_.data(), bytes.data(), size_);
  }
  /// Gives `size` bytes to be filled by the caller.
  MutableBytes fill(std::size_t size) {
    size_ = static_cast<Size>(size < Capacity ? size : Capacity);
    return {bytes_.data(), size_};
  }
  void wipe() {
    secure_wipe(bytes_.data(), Capacity);
    size_ = 0;
  }

  Bytes view() const { return {bytes_.data(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  static constexpr std::size_t capacity() { return Capacity; }

 private:
  // A byte where it can be: every connection keeps several secrets.
  using Size = std::conditional_t<Capacity <= 0xff, std::uint8_t, std::size_t>;
  std::array<std::uint8_t, Capacity> bytes_{};
  Size size_ = 0;
};

}  // namespace handsel
