#pragma once
/// What is signed in place of a digest (RFC 8017 9), for back ends that compute RSA's operations themselves.

#include "base/bytes.h"
#include "crypto/hash.h"

namespace handsel::crypto {

/// EMSA-PSS-ENCODE (RFC 8017 9.1.1) with MGF1 on the same hash. `digest` and `salt` are digest_bytes(id) long,
/// `encoded` as long as the modulus, whose bits are a multiple of 8 and at least 1,024.
void pss_encode(HashId id, Bytes digest, Bytes salt, MutableBytes encoded);

/// EMSA-PSS-VERIFY (RFC 8017 9.1.2) with a salt as long as the digest: whether `encoded` is such an encoding. It is
/// unmasked in place.
bool pss_verify(HashId id, Bytes digest, MutableBytes encoded);

}  // namespace handsel::crypto
