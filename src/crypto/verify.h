#pragma once
/// Signature checks by a public key (libcrypto): one at a time.

#include <cstdint>

#include "base/bytes.h"
#include "crypto/operation.h"
#include "crypto/public_key.h"

namespace handsel::crypto {

/// True when `signature` is this key's of `message`: a digest (32, 48 or 64 bytes: SHA-256, SHA-384, SHA-512), or for
/// Ed25519 the message itself. False too when the algorithm is not one for this kind of key.
bool verifies(const PublicKey& key, SignatureAlgorithm algorithm, Bytes message, Bytes signature);

/// The same by a certificate's key; false too when the certificate cannot be read, or its key is no P-256 key.
bool ecdsa_p256_verify(Bytes certificate_der, Bytes digest, Bytes signature);
/// The same for RSA-PSS (RFC 8446 4.2.3).
bool rsa_pss_verify(Bytes certificate_der, Bytes digest, Bytes signature);

}  // namespace handsel::crypto
