#pragma once
/// A peer's public key, as its certificate holds it (RFC 5280 4.1.2.7).

#include <array>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "crypto/key_store.h"

struct evp_pkey_st;  // libcrypto's EVP_PKEY

namespace handsel::crypto {

/// Owns what libcrypto has made of the key. Made by peer_chain.h; read by the back ends.
class PublicKey {
 public:
  PublicKey() = default;
  /// Takes `pkey`, of this type.
  PublicKey(evp_pkey_st* pkey, KeyType type);

  /// The same key once more. Allocates nothing.
  PublicKey share() const;

  explicit operator bool() const { return pkey_ != nullptr; }
  KeyType type() const { return type_; }
  evp_pkey_st* pkey() const { return pkey_.get(); }
  /// What a vector kernel takes: for P-256 both coordinates, 64 bytes big-endian; for Ed25519 the
  /// encoded point, 32 bytes; empty for other keys.
  Bytes point() const { return Bytes(point_).first(point_bytes_); }
  /// The same for RSA: the modulus, big-endian, as long as type() says; empty unless the public exponent is 65537.
  Bytes modulus() const { return modulus_; }

 private:
  struct Freer {
    void operator()(evp_pkey_st* pkey) const;
  };
  std::unique_ptr<evp_pkey_st, Freer> pkey_;
  KeyType type_;
  std::array<std::uint8_t, 64> point_{};
  std::size_t point_bytes_ = 0;
  std::vector<std::uint8_t> modulus_;
};

}  // namespace handsel::crypto
