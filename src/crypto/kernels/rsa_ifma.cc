#include "crypto/kernels/kernel_abi.h"
//
#include "crypto/kernels/avx512.h"
//
#include "crypto/kernels/lanes.inl"
#include "crypto/kernels/rsa.inl"
//
#include "crypto/kernels/rsa_public.inl"

namespace handsel::crypto {

extern const RsaKernels kIfmaRsaKernels{rsa_private<2048>, rsa_private<3072>, rsa_private<4096>,
                                        rsa_public<2048>,  rsa_public<3072>,  rsa_public<4096>};

}  // namespace handsel::crypto
