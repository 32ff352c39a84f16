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

/// Keys of one size, in the kernel's form, and room for one batch. One a worker.
template <std::size_t Bits>
class RsaLanes {
 public:
  RsaLanes(const KeyStore& keys, Entropy& entropy, RsaPrivate<Bits> kernel);
  ~RsaLanes();
  /// True when the key is of this size and suits the kernel, which is found out at its first signature and kept.
  bool suits(const Operation& operation);
  /// At most eight operations that suit.
  void sign(std::span<Operation* const> operations);

 private:
  struct Key {
    bool looked_at = false;
    std::unique_ptr<RsaKey<Bits>> form;  ///< none when the key does not suit the kernel
  };

  const KeyStore& keys_;
  Entropy& entropy_;
  RsaPrivate<Bits> kernel_;
  std::vector<Key> forms_;
  std::unique_ptr<RsaBatch<Bits>> batch_;
};

/// One a worker.
class IfmaRsa {
 public:
  /// `scalar` signs what the lanes cannot or need not. Tests give a kernel with faults.
  IfmaRsa(const KeyStore& keys, Entropy& entropy, const Kernel& scalar, const RsaKernels& lanes = kIfmaRsaKernels);
  /// At most eight operations of Kind::rsa_pss_sign.
  void sign(std::span<Operation* const> operations);

 private:
  Kernel scalar_;
  RsaLanes<2048> lanes2048_;
  RsaLanes<3072> lanes3072_;
  RsaLanes<4096> lanes4096_;
};

}  // namespace handsel::crypto
