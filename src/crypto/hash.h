#pragma once
/// Hashes, HMAC with kept midstates, and HKDF (RFC 6234, 2104, 5869). One-shot work, done where it is needed.

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "base/bytes.h"
#include "base/secret.h"

namespace handsel::crypto {

enum class HashId : std::uint8_t { sha256, sha384, sha512 };
/// Of the hashes that cipher suites use. SHA-512 serves signatures alone: no HMAC, no HKDF, no transcript.
inline constexpr std::size_t kMaxDigestBytes = 48;
constexpr std::size_t digest_bytes(HashId id) { return id == HashId::sha256 ? 32 : id == HashId::sha384 ? 48 : 64; }

/// A hash in progress. Copyable: a transcript is forked by copying it. Wiped on destruction.
class Hash {
 public:
  explicit Hash(HashId id);
  Hash(const Hash& other);
  Hash& operator=(const Hash& other);
  ~Hash();

  HashId id() const { return id_; }
  void update(Bytes bytes);
  /// Writes digest_bytes(id()) bytes; the object must not be used again but by assignment.
  void finish(MutableBytes out);

 private:
  HashId id_;
  alignas(8) std::array<std::uint8_t, 216> state_;  // a Sha256 or a SHA512_CTX
};

/// HMAC under one key: the two padded-key blocks are hashed once, then each mac costs only its message. Wiped on
/// destruction.
class Hmac {
 public:
  Hmac(HashId id, Bytes key);
  Hmac(const Hmac&) = default;
  Hmac& operator=(const Hmac&) = default;
  ~Hmac();
  HashId id() const { return id_; }
  /// HMAC of the concatenation of `parts`; writes digest_bytes(id()) bytes.
  void mac(std::initializer_list<Bytes> parts, MutableBytes out) const;

 private:
  friend void mac_two(const Hmac& first_key, std::initializer_list<Bytes> first, MutableBytes first_out,
                      const Hmac& second_key, std::initializer_list<Bytes> second, MutableBytes second_out);
  HashId id_;
  // The hash's eight words behind the padded key, of 4 or 8 bytes each.
  alignas(8) std::array<std::uint8_t, 64> inner_;
  alignas(8) std::array<std::uint8_t, 64> outer_;
};

/// Two macs, under one key or two of the same hash. By SHA-256, messages of at most 55 bytes are hashed side by side,
/// at two thirds of the price.
void mac_two(const Hmac& first_key, std::initializer_list<Bytes> first, MutableBytes first_out, const Hmac& second_key,
             std::initializer_list<Bytes> second, MutableBytes second_out);

/// RFC 5869 2.2. Writes digest_bytes(id) bytes.
void hkdf_extract(HashId id, Bytes salt, Bytes input_key_material, MutableBytes pseudorandom_key);
/// RFC 5869 2.3. Fills `out`, at most 255 digests.
void hkdf_expand(HashId id, Bytes pseudorandom_key, Bytes info, MutableBytes out);
void hkdf_expand(const Hmac& pseudorandom_key, Bytes info, MutableBytes out);
/// Two of them, of at most one digest each, by mac_two().
void hkdf_expand_two(const Hmac& first_key, Bytes first_info, MutableBytes first_out, const Hmac& second_key,
                     Bytes second_info, MutableBytes second_out);

}  // namespace handsel::crypto
