#define OPENSSL_SUPPRESS_DEPRECATED  // as in hash.cc
#include "crypto/sha256.h"

#include <openssl/sha.h>

#include <algorithm>

#include "crypto/cpu.h"

namespace handsel::crypto {
namespace {

void compress(Sha256Words& words, const std::uint8_t* blocks, std::size_t count) {
  SHA256_CTX context;
  std::memcpy(context.h, words, sizeof words);
  for (; count != 0; --count, blocks += kSha256BlockBytes) SHA256_Transform(&context, blocks);
  std::memcpy(words, context.h, sizeof words);
}

void compress_two(Sha256Words& first, const std::uint8_t* first_block, Sha256Words& second,
                  const std::uint8_t* second_block) {
  compress(first, first_block, 1);
  compress(second, second_block, 1);
}

}  // namespace

extern const Sha256Kernels kLibcryptoSha256Kernels{compress, compress_two};

const Sha256Kernels& sha256_kernels() {
  static const Sha256Kernels& chosen = cpu_runs_sha() ? kShaNiSha256Kernels : kLibcryptoSha256Kernels;
  return chosen;
}

void Sha256::update(Bytes bytes) {
  bytes_ += bytes.size();
  if (used_ != 0) {
    const std::size_t taken = std::min(bytes.size(), kSha256BlockBytes - used_);
    if (taken != 0) std::memcpy(block_ + used_, bytes.data(), taken);
    used_ += static_cast<std::uint32_t>(taken);
    if (used_ < kSha256BlockBytes) return;
    sha256_kernels().compress(words_, block_, 1);
    bytes = bytes.subspan(taken);
    used_ = 0;
  }
  if (const std::size_t whole = bytes.size() / kSha256BlockBytes; whole != 0) {
    sha256_kernels().compress(words_, bytes.data(), whole);
    bytes = bytes.subspan(whole * kSha256BlockBytes);
  }
  if (bytes.empty()) return;
  std::memcpy(block_, bytes.data(), bytes.size());
  used_ = static_cast<std::uint32_t>(bytes.size());
}

void Sha256::pad() {
  constexpr std::size_t kLengthAt = kSha256BlockBytes - 8;
  block_[used_++] = 0x80;
  if (used_ > kLengthAt) {
    std::memset(block_ + used_, 0, kSha256BlockBytes - used_);
    sha256_kernels().compress(words_, block_, 1);
    used_ = 0;
  }
  std::memset(block_ + used_, 0, kLengthAt - used_);
  store_be64(block_ + kLengthAt, bytes_ * 8);
}

}  // namespace handsel::crypto
