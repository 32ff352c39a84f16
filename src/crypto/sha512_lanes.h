#pragma once
/// SHA-512 of up to eight short messages at once, for Ed25519 (RFC 8032 5.1).

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "base/bytes.h"
#include "crypto/kernels/kernel_abi.h"

namespace handsel::crypto {

/// Only for processors on which cpu_runs_avx512_ifma(). Wiped on destruction, as messages may be secret.
class Sha512Lanes {
 public:
  static constexpr std::size_t kDigestBytes = 64;
  static constexpr std::size_t kMaxMessageBytes = 3 * 128 - 17;  ///< three blocks with their padding

  Sha512Lanes() = default;
  Sha512Lanes(const Sha512Lanes&) = delete;
  Sha512Lanes& operator=(const Sha512Lanes&) = delete;
  ~Sha512Lanes();
  /// The concatenation of `parts`, at most kMaxMessageBytes, is this lane's message.
  void set(std::size_t lane, std::initializer_list<Bytes> parts);
  /// Hashes the lanes that have a message.
  void run();
  Bytes digest(std::size_t lane) const { return digests_[lane]; }

 private:
  static constexpr std::size_t kBlockBytes = 128;
  static constexpr std::size_t kMaxBlocks = 3;

  std::uint8_t messages_[kKernelLanes][kMaxBlocks * kBlockBytes];
  std::size_t blocks_[kKernelLanes] = {};
  std::uint8_t digests_[kKernelLanes][kDigestBytes];
};

}  // namespace handsel::crypto
