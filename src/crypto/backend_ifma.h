#pragma once
/// Public-key operations in eight lanes of AVX-512 IFMA; what has no such kernel is libcrypto's.

#include <memory>

#include "base/entropy.h"
#include "crypto/backend_libcrypto.h"
#include "crypto/kernels.h"
#include "crypto/key_store.h"

namespace handsel::crypto {

/// One a worker. Only for processors on which cpu_runs_avx512_ifma().
class IfmaBackend final : public Backend {
 public:
  IfmaBackend(const KeyStore& keys, Entropy& entropy);
  KernelTable kernels() override;

  /// ECDSA P-256 signatures, at most one a lane. (For the kernel table.)
  void sign(std::span<Operation* const> operations);

 private:
  const KeyStore& keys_;
  Entropy& entropy_;
  LibcryptoBackend libcrypto_;
};

}  // namespace handsel::crypto
