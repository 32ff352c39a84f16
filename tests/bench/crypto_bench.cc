/// Public-key operations and SHA-256 by every set of kernels that this processor runs, beside libcrypto: with all lanes
/// filled, and with fewer, since a call costs all its lanes however many are filled. The best set's figures have the
/// kind's name alone, other sets' its name and theirs.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/cpu.h"
#include "crypto/kernels.h"
#include "crypto/peer_chain.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "harness.h"
#include "lane_table.h"

namespace {

using namespace handsel;
using namespace handsel::bench;
using crypto::Kind;
using crypto::SignatureAlgorithm;

// What is measured, and the key that it signs with or that is checked by.
struct Subject {
  Kind kind;
  const char* name;
  int calls;
  Budget budget{};
  crypto::KeyType key{};
  SignatureAlgorithm algorithm{};
};
constexpr crypto::KeyType kP256{crypto::KeyAlgorithm::p256, 256};
constexpr crypto::KeyType kRsa2048{crypto::KeyAlgorithm::rsa, 2'048};
constexpr crypto::KeyType kRsa3072{crypto::KeyAlgorithm::rsa, 3'072};
constexpr crypto::KeyType kRsa4096{crypto::KeyAlgorithm::rsa, 4'096};
constexpr crypto::KeyType kEd25519{crypto::KeyAlgorithm::ed25519, 256};
constexpr int kCompressions = 20'000;        // calls in a run
constexpr std::size_t kSignedContent = 130;  // of TLS 1.3's CertificateVerify with SHA-256 (RFC 8446 4.4.3)
constexpr std::array kSubjects{
    Subject{Kind::x25519_shared, "crypto/x25519-shared", 60, {14'000, 10'000}},
    Subject{Kind::x25519_keygen, "crypto/x25519-keygen", 60, {6'500, 4'500}},
    Subject{Kind::ecdsa_p256_sign, "crypto/p256-sign", 60, {13'000, 7'000}, kP256},
    Subject{Kind::ecdsa_p256_verify, "crypto/p256-verify", 40, {45'000, 30'000}, kP256, SignatureAlgorithm::ecdsa},
    Subject{Kind::ed25519_sign, "crypto/ed25519-sign", 60, {10'000, 6'000}, kEd25519, SignatureAlgorithm::ed25519},
    Subject{Kind::ed25519_verify, "crypto/ed25519-verify", 40, {28'000, 20'000}, kEd25519, SignatureAlgorithm::ed25519},
    Subject{Kind::p256_keygen, "crypto/p256-keygen", 60, {9'000, 5'000}},
    Subject{Kind::p256_ecdh, "crypto/p256-ecdh", 40, {32'000, 20'000}},
    Subject{Kind::rsa_pss_sign, "crypto/rsa2048-private", 20, {300'000, 220'000}, kRsa2048},
    Subject{Kind::rsa_pss_sign, "crypto/rsa3072-private", 5, {}, kRsa3072},
    Subject{Kind::rsa_pss_sign, "crypto/rsa4096-private", 5, {}, kRsa4096},
    Subject{Kind::rsa_verify, "crypto/rsa2048-verify", 40, {}, kRsa2048, SignatureAlgorithm::rsa_pss},
    Subject{Kind::rsa_verify, "crypto/rsa3072-verify", 40, {}, kRsa3072, SignatureAlgorithm::rsa_pss},
    Subject{Kind::rsa_verify, "crypto/rsa4096-verify", 40, {}, kRsa4096, SignatureAlgorithm::rsa_pss},
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

// One set of kernels, as available_kernels() names it.
struct KernelSet {
  std::string_view name;
  std::unique_ptr<crypto::Backend> backend;
  crypto::KernelTable table = backend->kernels();
  const crypto::Kernel& kernel(Kind kind) const { return table[static_cast<std::size_t>(kind)]; }
};

class Bench {
 public:
  Bench() {
    for (const crypto::KernelChoice& choice : crypto::available_kernels())
      sets_.emplace_back(choice.name, crypto::make_backend(choice, keys_, entropy_));
  }

  // Best first; the last is the peer.
  const std::deque<KernelSet>& sets() const { return sets_; }
  const crypto::Kernel& peer(Kind kind) const { return sets_.back().kernel(kind); }

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
    signing.kind = operation.kind == Kind::ed25519_verify ? Kind::ed25519_sign
                   : operation.kind == Kind::rsa_verify   ? Kind::rsa_pss_sign
                                                          : Kind::ecdsa_p256_sign;
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
  std::deque<KernelSet> sets_;
  std::deque<Work> works_;  // does not move what it holds
};

void compare(Report& report, Bench& bench, const KernelSet& set, const Subject& subject, const LaneRow& row) {
  for (std::size_t filled = 1; filled <= row.lanes; ++filled) {
    const Task task{.name = figure_name(row, filled),
                    .peer = "libcrypto",
                    .operations = static_cast<double>(filled),
                    .calls = subject.calls};
    if (!report.wanted(task.name)) continue;
    const auto ours = bench.prepare(subject, filled);
    const auto theirs = bench.prepare(subject, filled);
    report.compare(
        task, [&] { bench.run(set.kernel(subject.kind), ours); }, [&] { bench.run(bench.peer(subject.kind), theirs); });
  }
}

// Every set but the peer; the first has the kind's name for itself.
void compare_public_key_operations(Report& report, std::vector<LaneRow>& rows) {
  Bench bench;
  for (const Subject& subject : kSubjects) {
    bool first = true;
    for (const KernelSet& set : bench.sets()) {
      const crypto::Kernel& kernel = set.kernel(subject.kind);
      if (!first && kernel.name == bench.peer(subject.kind).name) continue;
      const std::string name = first ? subject.name : std::string(subject.name) + "." + std::string(set.name);
      rows.push_back({name, std::string(kernel.name), kernel.lanes, first ? subject.budget : Budget{}});
      compare(report, bench, set, subject, rows.back());
      first = false;
    }
  }
}

// SHA-256's compression by lanes: words stand by lane already, as in nonce_lanes.cc. libcrypto has one chain.
template <std::size_t Lanes>
void compare_sha256_lanes(Report& report, const LaneRow& row, const crypto::Sha256LaneKernels<Lanes>& kernels) {
  static std::uint32_t state[8][Lanes];
  static std::uint32_t block[16][Lanes];
  static std::uint8_t bytes[crypto::kSha256BlockBytes];
  crypto::Sha256Words words{};
  for (std::size_t filled = 1; filled <= Lanes; ++filled)
    report.compare(
        {.name = figure_name(row, filled),
         .peer = "libcrypto",
         .operations = static_cast<double>(filled),
         .calls = kCompressions},
        [&] { kernels.compress(state, block); },
        [&] {
          for (std::size_t i = 0; i < filled; ++i) crypto::kLibcryptoSha256Kernels.compress(words, bytes, 1);
        });
}

// By one chain or two.
void compare_sha256_chains(Report& report, const LaneRow& row, const crypto::Sha256Kernels& ours) {
  const crypto::Sha256Kernels& theirs = crypto::kLibcryptoSha256Kernels;
  static std::uint8_t blocks[2][crypto::kSha256BlockBytes];
  crypto::Sha256Words words[2] = {};
  report.compare(
      {.name = figure_name(row, 1), .peer = "libcrypto", .calls = kCompressions},
      [&] { ours.compress(words[0], blocks[0], 1); }, [&] { theirs.compress(words[0], blocks[0], 1); });
  const auto two = [&](const crypto::Sha256Kernels& kernels) {
    kernels.compress_two(words[0], blocks[0], words[1], blocks[1]);
  };
  report.compare(
      {.name = row.name, .peer = "libcrypto", .operations = 2, .calls = kCompressions}, [&] { two(ours); },
      [&] { two(theirs); });
}

void compare_sha256(Report& report, std::vector<LaneRow>& rows) {
  constexpr Budget kBudget{45, 41};
  const std::string name = "crypto/sha256-compress";
  const auto row = [&](const char* set, std::size_t lanes) -> const LaneRow& {
    const bool best = rows.empty() || !rows.back().name.starts_with(name);
    return best ? rows.emplace_back(name, set, lanes, kBudget) : rows.emplace_back(name + "." + set, set, lanes);
  };
  if (crypto::cpu_runs_avx512_ifma()) {
    compare_sha256_lanes(report, row("avx512", 16), crypto::kSixteenSha256Kernels);
    compare_sha256_lanes(report, row("avx512vl", 8), crypto::kEightSha256Kernels);
  }
  const bool sha = crypto::cpu_runs_sha();
  compare_sha256_chains(report, row(sha ? "sha" : "libcrypto", 2), crypto::sha256_kernels());
}

}  // namespace

int main(int count, char** values) {
  Report report("crypto, " + std::string(crypto::available_kernels().front().name), count, values);
  std::vector<LaneRow> rows;
  compare_public_key_operations(report, rows);
  compare_sha256(report, rows);
  const int code = report.finish();
  print_lane_table(report, rows);
  return code;
}
