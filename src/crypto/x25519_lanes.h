#pragma once
/// X25519 in eight lanes, by the kernel of any instruction set.

#include <span>

#include "crypto/kernels/kernel_abi.h"
#include "crypto/operation.h"

namespace handsel::crypto {

/// At most kKernelLanes operations of Kind::x25519_keygen.
void x25519_keygen_in_lanes(const X25519Kernels& kernels, std::span<Operation* const> operations);
/// At most kKernelLanes operations of Kind::x25519_shared.
void x25519_shared_in_lanes(const X25519Kernels& kernels, std::span<Operation* const> operations);

}  // namespace handsel::crypto
