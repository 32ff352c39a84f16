#include "crypto/rsa_pss.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

namespace handsel::crypto {
namespace {

/// Adds MGF1(seed) to `masked` (RFC 8017 B.2.1).
void mask(HashId id, Bytes seed, MutableBytes masked) {
  Hash seeded(id);
  seeded.update(seed);
  std::array<std::uint8_t, kMaxDigestBytes> block;
  std::array<std::uint8_t, 4> counter;
  for (std::uint32_t i = 0; !masked.empty(); ++i) {
    store_be32(counter.data(), i);
    Hash hash = seeded;
    hash.update(counter);
    hash.finish(block);
    const std::size_t take = std::min(digest_bytes(id), masked.size());
    for (std::size_t at = 0; at < take; ++at) masked[at] ^= block[at];
    masked = masked.subspan(take);
  }
}

/// The hash of M': eight zeros, the digest, the salt.
void tag_of(HashId id, Bytes digest, Bytes salt, MutableBytes tag) {
  constexpr std::array<std::uint8_t, 8> kZeros{};
  Hash hash(id);
  hash.update(kZeros);
  hash.update(digest);
  hash.update(salt);
  hash.finish(tag);
}

}  // namespace

void pss_encode(HashId id, Bytes digest, Bytes salt, MutableBytes encoded) {
  const std::size_t width = digest_bytes(id);
  assert(digest.size() == width && salt.size() == width && encoded.size() >= 128);
  const MutableBytes block = encoded.first(encoded.size() - width - 1);
  const MutableBytes tag = encoded.subspan(block.size(), width);
  tag_of(id, digest, salt, tag);

  std::memset(block.data(), 0, block.size() - width - 1);
  block[block.size() - width - 1] = 1;
  std::memcpy(&block[block.size() - width], salt.data(), width);
  mask(id, tag, block);
  block[0] &= 0x7f;  // emBits is one less than the modulus has
  encoded[encoded.size() - 1] = 0xbc;
}

bool pss_verify(HashId id, Bytes digest, MutableBytes encoded) {
  const std::size_t width = digest_bytes(id);
  assert(digest.size() == width && encoded.size() >= 128);
  if (encoded.back() != 0xbc || (encoded.front() & 0x80) != 0) return false;
  const MutableBytes block = encoded.first(encoded.size() - width - 1);
  const Bytes tag = encoded.subspan(block.size(), width);
  mask(id, tag, block);
  block[0] &= 0x7f;
  const Bytes salt = block.last(width);
  const Bytes padding = block.first(block.size() - width - 1);
  std::array<std::uint8_t, kMaxDigestBytes> wanted;
  tag_of(id, digest, salt, wanted);
  return std::ranges::count(padding, 0) == std::ssize(padding) && block[padding.size()] == 1 &&
         std::ranges::equal(tag, Bytes(wanted).first(width));
}

}  // namespace handsel::crypto
