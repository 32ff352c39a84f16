#include "crypto/kernels/kernel_abi.h"
//
#include "crypto/kernels/avx512.h"
//
#include "crypto/kernels/lanes.inl"
#include "crypto/kernels/safegcd.inl"
//
#include "crypto/kernels/field25519.inl"
//
#include "crypto/kernels/invert25519.inl"
//
#include "crypto/kernels/x25519.inl"
//
#include "crypto/kernels/edwards25519.inl"
//
#include "crypto/kernels/ed25519.inl"

namespace handsel::crypto {

extern const X25519Kernels kIfmaX25519Kernels{prepare_edwards25519, x25519, x25519_base};
extern const Ed25519Kernels kIfmaEd25519Kernels{prepare_edwards25519, ed25519_base, ed25519_verify};

}  // namespace handsel::crypto
