#pragma once
/// The vector kernels' arguments.

#include <cstring>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/kernels/kernel_abi.h"

namespace handsel::crypto {

/// A number of 32 bytes a lane, wiped when the batch is done.
struct LaneBytes {
  static constexpr std::size_t kBytes = 32;

  LaneBytes() = default;
  LaneBytes(const LaneBytes&) = delete;
  LaneBytes& operator=(const LaneBytes&) = delete;
  ~LaneBytes() { secure_wipe(bytes, sizeof bytes); }
  void set(std::size_t lane, Bytes number) { std::memcpy(bytes[lane], number.data(), kBytes); }
  void get(std::size_t lane, MutableBytes number) const { std::memcpy(number.data(), bytes[lane], kBytes); }

  std::uint8_t bytes[kKernelLanes][kBytes] = {};
};

}  // namespace handsel::crypto
