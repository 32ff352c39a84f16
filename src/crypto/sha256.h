#pragma once
/// SHA-256 for short messages, of which a handshake hashes a hundred (RFC 6234). Within `crypto`; others use Hash.

#include <tmmintrin.h>

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

/// The words, big-endian: kSha256DigestBytes bytes. Sixteen at a time, because what reads them next does so too, and
/// would wait for smaller stores to reach the cache.
inline void write_sha256_digest(const Sha256Words& words, std::uint8_t* out) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  for (std::size_t half = 0; half < 2; ++half) {
    const __m128i four = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words + 4 * half));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16 * half), _mm_shuffle_epi8(four, big_endian));
  }
}

/// A hash in progress: plain bytes, copied to fork it. Its owner wipes it.
class Sha256 {
 public:
  Sha256() { std::memcpy(words_, kSha256Start, sizeof words_); }
  /// Goes on behind one block that led to `words`.
  explicit Sha256(const Sha256Words& words) : bytes_(kSha256BlockBytes) { std::memcpy(words_, words, sizeof words_); }

  void update(Bytes bytes);
  /// The words of the whole message; the object is then spent.
  const Sha256Words& finish() {
    pad();
    sha256_kernels().compress(words_, block_, 1);
    return words_;
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
