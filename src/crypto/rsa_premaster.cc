#include "crypto/rsa_premaster.h"

#include <cassert>

namespace handsel::crypto {
namespace {

/// 1 for a zero byte, otherwise 0.
std::uint32_t is_zero(std::uint32_t byte) { return (byte - 1) >> 31; }

}  // namespace

void unwrap_premaster(Bytes block, std::uint16_t client_version, Bytes fallback, MutableBytes secret) {
  constexpr std::size_t kLeastPadding = 8;
  assert(block.size() >= 3 + kLeastPadding + kPremasterBytes);
  assert(fallback.size() == kPremasterBytes && secret.size() == kPremasterBytes);
  const Bytes inside = block.last(kPremasterBytes);
  const std::size_t separator = block.size() - kPremasterBytes - 1;

  // 0, 2, padding without a zero, 0. The secret's length is known, hence the only place where that zero may stand.
  std::uint32_t wrong = block[0] | (block[1] ^ 2u) | block[separator];
  for (std::size_t i = 2; i < separator; ++i) wrong |= is_zero(block[i]);
  wrong |= inside[0] ^ (client_version >> 8u);
  wrong |= inside[1] ^ (client_version & 0xffu);

  std::uint32_t keep = 0 - is_zero(wrong);
  __asm__ __volatile__("" : "+r"(keep));  // so that no branch is made of it
  for (std::size_t i = 0; i < kPremasterBytes; ++i)
    secret[i] = static_cast<std::uint8_t>((inside[i] & keep) | (fallback[i] & ~keep));
}

}  // namespace handsel::crypto
