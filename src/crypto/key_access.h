#pragma once
/// The only door to the keys behind KeyIds: included by the back ends and by what compares keys with certificates.

#include <openssl/evp.h>

#include <optional>

#include "crypto/key_store.h"

namespace handsel::crypto {

/// What kind of key it is; nothing for kinds that are not used here.
std::optional<KeyType> public_key_type(const EVP_PKEY* pkey);

/// What RFC 8032 5.1.5 makes of an Ed25519 key: 32 bytes each.
struct Ed25519Key {
  Bytes scalar;  ///< clamped, little-endian
  Bytes prefix;
  Bytes public_key;
};

class KeyAccess {
 public:
  /// The key, owned by the store; nullptr for an id that the store did not give.
  static EVP_PKEY* pkey(const KeyStore& keys, KeyId id);
  /// A P-256 key's scalar, 32 bytes big-endian; empty for other keys.
  static Bytes p256_scalar(const KeyStore& keys, KeyId id);
  /// An Ed25519 key's parts; empty for other keys.
  static Ed25519Key ed25519(const KeyStore& keys, KeyId id);
};

}  // namespace handsel::crypto
