// SHA256_Transform is deprecated since OpenSSL 3.0 in favour of EVP, which fetches, locks and allocates (see hash.cc).
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <array>
#include <cassert>
#include <cstring>

#include "crypto/ecdsa.h"

namespace handsel::crypto {
namespace {

constexpr std::size_t kDigest = 32;
constexpr std::size_t kBlock = 64;
using Digest = std::array<std::uint8_t, kDigest>;

/// HMAC-SHA-256 under keys of 32 bytes, block by block: all messages of a nonce have known lengths, so that padding is
/// laid out once and nothing is buffered. A nonce takes 18 compressions; general hashing would cost as much again.
class NonceHmac {
 public:
  explicit NonceHmac(const Digest& key) { set_key(key); }
  ~NonceHmac() {
    secure_wipe(&inner_, sizeof inner_);
    secure_wipe(&outer_, sizeof outer_);
    secure_wipe(&work_, sizeof work_);
  }

  void set_key(const Digest& key) {
    std::array<std::uint8_t, kBlock> block;
    for (const auto& [state, pad] : {std::pair{&inner_, std::uint8_t{0x36}}, std::pair{&outer_, std::uint8_t{0x5c}}}) {
      block.fill(pad);
      for (std::size_t i = 0; i < kDigest; ++i) block[i] ^= key[i];
      SHA256_Init(state);
      SHA256_Transform(state, block.data());
    }
    secure_wipe(block);
  }

  /// `padded` is a whole number of blocks, from pad().
  void mac(Bytes padded, Digest& out) {
    std::memcpy(work_.h, inner_.h, sizeof work_.h);
    for (std::size_t at = 0; at < padded.size(); at += kBlock) SHA256_Transform(&work_, padded.data() + at);
    std::array<std::uint8_t, kBlock> last;
    store(last.data());
    pad(last, kDigest);
    std::memcpy(work_.h, outer_.h, sizeof work_.h);
    SHA256_Transform(&work_, last.data());
    store(out.data());
    secure_wipe(last);
  }

  /// Ends a message of `length` bytes, which follows a key's block, in the last of `blocks` (FIPS 180-4 5.1.1).
  static void pad(MutableBytes blocks, std::size_t length) {
    blocks[length] = 0x80;
    std::memset(&blocks[length + 1], 0, blocks.size() - length - 1);
    store_be32(&blocks[blocks.size() - 4], static_cast<std::uint32_t>(8 * (kBlock + length)));
  }

 private:
  void store(std::uint8_t* out) const {
    for (std::size_t i = 0; i < 8; ++i) store_be32(out + 4 * i, work_.h[i]);
  }

  SHA256_CTX inner_;
  SHA256_CTX outer_;
  SHA256_CTX work_;
};

/// V || separator || key || digest || extra, padded.
struct SeedMessage {
  static constexpr std::size_t kSeparatorAt = kDigest;
  static constexpr std::size_t kMost = 3 * kBlock;
  static constexpr std::size_t kMaxExtra = 32;

  SeedMessage(Bytes key, const Digest& reduced_digest, Bytes extra) {
    Writer writer(bytes);
    writer.zeros(kDigest + 1);
    writer.bytes(key);
    writer.bytes(reduced_digest);
    writer.bytes(extra);
    padded = (writer.size() + 9 + kBlock - 1) / kBlock * kBlock;
    NonceHmac::pad(MutableBytes(bytes).first(padded), writer.size());
  }
  ~SeedMessage() { secure_wipe(bytes); }
  Bytes with(const Digest& v, std::uint8_t separator) {
    std::memcpy(bytes.data(), v.data(), kDigest);
    bytes[kSeparatorAt] = separator;
    return Bytes(bytes).first(padded);
  }
  std::array<std::uint8_t, kMost> bytes;
  std::size_t padded;
};

/// V = HMAC(V).
void step(NonceHmac& hmac, Digest& v) {
  std::array<std::uint8_t, kBlock> block;
  std::memcpy(block.data(), v.data(), kDigest);
  NonceHmac::pad(block, kDigest);
  hmac.mac(block, v);
  secure_wipe(block);
}

}  // namespace

void derive_nonce(Bytes key, Bytes digest, Bytes extra, MutableBytes nonce) {
  assert(key.size() == 32 && digest.size() == 32 && nonce.size() == 32 && extra.size() <= SeedMessage::kMaxExtra);
  Digest reduced_digest;  // RFC 6979 2.3.4: bits2octets
  order_to_bytes(order_from_bytes(digest), reduced_digest);
  SeedMessage seed(key, reduced_digest, extra);
  static const NonceHmac first_hmac(Digest{});  // steps b and c: K starts as zeros, V as ones
  NonceHmac hmac = first_hmac;
  Digest k;
  Digest v;
  v.fill(1);
  for (const std::uint8_t separator : {std::uint8_t{0}, std::uint8_t{1}}) {  // steps d to g
    hmac.mac(seed.with(v, separator), k);
    hmac.set_key(k);
    step(hmac, v);
  }
  for (;;) {  // step h
    step(hmac, v);
    if (order_is_valid_scalar(v)) break;
    std::array<std::uint8_t, kBlock> block;
    std::memcpy(block.data(), v.data(), kDigest);
    block[kDigest] = 0;
    NonceHmac::pad(block, kDigest + 1);
    hmac.mac(block, k);
    secure_wipe(block);
    hmac.set_key(k);
    step(hmac, v);
  }
  std::memcpy(nonce.data(), v.data(), v.size());
  secure_wipe(v);
  secure_wipe(k);
}

}  // namespace handsel::crypto
