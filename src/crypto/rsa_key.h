#pragma once
/// An RSA-2048 private key in the form that the vector kernel takes.

#include <openssl/evp.h>

#include <cstdint>
#include <memory>

#include "crypto/kernels/kernel_abi.h"

namespace handsel::crypto {

/// One lane of RsaBatch2048. Wiped on destruction.
class RsaKey2048 {
 public:
  /// nullptr unless the key has two primes of 1,024 bits each and the public exponent 65537. Once a key and worker.
  static std::unique_ptr<RsaKey2048> make(EVP_PKEY* pkey);
  ~RsaKey2048();
  void copy_to(RsaBatch2048& batch, std::size_t lane) const;

  struct Prime {
    std::uint64_t modulus[20];
    std::uint64_t negated_inverse;
    std::uint64_t r_squared[20];
    std::uint64_t r_squared_shifted[20];
    std::uint64_t exponent[16];
  };

 private:
  RsaKey2048() = default;
  Prime p_{};
  Prime q_{};
  std::uint64_t q_inverse_[20]{};
  std::uint64_t modulus_[40]{};
  std::uint64_t modulus_negated_inverse_ = 0;
  std::uint64_t modulus_r_squared_[40]{};
};

}  // namespace handsel::crypto
