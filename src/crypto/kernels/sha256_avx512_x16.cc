#include "crypto/kernels/kernel_abi.h"
//
#include "crypto/kernels/avx512_words16.h"
//
#include "crypto/kernels/sha256.inl"

namespace handsel::crypto {

extern const Sha256LaneKernels<16> kSixteenSha256Kernels{sha256_compress};

}  // namespace handsel::crypto
