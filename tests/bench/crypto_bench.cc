/// Public-key operations by the best kernels of this processor beside libcrypto, with all lanes filled, and with fewer:
/// a call costs all its lanes however many are filled.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/kernels.h"
#include "crypto/peer_chain.h"
#include "crypto/random.h"
#include "harness.h"

namespace {

using namespace handsel;
using namespace handsel::bench;
using crypto::Kind;

// What is measured, and the key that it signs with or that is checked by.
struct Subject {
  Kind kind;
  const char* name;
  int calls;
  crypto::KeyType key{};
  crypto::SignatureAlgorithm algorithm{};
};
constexpr crypto::KeyType kP256{crypto::KeyAlgorithm::p256, 256};
constexpr crypto::KeyType kRsa2048{crypto::KeyAlgorithm::rsa, 2'048};
constexpr crypto::KeyType kRsa3072{crypto::KeyAlgorithm::rsa, 3'072};
constexpr crypto::KeyType kRsa4096{crypto::KeyAlgorithm::rsa, 4'096};
constexpr crypto::KeyType kEd25519{crypto::KeyAlgorithm::ed25519, 256};
constexpr std::size_t kSignedContent = 130;  // of TLS 1.3's CertificateVerify with SHA-256 (RFC 8446 4.4.3)
constexpr std::array kSubjects{
    Subject{Kind::x25519_shared, "crypto/x25519-shared", 60},
    Subject{Kind::x25519_keygen, "crypto/x25519-keygen", 60},
    Subject{Kind::ecdsa_p256_sign, "crypto/p256-sign", 60, kP256},
    Subject{Kind::ecdsa_p256_verify, "crypto/p256-verify", 40, kP256, crypto::SignatureAlgorithm::ecdsa},
    Subject{Kind::ed25519_sign, "crypto/ed25519-sign", 60, kEd25519, crypto::SignatureAlgorithm::ed25519},
    Subject{Kind::ed25519_verify, "crypto/ed25519-verify", 40, kEd25519, crypto::SignatureAlgorithm::ed25519},
    Subject{Kind::p256_keygen, "crypto/p256-keygen", 60},
    Subject{Kind::p256_ecdh, "crypto/p256-ecdh", 40},
    Subject{Kind::rsa_pss_sign, "crypto/rsa2048-private", 20, kRsa2048},
    Subject{Kind::rsa_pss_sign, "crypto/rsa3072-private", 5, kRsa3072},
    Subject{Kind::rsa_pss_sign, "crypto/rsa4096-private", 5, kRsa4096},
};

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "%s failed\n", what.c_str());
  std::exit(1);
}

// Room for what one operation reads and writes.
struct Work {
  std::array<std::uint8_t, 32> private_key{};
  std::array<std::uint8_t, 65> public_key{};
  std::array<std::uint8_t, 65> peer_public{};
  std::array<std::uint8_t, 32> shared_secret{};
  std::array<std::uint8_t, kSignedContent> message{};  // or a digest, at its start
  std::array<std::uint8_t, 512> signature{};
  crypto::Operation operation;
};

class Bench {
 public:
  Bench()
      : best_(crypto::make_backend(crypto::available_kernels().front(), keys_, entropy_)),
        peer_(crypto::make_backend(crypto::available_kernels().back(), keys_, entropy_)) {}

  const crypto::Kernel& best(Kind kind) const { return table_[static_cast<std::size_t>(kind)]; }
  const crypto::Kernel& peer(Kind kind) const { return peer_table_[static_cast<std::size_t>(kind)]; }

  // `count` operations of one kind, ready to run again and again.
  std::vector<crypto::Operation*> prepare(const Subject& subject, std::size_t count) {
    std::vector<crypto::Operation*> operations;
    for (std::size_t i = 0; i < count; ++i) {
      operations.push_back(&fill(subject.kind));
      operations.back()->algorithm = subject.algorithm;
      if (subject.key.bits != 0) operations.back()->key = credential(subject.key).key;
      if (crypto::checks_signature(subject.kind)) sign(*operations.back(), subject.key);
    }
    return operations;
  }

  void run(const crypto::Kernel& kernel, const std::vector<crypto::Operation*>& operations) {
    for (std::size_t at = 0; at < operations.size();) {
      const std::size_t size = std::min<std::size_t>(kernel.lanes, operations.size() - at);
      kernel.run(kernel.context, std::span<crypto::Operation* const>(operations).subspan(at, size));
      at += size;
    }
    for (const crypto::Operation* operation : operations)
      if (operation->status != crypto::Status::done) give_up(std::string(crypto::name_of(operation->kind)));
  }

 private:
  struct Credential {
    crypto::KeyType type;
    crypto::KeyId key;
    crypto::PublicKey public_key;
  };
  // Made when it is first asked for.
  const Credential& credential(crypto::KeyType type) {
    for (const Credential& each : credentials_)
      if (each.type == type) return each;
    const std::vector<std::string> names{"a.example"};
    const auto made = crypto::make_self_signed(keys_, type, names, 1, 1'800'000'000);
    if (!made) give_up(made.error());
    return credentials_.emplace_back(type, made->key, std::move(*crypto::public_key_of(made->chain.der[0])));
  }

  // Gives it a genuine signature to check.
  void sign(crypto::Operation& operation, crypto::KeyType type) {
    const Credential& signer = credential(type);
    crypto::Operation signing = operation;
    signing.kind = operation.kind == Kind::ed25519_verify ? Kind::ed25519_sign : Kind::ecdsa_p256_sign;
    signing.key = signer.key;
    run(peer(signing.kind), {&signing});
    operation.peer_key = &signer.public_key;
    operation.signature = signing.signature.first(signing.signature_bytes);
  }

  crypto::Operation& fill(Kind kind) {
    Work& work = works_.emplace_back();
    entropy_.fill(work.private_key);
    entropy_.fill(work.message);
    crypto::Operation& operation = work.operation;
    operation.kind = kind;
    const bool x25519 = kind == Kind::x25519_keygen || kind == Kind::x25519_shared;
    const std::size_t public_bytes = x25519 ? 32 : 65;
    operation.private_key = work.private_key;
    operation.public_key = MutableBytes(work.public_key).first(public_bytes);
    operation.shared_secret = work.shared_secret;
    const bool ed25519 = kind == Kind::ed25519_sign || kind == Kind::ed25519_verify;
    operation.message = Bytes(work.message).first(ed25519 ? kSignedContent : 32);
    operation.signature = work.signature;
    if (kind == Kind::x25519_shared || kind == Kind::p256_ecdh) {
      // A peer's share: the public key of another private one.
      std::array<std::uint8_t, 32> other{};
      entropy_.fill(other);
      crypto::Operation keygen = operation;
      keygen.kind = x25519 ? Kind::x25519_keygen : Kind::p256_keygen;
      keygen.private_key = other;
      keygen.public_key = MutableBytes(work.peer_public).first(public_bytes);
      run(peer(keygen.kind), {&keygen});
      operation.peer_public = Bytes(work.peer_public).first(public_bytes);
    }
    return operation;
  }

  crypto::KeyStore keys_;
  crypto::SystemEntropy entropy_;
  std::deque<Credential> credentials_;
  std::unique_ptr<crypto::Backend> best_;
  std::unique_ptr<crypto::Backend> peer_;
  crypto::KernelTable table_ = best_->kernels();
  crypto::KernelTable peer_table_ = peer_->kernels();
  std::deque<Work> works_;  // does not move what it holds
};

void compare(Report& report, Bench& bench, const Subject& subject, std::size_t filled, const std::string& name) {
  const Task task{.name = name, .peer = "libcrypto", .operations = static_cast<double>(filled), .calls = subject.calls};
  if (!report.wanted(name)) return;
  const auto ours = bench.prepare(subject, filled);
  const auto theirs = bench.prepare(subject, filled);
  report.compare(
      task, [&] { bench.run(bench.best(subject.kind), ours); }, [&] { bench.run(bench.peer(subject.kind), theirs); });
}

}  // namespace

int main(int count, char** values) {
  Report report("crypto, " + std::string(crypto::available_kernels().front().name), count, values);
  Bench bench;
  for (const Subject& subject : kSubjects)
    compare(report, bench, subject, bench.best(subject.kind).lanes, subject.name);
  for (const Subject& subject : kSubjects)
    for (std::size_t filled = 1; filled <= bench.best(subject.kind).lanes; ++filled)
      compare(report, bench, subject, filled, std::string(subject.name) + "@" + std::to_string(filled));
  return report.finish();
}
