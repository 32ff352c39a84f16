#pragma once
/// X25519 in eight lanes of AVX2; everything else is libcrypto's, which is as fast.

#include "base/entropy.h"
#include "crypto/backend_libcrypto.h"
#include "crypto/kernels.h"
#include "crypto/key_store.h"

namespace handsel::crypto {

/// One a worker. Only for processors on which cpu_runs_avx2().
class Avx2Backend final : public Backend {
 public:
  Avx2Backend(const KeyStore& keys, Entropy& entropy);
  KernelTable kernels() override;

 private:
  template <Kind Which, auto Batch>
  static void run_above_crossover(void* self, std::span<Operation* const> operations);

  LibcryptoBackend libcrypto_;
  KernelTable scalar_;
};

}  // namespace handsel::crypto
