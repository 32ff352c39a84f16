#pragma once
/// RSA's private operations in eight lanes of AVX-512 IFMA: PSS signatures and TLS 1.2's key exchange.

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
  /// True when the operation can be computed here, and its key is of this size and suits the kernel, which is found out
  /// at its first use and kept.
  bool suits(const Operation& operation);
  /// At most eight operations that suit, all of Kind::rsa_pss_sign or all of Kind::rsa_premaster.
  void run(std::span<Operation* const> operations);

 private:
  static constexpr std::size_t kBytes = Bits / 8;
  static constexpr std::size_t kWords = RsaShape<Bits>::kWords;
  struct Key {
    bool looked_at = false;
    std::unique_ptr<RsaKey<Bits>> form;  ///< none when the key does not suit the kernel
  };
  struct Scratch {
    RsaBatch<Bits> batch;
    std::uint64_t output[kWords][kKernelLanes];
  };

  void sign(std::span<Operation* const> operations);
  void open_premasters(std::span<Operation* const> operations);
  /// The key, and a number below its modulus.
  void put(std::size_t lane, const RsaKey<Bits>& key, Bytes number);
  void get(std::size_t lane, MutableBytes number) const;
  void wipe();

  const KeyStore& keys_;
  Entropy& entropy_;
  RsaPrivate<Bits> kernel_;
  std::vector<Key> forms_;
  std::unique_ptr<Scratch> scratch_;
};

/// One a worker.
class IfmaRsa {
 public:
  /// `scalar` computes what the lanes cannot or need not. Tests give a kernel with faults.
  IfmaRsa(const KeyStore& keys, Entropy& entropy, const KernelTable& scalar, const RsaKernels& lanes = kIfmaRsaKernels);
  /// At most eight operations, all of Kind::rsa_pss_sign or all of Kind::rsa_premaster.
  void run(std::span<Operation* const> operations);

 private:
  KernelTable scalar_;
  RsaLanes<2048> lanes2048_;
  RsaLanes<3072> lanes3072_;
  RsaLanes<4096> lanes4096_;
};

}  // namespace handsel::crypto
