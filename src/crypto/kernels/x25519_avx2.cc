#include "crypto/kernels/kernel_abi.h"
//
#include "crypto/kernels/avx2.h"
//
#include "crypto/kernels/lanes.inl"
#include "crypto/kernels/safegcd.inl"
//
#include "crypto/kernels/field25519_avx2.inl"
//
#include "crypto/kernels/invert25519.inl"
//
#include "crypto/kernels/x25519.inl"
//
#include "crypto/kernels/edwards25519.inl"

namespace handsel::crypto {

extern const X25519Kernels kAvx2X25519Kernels{prepare_edwards25519, x25519, x25519_base};

}  // namespace handsel::crypto
