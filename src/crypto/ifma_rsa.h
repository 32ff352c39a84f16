#pragma once
/// RSA-PSS signatures in eight lanes of AVX-512 IFMA.

#include <memory>
#include <span>
#include <vector>

#include "base/entropy.h"
#include "crypto/key_store.h"
#include "crypto/rsa_key.h"
#include "crypto/stage.h"

namespace handsel::crypto {

/// One a worker. Keys are brought into the kernel's form at their first signature and kept.
class IfmaRsa {
 public:
  /// `scalar` signs what the lanes cannot or need not. Tests give a kernel with faults.
  IfmaRsa(const KeyStore& keys, Entropy& entropy, const Kernel& scalar, const RsaKernels& lanes = kIfmaRsaKernels);
  ~IfmaRsa();
  /// At most eight operations of Kind::rsa_pss_sign.
  void sign(std::span<Operation* const> operations);

 private:
  struct Key {
    bool looked_at = false;
    std::unique_ptr<RsaKey2048> form;  ///< none when the key does not suit the kernel
  };
  const RsaKey2048* suitable_key(const Operation& operation);
  void sign_in_lanes(std::span<Operation* const> operations);

  const KeyStore& keys_;
  Entropy& entropy_;
  Kernel scalar_;
  const RsaKernels& lanes_;
  std::vector<Key> forms_;
  std::unique_ptr<RsaBatch2048> batch_;
};

}  // namespace handsel::crypto
