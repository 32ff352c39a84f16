#pragma once
/// SHA-256 for short messages, of which a handshake hashes a hundred (RFC 6234). Within `crypto`; others use Hash.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "crypto/kernels/kernel_abi.h"

namespace handsel::crypto {

/// By the processor's SHA instructions where it has them, else by libcrypto. Chosen at the first call.
const Sha256Kernels& sha256_kernels();
/// libcrypto's, for processors without those instructions, and for tests.
extern const Sha256Kernels kLibcryptoSha256Kernels;

/// The eight words between two blocks.
using Sha256Words = std::uint32_t[8];
inline constexpr Sha256Words kSha256Start = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
inline constexpr std::size_t kSha256BlockBytes = 64;
inline constexpr std::size_t kSha256DigestBytes = 32;

inline void write_sha256_digest(const Sha256Words& words, std::uint8_t* out) {
  for (std::size_t i = 0; i < 8; ++i) store_be32(out + 4 * i, words[i]);
}

/// A hash in progress: plain bytes, copied to fork it. Its owner wipes it.
class Sha256 {
 public:
  Sha256() { std::memcpy(words_, kSha256Start, sizeof words_); }
  /// Goes on behind one block that led to `words`.
  explicit Sha256(const Sha256Words& words) : bytes_(kSha256BlockBytes) { std::memcpy(words_, words, sizeof words_); }

  void update(Bytes bytes);
  /// Writes kSha256DigestBytes bytes; the object is then spent.
  void finish(std::uint8_t* out) {
    pad();
    sha256_kernels().compress(words_, block_, 1);
    write_sha256_digest(words_, out);
  }
  /// Both at once; `first` and `second` are different objects.
  static void finish_two(Sha256& first, std::uint8_t* first_out, Sha256& second, std::uint8_t* second_out) {
    first.pad();
    second.pad();
    sha256_kernels().compress_two(first.words_, first.block_, second.words_, second.block_);
    write_sha256_digest(first.words_, first_out);
    write_sha256_digest(second.words_, second_out);
  }

 private:
  /// RFC 6234 4.1; what is left for the last compression stands in block_.
  void pad();

  Sha256Words words_;
  std::uint32_t used_ = 0;  // bytes of block_
  std::uint64_t bytes_ = 0;
  std::uint8_t block_[kSha256BlockBytes];
};

}  // namespace handsel::crypto
