#pragma once
/// Public-key operations in eight lanes of AVX-512 IFMA; what has no such kernel is libcrypto's.

#include <memory>

#include "base/entropy.h"
#include "crypto/backend_libcrypto.h"
#include "crypto/ifma_banks.h"
#include "crypto/ifma_rsa.h"
#include "crypto/kernels.h"
#include "crypto/key_store.h"

namespace handsel::crypto {

/// One a worker. Only for processors on which cpu_runs_avx512_ifma().
class IfmaBackend final : public Backend {
 public:
  /// Banks of `bank` entries each.
  IfmaBackend(const KeyStore& keys, Entropy& entropy, std::size_t bank);
  KernelTable kernels() override;

 private:
  template <Kind Which, auto Batch>
  static void run_above_crossover(void* self, std::span<Operation* const> operations);
  static void sign(IfmaBackend& self, std::span<Operation* const> operations);
  static void verify_p256(void* self, std::span<Operation* const> operations);
  static void verify_rsa(void* self, std::span<Operation* const> operations);
  static void sign_ed25519(void* self, std::span<Operation* const> operations);
  static void verify_ed25519(void* self, std::span<Operation* const> operations);
  static void run_rsa(void* self, std::span<Operation* const> operations);
  const Kernel& scalar(Kind kind) const { return scalar_[static_cast<std::size_t>(kind)]; }

  const KeyStore& keys_;
  Entropy& entropy_;
  LibcryptoBackend libcrypto_;
  KernelTable scalar_;
  IfmaRsa rsa_;
  IfmaBanks banks_;
};

}  // namespace handsel::crypto
