#pragma once
/// Ed25519 (RFC 8032 5.1) in eight lanes of AVX-512 IFMA.

#include <span>

#include "crypto/key_store.h"
#include "crypto/stage.h"

namespace handsel::crypto {

/// At most eight operations of Kind::ed25519_sign. `scalar` computes what the lanes cannot: long messages, and
/// keys of another kind (which fail there).
void sign_ed25519_in_lanes(const KeyStore& keys, const Kernel& scalar, std::span<Operation* const> operations);
/// The same for Kind::ed25519_verify.
void verify_ed25519_in_lanes(const Kernel& scalar, std::span<Operation* const> operations);

}  // namespace handsel::crypto
