/// Public-key operations by the best kernels of this processor beside libcrypto, with all lanes filled, and with fewer:
/// a call costs all its lanes however many are filled.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "crypto/kernels.h"
#include "crypto/random.h"
#include "harness.h"

namespace {

using namespace handsel;
using namespace handsel::bench;
using crypto::Kind;

struct Subject {
  Kind kind;
  const char* name;
  int calls;
};
constexpr std::array<Subject, 6> kSubjects{{
    {Kind::x25519_shared, "crypto/x25519-shared", 60},
    {Kind::x25519_keygen, "crypto/x25519-keygen", 60},
    {Kind::ecdsa_p256_sign, "crypto/p256-sign", 60},
    {Kind::p256_keygen, "crypto/p256-keygen", 60},
    {Kind::p256_ecdh, "crypto/p256-ecdh", 40},
    {Kind::rsa_pss_sign, "crypto/rsa2048-private", 20},
}};

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
  std::array<std::uint8_t, 32> message{};
  std::array<std::uint8_t, 256> signature{};
  crypto::Operation operation;
};

class Bench {
 public:
  Bench()
      : p256_(*keys_.generate({crypto::KeyAlgorithm::p256, 256})),
        rsa_(*keys_.generate({crypto::KeyAlgorithm::rsa, 2048})),
        best_(crypto::make_backend(crypto::available_kernels().front(), keys_, entropy_)),
        peer_(crypto::make_backend(crypto::available_kernels().back(), keys_, entropy_)) {}

  const crypto::Kernel& best(Kind kind) const { return table_[static_cast<std::size_t>(kind)]; }
  const crypto::Kernel& peer(Kind kind) const { return peer_table_[static_cast<std::size_t>(kind)]; }

  // `count` operations of one kind, ready to run again and again.
  std::vector<crypto::Operation*> prepare(Kind kind, std::size_t count) {
    std::vector<crypto::Operation*> operations;
    for (std::size_t i = 0; i < count; ++i) operations.push_back(&fill(kind));
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
    operation.message = work.message;
    operation.signature = work.signature;
    operation.key = kind == Kind::rsa_pss_sign ? rsa_ : p256_;
    if (kind == Kind::x25519_shared || kind == Kind::p256_ecdh) {
      // A peer's share: the public key of another private one.
      std::array<std::uint8_t, 32> other{};
      entropy_.fill(other);
      crypto::Operation keygen = operation;
      keygen.kind = x25519 ? Kind::x25519_keygen : Kind::p256_keygen;
      keygen.private_key = other;
      keygen.public_key = MutableBytes(work.peer_public).first(public_bytes);
      const crypto::Kernel& kernel = peer(keygen.kind);
      crypto::Operation* const one = &keygen;
      kernel.run(kernel.context, {&one, 1});
      operation.peer_public = Bytes(work.peer_public).first(public_bytes);
    }
    return operation;
  }

  crypto::KeyStore keys_;
  crypto::SystemEntropy entropy_;
  crypto::KeyId p256_;
  crypto::KeyId rsa_;
  std::unique_ptr<crypto::Backend> best_;
  std::unique_ptr<crypto::Backend> peer_;
  crypto::KernelTable table_ = best_->kernels();
  crypto::KernelTable peer_table_ = peer_->kernels();
  std::deque<Work> works_;  // does not move what it holds
};

void compare(Report& report, Bench& bench, const Subject& subject, std::size_t filled, const std::string& name) {
  const Task task{.name = name, .peer = "libcrypto", .operations = static_cast<double>(filled), .calls = subject.calls};
  if (!report.wanted(name)) return;
  const auto ours = bench.prepare(subject.kind, filled);
  const auto theirs = bench.prepare(subject.kind, filled);
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
