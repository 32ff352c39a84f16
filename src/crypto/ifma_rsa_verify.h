#pragma once
/// Checks of peers' RSA signatures in eight lanes of AVX-512 IFMA.

#include <span>

#include "crypto/stage.h"

namespace handsel::crypto {

/// At most eight operations of Kind::rsa_verify; `scalar` computes what the lanes cannot or need not.
void verify_rsa_in_lanes(const Kernel& scalar, std::span<Operation* const> operations);

}  // namespace handsel::crypto
