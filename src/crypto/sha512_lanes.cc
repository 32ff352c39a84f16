#include "crypto/sha512_lanes.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "base/secret.h"

namespace handsel::crypto {
namespace {

constexpr std::array<std::uint64_t, 8> kInitial{0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                                0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                                0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};  // FIPS 180-4 5.3.5

}  // namespace

Sha512Lanes::~Sha512Lanes() {
  secure_wipe(messages_, sizeof messages_);
  secure_wipe(digests_, sizeof digests_);
}

void Sha512Lanes::set(std::size_t lane, std::initializer_list<Bytes> parts) {
  std::uint8_t* const message = messages_[lane];
  std::size_t length = 0;
  for (const Bytes part : parts) {
    assert(part.size() <= kMaxMessageBytes - length);
    if (!part.empty()) std::memcpy(message + length, part.data(), part.size());
    length += part.size();
  }
  blocks_[lane] = (length + 17 + kBlockBytes - 1) / kBlockBytes;
  const std::size_t padded = blocks_[lane] * kBlockBytes;
  message[length] = 0x80;  // FIPS 180-4 5.1.2
  std::memset(message + length + 1, 0, padded - length - 1);
  store_be64(message + padded - 8, 8 * length);
}

void Sha512Lanes::run() {
  std::uint64_t state[8][kKernelLanes];
  std::uint64_t block[16][kKernelLanes] = {};
  for (std::size_t i = 0; i < 8; ++i) std::ranges::fill(state[i], kInitial[i]);
  for (std::size_t at = 0; at < kMaxBlocks; ++at) {
    unsigned lanes = 0;
    for (std::size_t lane = 0; lane < kKernelLanes; ++lane) {
      if (blocks_[lane] <= at) continue;
      lanes |= 1u << lane;
      for (std::size_t i = 0; i < 16; ++i) block[i][lane] = load_be64(&messages_[lane][at * kBlockBytes + 8 * i]);
    }
    if (lanes != 0) kIfmaSha512Kernels.compress(state, block, static_cast<std::uint8_t>(lanes));
  }
  for (std::size_t lane = 0; lane < kKernelLanes; ++lane)
    for (std::size_t i = 0; i < 8; ++i) store_be64(&digests_[lane][8 * i], state[i][lane]);
  secure_wipe(state, sizeof state);
  secure_wipe(block, sizeof block);
}

}  // namespace handsel::crypto
