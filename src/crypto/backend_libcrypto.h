#pragma once
/// Public-key operations by libcrypto, one at a time: runs everywhere, and is what the vector kernels are measured
/// against.

#include <memory>

#include "base/entropy.h"
#include "crypto/kernels.h"
#include "crypto/key_store.h"

namespace handsel::crypto {

/// One a worker: contexts are fetched when it is made, not per operation.
class LibcryptoBackend final : public Backend {
 public:
  LibcryptoBackend(const KeyStore& keys, Entropy& entropy);
  ~LibcryptoBackend() override;
  KernelTable kernels() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace handsel::crypto
