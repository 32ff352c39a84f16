#pragma once
/// The parts of an ECDSA P-256 signature that every back end shares: the nonce, and what follows k·G (FIPS 186-5 6.4).

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "crypto/p256_order.h"

namespace handsel::crypto {

inline constexpr std::size_t kMaxEcdsaP256DerBytes = 72;

/// RFC 6979 3.2 with SHA-256; `extra` is the additional data of 3.6: fresh randomness, so that a signature can't be
/// provoked twice with the same nonce and one differing fault. Key and digest keep the nonce secret should the
/// randomness fail. `key`, `digest`, `nonce`: 32 bytes; `extra`: at most 32.
void derive_nonce(Bytes key, Bytes digest, Bytes extra, MutableBytes nonce);

/// r = x mod n and s = (e + r·d)/k, checked by s·k = e + r·d computed anew. `inverse_nonce` is 1/k in Montgomery form.
/// Writes DER to `signature` (at least kMaxEcdsaP256DerBytes) and returns its length; 0 when r or s is zero or the
/// check fails.
std::size_t ecdsa_finish(Bytes key, Bytes digest, Bytes nonce, const OrderElement& inverse_nonce, Bytes x,
                         MutableBytes signature);

/// A signature as two numbers, in plain form.
struct EcdsaSignature {
  OrderElement r, s;
};

/// Reads one in DER; nothing unless both numbers are from 1 to n - 1, written as shortly as can be, and nothing
/// follows.
std::optional<EcdsaSignature> ecdsa_parse(Bytes der);

}  // namespace handsel::crypto
