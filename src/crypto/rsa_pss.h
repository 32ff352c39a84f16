#pragma once
/// The encoding of a PSS signature (RFC 8017 9.1), for back ends that compute the private operation themselves.

#include "base/bytes.h"
#include "crypto/hash.h"

namespace handsel::crypto {

/// EMSA-PSS-ENCODE (RFC 8017 9.1.1) with MGF1 on the same hash. `digest` and `salt` are digest_bytes(id) long,
/// `encoded` as long as the modulus, whose bits are a multiple of 8 and at least 1,024.
void pss_encode(HashId id, Bytes digest, Bytes salt, MutableBytes encoded);

}  // namespace handsel::crypto
