#pragma once
/// The premaster secret that a client of TLS 1.2 encrypted to us, for back ends that compute RSA's operations
/// themselves.

#include "base/bytes.h"

namespace handsel::crypto {

inline constexpr std::size_t kPremasterBytes = 48;

/// The premaster secret out of a decrypted block (PKCS #1 v1.5, RFC 8017 7.2.2), or `fallback` where the block has not
/// that form or names another version than the ClientHello (RFC 5246 7.4.7.1). Branches and addresses depend on the
/// sizes alone: whoever learns which of the two it was can decrypt what others sent (Bleichenbacher 1998; Klíma,
/// Pokorný, Rosa 2003). `fallback` and `secret` are kPremasterBytes long; `block` is as long as the modulus.
void unwrap_premaster(Bytes block, std::uint16_t client_version, Bytes fallback, MutableBytes secret);

}  // namespace handsel::crypto
