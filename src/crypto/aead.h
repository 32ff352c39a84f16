#pragma once
/// Authenticated encryption for records (RFC 5116, 8439): IPsec-MB, with libcrypto as the other back end.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"

namespace handsel::crypto {

enum class AeadId : std::uint8_t { aes_128_gcm, aes_256_gcm, chacha20_poly1305 };
inline constexpr std::size_t kAeadTagBytes = 16;
inline constexpr std::size_t kAeadNonceBytes = 12;
constexpr std::size_t key_bytes(AeadId id) { return id == AeadId::aes_128_gcm ? 16 : 32; }

/// A key as a connection keeps it: small. The expanded form lives in the worker's cache (see Aead).
struct AeadKey {
  AeadId id{};
  Secret<32> key;
  /// For a record or two, as a handshake's keys are: its expanded form takes no place from those of busy connections.
  bool brief = false;
};

/// One worker's AEAD engine; not thread-safe. Expanded keys are cached and wiped when evicted.
class Aead {
 public:
  virtual ~Aead() = default;
  virtual std::string_view name() const = 0;

  /// Encrypts `plaintext` to `out`, which is plaintext.size() + kAeadTagBytes long and may start where the plaintext
  /// does.
  virtual void seal(const AeadKey& key, Bytes nonce, Bytes associated, Bytes plaintext, MutableBytes out) = 0;
  /// Decrypts in place; false when the tag is wrong, and then `ciphertext_and_tag`'s contents are unusable (wiped).
  virtual bool open(const AeadKey& key, Bytes nonce, Bytes associated, MutableBytes ciphertext_and_tag) = 0;
  /// Drops any expanded form of this key, wiped. To be called before a key is destroyed.
  virtual void forget(const AeadKey& key) = 0;
};

/// The engine for this machine; `force` may name "ipsec-mb" or "libcrypto", empty chooses.
/// nullptr when the forced one is not available.
std::unique_ptr<Aead> make_aead(std::string_view force = {});

}  // namespace handsel::crypto
