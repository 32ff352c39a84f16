#pragma once
/// Signature checks by a certificate's public key (libcrypto): for clients and tests. One at a time.

#include <cstdint>

#include "base/bytes.h"

namespace handsel::crypto {

/// True when `signature` (DER) is the certificate's ECDSA P-256 signature of `digest`. False too for another kind of
/// key.
bool ecdsa_p256_verify(Bytes certificate_der, Bytes digest, Bytes signature);
/// True when `signature` is the certificate's RSA-PSS signature of `digest` (32, 48 or 64 bytes), salt of the digest's
/// length (RFC 8446 4.2.3).
bool rsa_pss_verify(Bytes certificate_der, Bytes digest, Bytes signature);

}  // namespace handsel::crypto
