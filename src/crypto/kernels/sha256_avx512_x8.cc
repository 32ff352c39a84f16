#include "crypto/kernels/kernel_abi.h"
//
#include "crypto/kernels/avx512_words8.h"
//
#include "crypto/kernels/sha256.inl"

namespace handsel::crypto {

extern const Sha256LaneKernels<8> kEightSha256Kernels{sha256_compress};

}  // namespace handsel::crypto
