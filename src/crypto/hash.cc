// SHA256_* and SHA512_* are deprecated since OpenSSL 3.0 in favour of EVP, whose contexts are fetched under a lock and
// allocated: several times the price of a 64-byte hash. The low-level functions need neither, and run on SHA-NI.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hash.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <type_traits>

namespace handsel::crypto {
namespace {

constexpr std::size_t block_bytes(HashId id) { return id == HashId::sha256 ? 64 : 128; }
constexpr std::size_t kMaxBlockBytes = 128;

SHA256_CTX* as_sha256(void* state) { return static_cast<SHA256_CTX*>(state); }
SHA512_CTX* as_sha512(void* state) { return static_cast<SHA512_CTX*>(state); }

/// SHA-256's state is half as long as SHA-384's: an HMAC's two copies are a good part of its price.
void copy_state(HashId id, void* to, const void* from) {
  if (id == HashId::sha256)
    std::memcpy(to, from, sizeof(SHA256_CTX));
  else
    std::memcpy(to, from, sizeof(SHA512_CTX));
}

/// RFC 2104 2: the key, hashed when it is longer than a block, in a block of zeros.
void pad_key(HashId id, Bytes key, std::array<std::uint8_t, kMaxBlockBytes>& block) {
  block.fill(0);
  if (key.size() > block_bytes(id)) {
    Hash hash(id);
    hash.update(key);
    hash.finish(MutableBytes(block).first(digest_bytes(id)));
  } else if (!key.empty()) {
    std::memcpy(block.data(), key.data(), key.size());
  }
}

Hash keyed(HashId id, Bytes key, std::uint8_t pad) {
  std::array<std::uint8_t, kMaxBlockBytes> block;
  pad_key(id, key, block);
  for (std::uint8_t& byte : block) byte ^= pad;
  Hash hash(id);
  hash.update(Bytes(block).first(block_bytes(id)));
  secure_wipe(block);
  return hash;
}

}  // namespace

Hash::Hash(HashId id) : id_(id) {
  static_assert(sizeof(SHA256_CTX) <= sizeof(state_) && sizeof(SHA512_CTX) <= sizeof(state_));
  static_assert(std::is_trivially_copyable_v<SHA256_CTX> && std::is_trivially_copyable_v<SHA512_CTX>);
  if (id == HashId::sha256)
    SHA256_Init(as_sha256(state_.data()));
  else
    SHA384_Init(as_sha512(state_.data()));
}

Hash::Hash(const Hash& other) : id_(other.id_) { copy_state(id_, state_.data(), other.state_.data()); }

Hash& Hash::operator=(const Hash& other) {
  if (this == &other) return *this;
  if (id_ != other.id_) secure_wipe(state_);
  id_ = other.id_;
  copy_state(id_, state_.data(), other.state_.data());
  return *this;
}

Hash::~Hash() {
  if (id_ == HashId::sha256)
    secure_wipe(state_.data(), sizeof(SHA256_CTX));
  else
    secure_wipe(state_.data(), sizeof(SHA512_CTX));
}

void Hash::update(Bytes bytes) {
  if (id_ == HashId::sha256)
    SHA256_Update(as_sha256(state_.data()), bytes.data(), bytes.size());
  else
    SHA384_Update(as_sha512(state_.data()), bytes.data(), bytes.size());
}

void Hash::finish(MutableBytes out) {
  assert(out.size() >= digest_bytes(id_));
  if (id_ == HashId::sha256)
    SHA256_Final(out.data(), as_sha256(state_.data()));
  else
    SHA384_Final(out.data(), as_sha512(state_.data()));
}

Hmac::Hmac(HashId id, Bytes key) : inner_(keyed(id, key, 0x36)), outer_(keyed(id, key, 0x5c)) {}

void Hmac::mac(std::initializer_list<Bytes> parts, MutableBytes out) const {
  std::array<std::uint8_t, kMaxDigestBytes> digest;
  const MutableBytes inner_digest = MutableBytes(digest).first(digest_bytes(id()));
  Hash inner = inner_;
  for (const Bytes part : parts) inner.update(part);
  inner.finish(inner_digest);
  Hash outer = outer_;
  outer.update(inner_digest);
  outer.finish(out);
  secure_wipe(inner_digest);
}

void hkdf_extract(HashId id, Bytes salt, Bytes input_key_material, MutableBytes pseudorandom_key) {
  // An absent salt is a digest of zeros (RFC 5869 2.2): the same padded key as an empty one.
  Hmac(id, salt).mac({input_key_material}, pseudorandom_key);
}

void hkdf_expand(HashId id, Bytes pseudorandom_key, Bytes info, MutableBytes out) {
  hkdf_expand(Hmac(id, pseudorandom_key), info, out);
}

void hkdf_expand(const Hmac& pseudorandom_key, Bytes info, MutableBytes out) {
  const std::size_t width = digest_bytes(pseudorandom_key.id());
  assert(out.size() <= 255 * width);
  std::array<std::uint8_t, kMaxDigestBytes> block;
  Bytes previous;
  for (std::uint8_t counter = 1; !out.empty(); ++counter) {
    pseudorandom_key.mac({previous, info, Bytes(&counter, 1)}, MutableBytes(block).first(width));
    previous = Bytes(block).first(width);
    const std::size_t take = std::min(width, out.size());
    std::memcpy(out.data(), block.data(), take);
    out = out.subspan(take);
  }
  secure_wipe(block);
}

}  // namespace handsel::crypto
