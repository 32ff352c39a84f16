#include "crypto/kernels/kernel_abi.h"
//
#include "crypto/kernels/avx512.h"
//
#include "crypto/kernels/lanes.inl"
#include "crypto/kernels/safegcd.inl"
//
#include "crypto/kernels/field_p256.inl"
//
#include "crypto/kernels/p256.inl"
//
#include "crypto/kernels/p256_ecdh.inl"
//
#include "crypto/kernels/p256_verify.inl"

namespace handsel::crypto {

extern const P256Kernels kIfmaP256Kernels{prepare_p256, p256_base, p256_shared, p256_verify};

}  // namespace handsel::crypto
