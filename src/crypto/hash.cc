// SHA384_* are deprecated since OpenSSL 3.0 in favour of EVP, whose contexts are fetched under a lock and allocated:
// several times the price of a short hash. The low-level functions need neither.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hash.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <new>
#include <type_traits>

#include "crypto/sha256.h"

namespace handsel::crypto {
namespace {

constexpr std::size_t kSha384BlockBytes = 128;
constexpr std::size_t kSha384DigestBytes = 48;
constexpr std::uint8_t kInnerPad = 0x36;  // RFC 2104 2
constexpr std::uint8_t kOuterPad = 0x5c;

using Words = std::array<std::uint8_t, 64>;  // an Hmac's, of either hash

Sha256& as_sha256(void* state) { return *static_cast<Sha256*>(state); }
const Sha256Words& as_sha256(const Words& words) { return *reinterpret_cast<const Sha256Words*>(words.data()); }
Sha256Words& as_sha256(Words& words) { return *reinterpret_cast<Sha256Words*>(words.data()); }
SHA512_CTX* as_sha512(void* state) { return static_cast<SHA512_CTX*>(state); }

/// SHA-256's state is half as long as that of the others: forks of a transcript are copies.
std::size_t state_bytes(HashId id) { return id == HashId::sha256 ? sizeof(Sha256) : sizeof(SHA512_CTX); }

// --- SHA-256's halves of Hmac ----------------------------------------------------------------------------------------

void absorb_key_sha256(Bytes key, Words& inner, Words& outer) {
  std::uint8_t inner_block[kSha256BlockBytes] = {};
  std::uint8_t outer_block[kSha256BlockBytes];
  if (!key.empty()) std::memcpy(inner_block, key.data(), key.size());
  for (std::size_t i = 0; i < kSha256BlockBytes; ++i) {
    outer_block[i] = inner_block[i] ^ kOuterPad;
    inner_block[i] ^= kInnerPad;
  }
  std::memcpy(inner.data(), kSha256Start, sizeof kSha256Start);
  std::memcpy(outer.data(), kSha256Start, sizeof kSha256Start);
  sha256_kernels().compress_two(as_sha256(inner), inner_block, as_sha256(outer), outer_block);
  secure_wipe(inner_block, sizeof inner_block);
  secure_wipe(outer_block, sizeof outer_block);
}

/// HMAC's outer message: the padded key's words are there already, and behind the inner digest stands this
/// (RFC 6234 4.1: a one, zeros, 96 bytes in bits).
struct OuterBlock {
  alignas(16) std::uint8_t bytes[kSha256BlockBytes];
  explicit OuterBlock(const Sha256Words& inner) {
    alignas(16) static constexpr std::uint8_t kPadding[32] = {0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0,
                                                              0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x03, 0};
    write_sha256_digest(inner, bytes);
    std::memcpy(bytes + kSha256DigestBytes, kPadding, sizeof kPadding);
  }
  ~OuterBlock() { secure_wipe(bytes, sizeof bytes); }
  OuterBlock(const OuterBlock&) = delete;
  OuterBlock& operator=(const OuterBlock&) = delete;
};

void mac_sha256(const Words& inner, const Words& outer, std::initializer_list<Bytes> parts, std::uint8_t* out) {
  Sha256 hash(as_sha256(inner));
  for (const Bytes part : parts) hash.update(part);
  const OuterBlock block(hash.finish());
  Words words = outer;
  sha256_kernels().compress(as_sha256(words), block.bytes, 1);
  write_sha256_digest(as_sha256(words), out);
  secure_wipe(words);
  secure_wipe(&hash, sizeof hash);
}

void mac_two_sha256(const Words& inner, const Words& outer, std::initializer_list<Bytes> first, std::uint8_t* first_out,
                    std::initializer_list<Bytes> second, std::uint8_t* second_out) {
  Sha256 hashes[2] = {Sha256(as_sha256(inner)), Sha256(as_sha256(inner))};
  for (const Bytes part : first) hashes[0].update(part);
  for (const Bytes part : second) hashes[1].update(part);
  Sha256::finish_two(hashes[0], hashes[1]);
  const OuterBlock first_block(hashes[0].words()), second_block(hashes[1].words());
  Words words[2] = {outer, outer};
  sha256_kernels().compress_two(as_sha256(words[0]), first_block.bytes, as_sha256(words[1]), second_block.bytes);
  write_sha256_digest(as_sha256(words[0]), first_out);
  write_sha256_digest(as_sha256(words[1]), second_out);
  secure_wipe(words, sizeof words);
  secure_wipe(hashes, sizeof hashes);
}

// --- SHA-384's -------------------------------------------------------------------------------------------------------

void absorb_key_sha384(Bytes key, std::uint8_t pad, Words& words) {
  std::uint8_t block[kSha384BlockBytes] = {};
  if (!key.empty()) std::memcpy(block, key.data(), key.size());
  for (std::uint8_t& byte : block) byte ^= pad;
  SHA512_CTX state;
  SHA384_Init(&state);
  SHA512_Transform(&state, block);
  static_assert(sizeof state.h == sizeof(Words));
  std::memcpy(words.data(), state.h, sizeof state.h);
  secure_wipe(block, sizeof block);
  secure_wipe(&state, sizeof state);
}

/// Goes on behind the padded key.
void resume_sha384(SHA512_CTX& state, const Words& words) {
  std::memcpy(state.h, words.data(), sizeof state.h);
  state.Nl = kSha384BlockBytes * 8;
}

void mac_sha384(const Words& inner, const Words& outer, std::initializer_list<Bytes> parts, std::uint8_t* out) {
  std::array<std::uint8_t, kSha384DigestBytes> digest;
  SHA512_CTX state;
  SHA384_Init(&state);
  resume_sha384(state, inner);
  for (const Bytes part : parts) SHA384_Update(&state, part.data(), part.size());
  SHA384_Final(digest.data(), &state);
  SHA384_Init(&state);
  resume_sha384(state, outer);
  SHA384_Update(&state, digest.data(), digest.size());
  SHA384_Final(out, &state);
  secure_wipe(digest);
  secure_wipe(&state, sizeof state);
}

}  // namespace

Hash::Hash(HashId id) : id_(id) {
  static_assert(sizeof(Sha256) <= sizeof(state_) && sizeof(SHA512_CTX) <= sizeof(state_));
  static_assert(std::is_trivially_copyable_v<Sha256> && std::is_trivially_copyable_v<SHA512_CTX>);
  if (id == HashId::sha256)
    ::new (state_.data()) Sha256;
  else if (id == HashId::sha384)
    SHA384_Init(as_sha512(state_.data()));
  else
    SHA512_Init(as_sha512(state_.data()));
}

Hash::Hash(const Hash& other) : id_(other.id_) { std::memcpy(state_.data(), other.state_.data(), state_bytes(id_)); }

Hash& Hash::operator=(const Hash& other) {
  if (this == &other) return *this;
  if (id_ != other.id_) secure_wipe(state_);
  id_ = other.id_;
  std::memcpy(state_.data(), other.state_.data(), state_bytes(id_));
  return *this;
}

Hash::~Hash() { secure_wipe(state_.data(), state_bytes(id_)); }

void Hash::update(Bytes bytes) {
  if (id_ == HashId::sha256)
    as_sha256(state_.data()).update(bytes);
  else
    SHA512_Update(as_sha512(state_.data()), bytes.data(), bytes.size());
}

void Hash::finish(MutableBytes out) {
  assert(out.size() >= digest_bytes(id_));
  if (id_ == HashId::sha256)
    write_sha256_digest(as_sha256(state_.data()).finish(), out.data());
  else
    SHA512_Final(out.data(), as_sha512(state_.data()));
}

// RFC 2104 2: a key longer than a block is hashed first.
Hmac::Hmac(HashId id, Bytes key) : id_(id) {
  assert(digest_bytes(id) <= kMaxDigestBytes);
  Secret<kMaxDigestBytes> digest;
  if (key.size() > (id == HashId::sha256 ? kSha256BlockBytes : kSha384BlockBytes)) {
    Hash hash(id);
    hash.update(key);
    hash.finish(digest.fill(digest_bytes(id)));
    key = digest.view();
  }
  if (id == HashId::sha256) {
    absorb_key_sha256(key, inner_, outer_);
  } else {
    absorb_key_sha384(key, kInnerPad, inner_);
    absorb_key_sha384(key, kOuterPad, outer_);
  }
}

Hmac::~Hmac() {
  secure_wipe(inner_);
  secure_wipe(outer_);
}

void Hmac::mac(std::initializer_list<Bytes> parts, MutableBytes out) const {
  assert(out.size() >= digest_bytes(id_));
  if (id_ == HashId::sha256)
    mac_sha256(inner_, outer_, parts, out.data());
  else
    mac_sha384(inner_, outer_, parts, out.data());
}

void Hmac::mac_two(std::initializer_list<Bytes> first, MutableBytes first_out, std::initializer_list<Bytes> second,
                   MutableBytes second_out) const {
  assert(first_out.size() >= digest_bytes(id_) && second_out.size() >= digest_bytes(id_));
  if (id_ == HashId::sha256) return mac_two_sha256(inner_, outer_, first, first_out.data(), second, second_out.data());
  mac(first, first_out);
  mac(second, second_out);
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

void hkdf_expand_two(const Hmac& pseudorandom_key, Bytes first_info, MutableBytes first_out, Bytes second_info,
                     MutableBytes second_out) {
  assert(first_out.size() <= digest_bytes(pseudorandom_key.id()) &&
         second_out.size() <= digest_bytes(pseudorandom_key.id()));
  constexpr std::uint8_t kCounter = 1;
  std::array<std::uint8_t, kMaxDigestBytes> blocks[2];
  pseudorandom_key.mac_two({first_info, Bytes(&kCounter, 1)}, blocks[0], {second_info, Bytes(&kCounter, 1)}, blocks[1]);
  std::memcpy(first_out.data(), blocks[0].data(), first_out.size());
  std::memcpy(second_out.data(), blocks[1].data(), second_out.size());
  secure_wipe(blocks, sizeof blocks);
}

}  // namespace handsel::crypto
