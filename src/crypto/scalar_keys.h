#pragma once
/// What libcrypto alone computes: P-384, and signatures for which there is no vector kernel.

#include "base/entropy.h"
#include "crypto/key_store.h"
#include "crypto/openssl_handle.h"
#include "crypto/operation.h"

namespace handsel::crypto {

/// Key exchange on P-384 (RFC 8446 4.2.8.2). One a worker: its group is made once.
class P384Exchange {
 public:
  static constexpr std::size_t kScalarBytes = 48;
  static constexpr std::size_t kPointBytes = 97;

  /// Throws std::runtime_error when libcrypto has no such curve.
  P384Exchange();
  /// Kind::p384_keygen.
  Status keygen(Operation& operation) const;
  /// Kind::p384_ecdh.
  Status ecdh(Operation& operation) const;

 private:
  struct Scratch;
  bool multiply(Scratch& scratch, const BIGNUM* scalar, const EC_POINT* point) const;

  GroupHandle group_;
  BnHandle order_;
};

/// Kind::scalar_sign.
Status sign_by_libcrypto(const KeyStore& keys, Operation& operation);

}  // namespace handsel::crypto
