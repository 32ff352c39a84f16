#include "crypto/kernels/kernel_abi.h"
//
#include "crypto/kernels/avx512.h"
//
#include "crypto/kernels/sha512.inl"

namespace handsel::crypto {

extern const Sha512Kernels kIfmaSha512Kernels{sha512_compress};

}  // namespace handsel::crypto
