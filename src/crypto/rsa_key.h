#pragma once
/// An RSA private key in the form that the vector kernel takes.

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "crypto/kernels/kernel_abi.h"

namespace handsel::crypto {

/// One lane of RsaBatch<Bits>. Wiped on destruction.
template <std::size_t Bits>
class RsaKey {
 public:
  using Shape = RsaShape<Bits>;
  /// nullptr unless the key has two primes of Bits/2 bits each and the public exponent 65537. Once a key and worker.
  static std::unique_ptr<RsaKey> make(EVP_PKEY* pkey);
  ~RsaKey();
  void copy_to(RsaBatch<Bits>& batch, std::size_t lane) const;
  /// Whether a big-endian number of the modulus's length is below the modulus. All of it is public.
  bool is_above(Bytes number) const;

  struct Prime {
    std::uint64_t modulus[Shape::kPrimeLimbs];
    std::uint64_t negated_inverse;
    std::uint64_t r_squared[Shape::kPrimeLimbs];
    std::uint64_t r_squared_shifted[Shape::kPrimeLimbs];
    std::uint64_t exponent[Shape::kPrimeWords];
  };

 private:
  RsaKey() = default;
  Prime p_{};
  Prime q_{};
  std::uint64_t q_inverse_[Shape::kPrimeLimbs]{};
  std::uint64_t modulus_[Shape::kLimbs]{};
  std::uint64_t modulus_negated_inverse_ = 0;
  std::uint64_t modulus_r_squared_[Shape::kLimbs]{};
  std::array<std::uint8_t, Bits / 8> modulus_bytes_{};  ///< big-endian
};

extern template class RsaKey<2048>;
extern template class RsaKey<3072>;
extern template class RsaKey<4096>;

}  // namespace handsel::crypto
