#include "crypto/nonce_lanes.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "crypto/ecdsa.h"
#include "crypto/sha256.h"

namespace handsel::crypto {
namespace {

constexpr std::size_t kLanes = kKernelLanes;
/// A call costs all its lanes: 8,400 cycles, and one nonce alone 1,850 (measured).
constexpr std::size_t kCrossover = 5;
constexpr std::size_t kDigestWords = 8;
constexpr std::size_t kBlockWords = 16;

/// Words by lane, wiped.
template <std::size_t Words, std::size_t Lanes = kLanes>
struct LaneWords {
  LaneWords() = default;
  explicit LaneWords(std::uint32_t value) {
    for (std::size_t i = 0; i < Words; ++i) fill(i, value);
  }
  LaneWords(const LaneWords&) = default;
  LaneWords& operator=(const LaneWords&) = default;
  ~LaneWords() { secure_wipe(word, sizeof word); }
  void fill(std::size_t index, std::uint32_t value) { std::ranges::fill(word[index], value); }

  alignas(64) std::uint32_t word[Words][Lanes];
};
using Block = LaneWords<kBlockWords>;
using Digests = LaneWords<kDigestWords>;

/// Ends a message of `bytes` behind a key's block, whose last word before the padding is `word` - 1 (FIPS 180-4 5.1.1).
void pad_words(Block& block, std::size_t word, std::size_t bytes) {
  block.fill(word, 0x80000000);
  for (std::size_t i = word + 1; i < kBlockWords - 1; ++i) block.fill(i, 0);
  block.fill(kBlockWords - 1, static_cast<std::uint32_t>(8 * (kSha256BlockBytes + bytes)));
}

/// HMAC-SHA-256 of every lane under its own key of 32 bytes.
class LaneHmac {
 public:
  explicit LaneHmac(const Digests& key) {
    pad_words(last_, kDigestWords, kSha256DigestBytes);
    set_key(key);
  }

  /// Hashes both padded keys (RFC 2104): sixteen lanes.
  void set_key(const Digests& key) {
    LaneWords<kDigestWords, 2 * kLanes> state;
    LaneWords<kBlockWords, 2 * kLanes> block;
    for (std::size_t i = 0; i < kDigestWords; ++i) state.fill(i, kSha256Start[i]);
    for (std::size_t i = 0; i < kBlockWords; ++i) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const std::uint32_t word = i < kDigestWords ? key.word[i][lane] : 0;
        block.word[i][lane] = word ^ 0x36363636;
        block.word[i][kLanes + lane] = word ^ 0x5c5c5c5c;
      }
    }
    kSixteenSha256Kernels.compress(state.word, block.word);
    for (std::size_t i = 0; i < kDigestWords; ++i) {
      std::memcpy(inner_.word[i], state.word[i], sizeof inner_.word[i]);
      std::memcpy(outer_.word[i], state.word[i] + kLanes, sizeof outer_.word[i]);
    }
  }
  /// `out` may be what the last block was made of.
  void mac(std::span<const Block> padded, Digests& out) {
    Digests state = inner_;
    for (const Block& block : padded) kEightSha256Kernels.compress(state.word, block.word);
    std::memcpy(last_.word, state.word, sizeof state.word);
    out = outer_;
    kEightSha256Kernels.compress(out.word, last_.word);
  }

 private:
  Digests inner_;
  Digests outer_;
  Block last_;  // the inner digest and its padding
};

/// V || separator || key || digest || extra: what K is made of (RFC 6979 3.2 d, f and 3.6).
class SeedBlocks {
 public:
  explicit SeedBlocks(std::span<const NonceSeed> seeds) {
    std::uint8_t bytes[kBlocks * kSha256BlockBytes] = {};
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      if (lane < seeds.size()) write(seeds[lane], bytes);
      for (std::size_t i = 0; i < kBlocks * kBlockWords; ++i)
        blocks_[i / kBlockWords].word[i % kBlockWords][lane] = load_be32(&bytes[4 * i]);
    }
    secure_wipe(bytes, sizeof bytes);
  }
  std::span<const Block> with(const Digests& v, std::uint8_t separator) {
    std::memcpy(blocks_[0].word, v.word, sizeof v.word);
    for (std::uint32_t& word : blocks_[0].word[kDigestWords])
      word = (word & 0x00ffffff) | std::uint32_t{separator} << 24;
    return blocks_;
  }

 private:
  static constexpr std::size_t kBlocks = 3;
  static constexpr std::size_t kKeyAt = kSha256DigestBytes + 1;
  static constexpr std::size_t kLength = kKeyAt + 3 * 32;

  static void write(const NonceSeed& seed, std::uint8_t (&bytes)[kBlocks * kSha256BlockBytes]) {
    assert(seed.key.size() == 32 && seed.digest.size() == 32 && seed.extra.size() == 32);
    std::memcpy(&bytes[kKeyAt], seed.key.data(), 32);
    order_to_bytes(order_from_bytes(seed.digest), MutableBytes(bytes).subspan(kKeyAt + 32, 32));  // 2.3.4: bits2octets
    std::memcpy(&bytes[kKeyAt + 64], seed.extra.data(), 32);
    bytes[kLength] = 0x80;
    store_be32(&bytes[sizeof bytes - 4], 8 * (kSha256BlockBytes + kLength));
  }

  Block blocks_[kBlocks];
};

}  // namespace

void derive_nonces(std::span<const NonceSeed> seeds, LaneBytes& nonces) {
  assert(seeds.size() <= kLanes);
  const auto derive_alone = [&](std::size_t lane) {
    derive_nonce(seeds[lane].key, seeds[lane].digest, seeds[lane].extra, nonces.bytes[lane]);
  };
  if (seeds.size() < kCrossover) {
    for (std::size_t lane = 0; lane < seeds.size(); ++lane) derive_alone(lane);
    return;
  }
  SeedBlocks seed(seeds);
  static const LaneHmac first_hmac(Digests(0));  // steps b and c: K starts as zeros, V as ones
  LaneHmac hmac = first_hmac;
  Digests k;
  Digests v(0x01010101);
  Block v_block;
  pad_words(v_block, kDigestWords, kSha256DigestBytes);
  const auto step = [&] {  // V = HMAC(V)
    std::memcpy(v_block.word, v.word, sizeof v.word);
    hmac.mac({&v_block, 1}, v);
  };
  for (const std::uint8_t separator : {std::uint8_t{0}, std::uint8_t{1}}) {  // steps d to g
    hmac.mac(seed.with(v, separator), k);
    hmac.set_key(k);
    step();
  }
  step();  // step h
  for (std::size_t lane = 0; lane < seeds.size(); ++lane) {
    for (std::size_t i = 0; i < kDigestWords; ++i) store_be32(&nonces.bytes[lane][4 * i], v.word[i][lane]);
    // One in 2^32 is n or more, and further ones follow.
    if (!order_is_valid_scalar(nonces.bytes[lane])) derive_alone(lane);
  }
}

}  // namespace handsel::crypto
