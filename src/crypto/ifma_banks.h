#pragma once
/// The banks of the AVX-512 IFMA back end: ephemeral key pairs on X25519 and P-256, and nonces for ECDSA P-256.

#include <array>
#include <cstdint>

#include "base/entropy.h"
#include "base/secret_pages.h"
#include "crypto/bank.h"
#include "crypto/entry_stack.h"
#include "crypto/kernels/kernel_abi.h"
#include "crypto/key_store.h"
#include "crypto/p256_order.h"
#include "crypto/stage.h"

namespace handsel::crypto {

/// Numbers are in the byte order of their kernels.
struct X25519Pair {
  std::array<std::uint8_t, 32> private_key;
  std::array<std::uint8_t, 32> public_key;
};
struct P256Pair {
  std::array<std::uint8_t, 32> private_key;
  std::array<std::uint8_t, 32> x;
  std::array<std::uint8_t, 32> y;
};
/// k, 1/k in Montgomery form, and the x coordinate of k·G, from which r comes. k itself is for the check.
struct NoncePair {
  std::array<std::uint8_t, 32> nonce;
  OrderElement inverse;
  std::array<std::uint8_t, 32> x;
};

/// What the three have in common: a stack, filled in batches of all lanes.
template <class Entry>
class IfmaBank : public Bank {
 public:
  IfmaBank(MutableBytes memory, std::size_t capacity, Entropy& entropy) : entropy_(entropy), stack_(memory, capacity) {}
  std::size_t capacity() const override { return stack_.capacity(); }
  std::size_t level() const override { return stack_.level(); }
  bool wants_batch() override { return stack_.level() + kKernelLanes <= stack_.capacity(); }
  void wipe() override { stack_.wipe(); }

 protected:
  Entropy& entropy_;
  EntryStack<Entry> stack_;
};

/// For Kind::x25519_keygen: the operation's private key is replaced by the pair's.
class X25519Bank final : public IfmaBank<X25519Pair> {
 public:
  using IfmaBank::IfmaBank;
  std::size_t fill() override;
  Taken take(Operation& operation) override;
};

/// For Kind::p256_keygen, the same. A pair's public half was found to lie on the curve.
class P256Bank final : public IfmaBank<P256Pair> {
 public:
  using IfmaBank::IfmaBank;
  std::size_t fill() override;
  Taken take(Operation& operation) override;
};

/// For Kind::ecdsa_p256_sign, as long as there is a key to sign with. Nonces are uniform from 1 to n - 1 (FIPS 186-5
/// A.3.2: by rejection) and straight from the generator: of key and message nothing is known when they are made. k·G
/// was found to lie on the curve, and each signature is checked by s·k = e + r·d before it leaves.
class NonceBank final : public IfmaBank<NoncePair> {
 public:
  NonceBank(MutableBytes memory, std::size_t capacity, Entropy& entropy, const KeyStore& keys)
      : IfmaBank(memory, capacity, entropy), keys_(keys) {}
  bool wants_batch() override;
  std::size_t fill() override;
  Taken take(Operation& operation) override;

 private:
  const KeyStore& keys_;
  std::size_t keys_seen_ = 0;
  bool key_exists_ = false;
};

/// One worker's. Only for processors on which cpu_runs_avx512_ifma(), after the kernels' prepare().
class IfmaBanks {
 public:
  /// `capacity` entries each, less what is left of a batch. Allocates now, and never again.
  IfmaBanks(const KeyStore& keys, Entropy& entropy, std::size_t capacity);
  /// Sets the banks beside the kernels of their kinds; none without capacity.
  void add_to(KernelTable& table);

 private:
  std::size_t capacity_;
  SecretPages pages_;
  X25519Bank x25519_;
  P256Bank p256_;
  NonceBank nonces_;
};

}  // namespace handsel::crypto
