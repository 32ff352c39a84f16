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
  if (key.size() == kSha256DigestBytes)  // nearly always: a copy of known length takes no call
    std::memcpy(inner_block, key.data(), kSha256DigestBytes);
  else if (!key.empty())
    std::memcpy(inner_block, key.data(), key.size());
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

bool fits_one_block(std::initializer_list<Bytes> parts) {
  std::size_t bytes = 0;
  for (const Bytes part : parts) bytes += part.size();
  return bytes <= kSha256BlockBytes - 1 - sizeof(std::uint64_t);
}

/// What is left of an HMAC behind its padded keys: the block to be compressed next, and the words to do it with.
struct MacStep {
  alignas(16) Sha256Words words;
  alignas(16) std::uint8_t block[kSha256BlockBytes] = {};

  /// The inner message, which fits: most of what a key schedule hashes is that short (RFC 6234 4.1: behind it a one,
  /// zeros, and the length in bits).
  MacStep(const Words& inner, std::initializer_list<Bytes> parts) {
    std::memcpy(words, inner.data(), sizeof words);
    std::size_t used = 0;
    for (const Bytes part : parts) {
      if (!part.empty()) std::memcpy(block + used, part.data(), part.size());
      used += part.size();
    }
    block[used] = 0x80;
    store_be16(block + kSha256BlockBytes - 2, static_cast<std::uint16_t>((kSha256BlockBytes + used) * 8));
  }
  /// A longer one, hashed already.
  explicit MacStep(const Sha256Words& digest) { std::memcpy(words, digest, sizeof words); }
  ~MacStep() {
    secure_wipe(words, sizeof words);
    secure_wipe(block, sizeof block);
  }
  MacStep(const MacStep&) = delete;
  MacStep& operator=(const MacStep&) = delete;

  /// The outer message, of the inner one's digest: 96 bytes with the key.
  void turn(const Words& outer) {
    alignas(16) static constexpr std::uint8_t kPadding[32] = {0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0,
                                                              0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x03, 0};
    write_sha256_digest(words, block);
    std::memcpy(block + kSha256DigestBytes, kPadding, sizeof kPadding);
    std::memcpy(words, outer.data(), sizeof words);
  }
};

void compress(MacStep& step) { sha256_kernels().compress(step.words, step.block, 1); }
void compress_two(MacStep& first, MacStep& second) {
  sha256_kernels().compress_two(first.words, first.block, second.words, second.block);
}

void mac_sha256(const Words& inner, const Words& outer, std::initializer_list<Bytes> parts, std::uint8_t* out) {
  const auto finish = [&](MacStep& step) {
    step.turn(outer);
    compress(step);
    write_sha256_digest(step.words, out);
  };
  if (fits_one_block(parts)) {
    MacStep step(inner, parts);
    compress(step);
    return finish(step);
  }
  Sha256 hash(as_sha256(inner));
  for (const Bytes part : parts) hash.update(part);
  MacStep step(hash.finish());
  secure_wipe(&hash, sizeof hash);
  finish(step);
}

/// Both messages fit one block.
void mac_two_sha256(const Words& first_inner, const Words& first_outer, std::initializer_list<Bytes> first,
                    std::uint8_t* first_out, const Words& second_inner, const Words& second_outer,
                    std::initializer_list<Bytes> second, std::uint8_t* second_out) {
  MacStep steps[2] = {{first_inner, first}, {second_inner, second}};
  compress_two(steps[0], steps[1]);
  steps[0].turn(first_outer);
  steps[1].turn(second_outer);
  compress_two(steps[0], steps[1]);
  write_sha256_digest(steps[0].words, first_out);
  write_sha256_digest(steps[1].words, second_out);
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

void mac_two(const Hmac& first_key, std::initializer_list<Bytes> first, MutableBytes first_out, const Hmac& second_key,
             std::initializer_list<Bytes> second, MutableBytes second_out) {
  const HashId id = first_key.id_;
  if (id == HashId::sha256 && second_key.id_ == id && fits_one_block(first) && fits_one_block(second)) {
    assert(first_out.size() >= digest_bytes(id) && second_out.size() >= digest_bytes(id));
    return mac_two_sha256(first_key.inner_, first_key.outer_, first, first_out.data(), second_key.inner_,
                          second_key.outer_, second, second_out.data());
  }
  first_key.mac(first, first_out);
  second_key.mac(second, second_out);
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

void hkdf_expand_two(const Hmac& first_key, Bytes first_info, MutableBytes first_out, const Hmac& second_key,
                     Bytes second_info, MutableBytes second_out) {
  assert(first_out.size() <= digest_bytes(first_key.id()) && second_out.size() <= digest_bytes(second_key.id()));
  constexpr std::uint8_t kCounter = 1;
  std::array<std::uint8_t, kMaxDigestBytes> blocks[2];
  mac_two(first_key, {first_info, Bytes(&kCounter, 1)}, blocks[0], second_key, {second_info, Bytes(&kCounter, 1)},
          blocks[1]);
  std::memcpy(first_out.data(), blocks[0].data(), first_out.size());
  std::memcpy(second_out.data(), blocks[1].data(), second_out.size());
  secure_wipe(blocks, sizeof blocks);
}

}  // namespace handsel::crypto
