#pragma once
/// Private keys behind opaque names: whoever signs says which key, only the back ends see it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>

#include "crypto/operation.h"

namespace handsel::crypto {

/// What a key can do. `rsa_pss` signs by RSASSA-PSS and does nothing else (RFC 8017 A.2.3, RFC 4055 1.2).
enum class KeyAlgorithm : std::uint8_t { p256, rsa, p384, ed25519, rsa_pss };
constexpr bool is_rsa(KeyAlgorithm algorithm) {
  return algorithm == KeyAlgorithm::rsa || algorithm == KeyAlgorithm::rsa_pss;
}
struct KeyType {
  KeyAlgorithm algorithm{};
  std::uint16_t bits = 0;  ///< of the modulus, or of the curve
  friend bool operator==(KeyType, KeyType) = default;
};

enum class KeyError : std::uint8_t {
  not_pem,            ///< no private key in PEM form in the text
  encrypted,          ///< the key needs a passphrase
  unsupported_type,   ///< neither EC, RSA nor Ed25519
  unsupported_curve,  ///< EC, but neither P-256 nor P-384
  restricted,         ///< RSASSA-PSS, bound to one hash or salt length
  bad_size,           ///< an RSA modulus below 2048 or above 8192 bits, or not of whole bytes
  inconsistent,       ///< the parts of the key do not belong together
  full,               ///< kMaxKeys are stored
};
/// A sentence for people: what is wrong and what to do.
std::string_view explain(KeyError error);

/// Keys are added by the control thread and never move or go before the store does; a worker may use a
/// KeyId as soon as it was told of it.
class KeyStore {
 public:
  static constexpr std::size_t kMaxKeys = 1'024;

  KeyStore();
  ~KeyStore();
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;

  /// Takes the first private key of a PEM text (PKCS #8, SEC 1 or PKCS #1), unencrypted. Control thread.
  std::expected<KeyId, KeyError> add_pem(std::string_view pem);
  /// Makes a new key from libcrypto's generator; bits matter for RSA alone. Control thread.
  std::expected<KeyId, KeyError> generate(KeyType type);

  /// Any thread. `id` is one that this store gave.
  KeyType type(KeyId id) const;
  std::size_t size() const { return size_.load(std::memory_order_acquire); }

 private:
  friend class KeyAccess;  // key_access.h: for the back ends
  struct Entry;
  std::expected<KeyId, KeyError> add(void* pkey);

  std::unique_ptr<Entry[]> entries_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace handsel::crypto
