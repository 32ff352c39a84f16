#pragma once
/// The kernel's entropy, buffered, for programs (the simulator has its own, from a seed).

#include <array>
#include <cstddef>

#include "base/entropy.h"

namespace handsel::crypto {

/// getrandom(2) through a buffer: one system call serves many handshakes. Each byte is handed out once and wiped
/// behind it. One a worker. Ends the process when the kernel gives no entropy.
class SystemEntropy final : public Entropy {
 public:
  SystemEntropy() = default;
  SystemEntropy(const SystemEntropy&) = delete;
  SystemEntropy& operator=(const SystemEntropy&) = delete;
  ~SystemEntropy() override;
  void fill(MutableBytes out) override;

 private:
  static constexpr std::size_t kBufferBytes = 4'096;
  std::array<std::uint8_t, kBufferBytes> buffer_;
  std::size_t used_ = kBufferBytes;
};

}  // namespace handsel::crypto
