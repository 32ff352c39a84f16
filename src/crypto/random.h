#pragma once
/// libcrypto's generator, buffered, for programs (the simulator has its own, from a seed).

#include <array>
#include <cstddef>

#include "base/entropy.h"

namespace handsel::crypto {

/// The calling thread's private DRBG (NIST SP 800-90A, seeded and reseeded from the kernel) through a buffer: one
/// request serves many handshakes. Each byte is handed out once and wiped behind it. One a worker. Ends the process
/// when there is no entropy.
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
