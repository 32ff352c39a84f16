// Random work for every set of kernels beside libcrypto: any number of lanes, genuine and spoilt inputs. A run of ten
// million by hand: HANDSEL_KERNEL_ROUNDS=300000 unit-crypto --gtest_filter='*Differential*'.
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>

#include "backend_fixture.h"
#include "crypto/backend_libcrypto.h"
#include "crypto/p256_order.h"
#include "crypto/peer_chain.h"

namespace handsel::crypto {
namespace {

constexpr std::size_t kSigners = 8;

int rounds() {
  const char* const asked = std::getenv("HANDSEL_KERNEL_ROUNDS");
  return asked != nullptr ? std::atoi(asked) : 40;
}

class KernelDifferential : public BackendTest {
 protected:
  struct Signer {
    KeyId key;
    PublicKey public_key;
  };

  void run_by_libcrypto(Job& job) {
    const Kernel& kernel = reference_kernels_[static_cast<std::size_t>(job.operation.kind)];
    Operation* const operation = job.bind();
    kernel.run(kernel.context, {&operation, 1});
  }
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random(1)[0]) % bound; }
  void spoil(std::vector<std::uint8_t>& bytes) {
    if (!bytes.empty()) bytes[(below(256) + below(256)) % bytes.size()] ^= static_cast<std::uint8_t>(1u << below(8));
  }
  /// One of the first signers, made when first asked for.
  Signer& signer(KeyAlgorithm algorithm) {
    auto& known = signers_[static_cast<std::size_t>(algorithm)];
    if (known.size() < kSigners) {
      const std::vector<std::string> names{"a.example"};
      const auto made = make_self_signed(keys_, {algorithm, 256}, names, 1, 1'800'000'000);
      known.push_back({made->key, std::move(*public_key_of(made->chain.der[0]))});
      return known.back();
    }
    return known[below(kSigners)];
  }

  void fill_exchange(Job& job) {
    const Kind kind = job.operation.kind;
    job.private_key = random(32);
    if (kind == Kind::x25519_shared) job.peer_public = random(32);
    if (kind == Kind::p256_ecdh) {
      order_make_valid_scalar(job.private_key);
      Job other(Kind::p256_keygen);
      other.private_key = random(32);
      run_by_libcrypto(other);
      job.peer_public = other.public_key;
      if (below(8) == 0) spoil(job.peer_public);
    }
  }
  void fill_signature(Job& job) {
    const Kind kind = job.operation.kind;
    const bool is_ed25519 = kind == Kind::ed25519_sign || kind == Kind::ed25519_verify;
    Signer& by = signer(is_ed25519 ? KeyAlgorithm::ed25519 : KeyAlgorithm::p256);
    job.operation.algorithm = is_ed25519 ? SignatureAlgorithm::ed25519 : SignatureAlgorithm::ecdsa;
    job.operation.key = by.key;
    job.message = random(is_ed25519 ? below(255) : 32);
    if (!checks_signature(kind)) return;
    Job signing(is_ed25519 ? Kind::ed25519_sign : Kind::ecdsa_p256_sign);
    signing.operation.algorithm = job.operation.algorithm;
    signing.operation.key = by.key;
    signing.message = job.message;
    ASSERT_EQ(run(signing), Status::done);
    job.signature.assign(signing.signed_bytes().begin(), signing.signed_bytes().end());
    job.operation.peer_key = &by.public_key;
    switch (below(6)) {
      case 0:
        return spoil(job.signature);
      case 1:
        return spoil(job.message);
      case 2:
        job.operation.peer_key = &signer(is_ed25519 ? KeyAlgorithm::ed25519 : KeyAlgorithm::p256).public_key;
    }
  }
  void expect_like_libcrypto(const Job& job) {
    const Kind kind = job.operation.kind;
    Job reference(kind);
    reference.operation.algorithm = job.operation.algorithm;
    reference.operation.key = job.operation.key;
    reference.operation.peer_key = job.operation.peer_key;
    reference.private_key = job.private_key;
    reference.peer_public = job.peer_public;
    reference.message = job.message;
    if (checks_signature(kind)) reference.signature = job.signature;
    run_by_libcrypto(reference);
    ASSERT_EQ(job.operation.status, reference.operation.status) << name_of(kind);
    ASSERT_EQ(to_hex(job.public_key), to_hex(reference.public_key)) << name_of(kind);
    ASSERT_EQ(to_hex(job.shared_secret), to_hex(reference.shared_secret)) << name_of(kind);
    ASSERT_EQ(to_hex(job.signature), to_hex(reference.signature)) << name_of(kind) << ' ' << to_hex(job.message);
  }

  LibcryptoBackend reference_{keys_, entropy_};
  KernelTable reference_kernels_ = reference_.kernels();
  std::array<std::deque<Signer>, 4> signers_;
};
INSTANTIATE_TEST_SUITE_P(Kernels, KernelDifferential, testing::ValuesIn(kernel_names()), parameter_name);

TEST_P(KernelDifferential, random_operations_end_like_libcryptos) {
  constexpr std::array kKindsInLanes{Kind::x25519_keygen,     Kind::x25519_shared, Kind::p256_keygen,   Kind::p256_ecdh,
                                     Kind::ecdsa_p256_verify, Kind::ed25519_sign,  Kind::ed25519_verify};
  std::size_t cases = 0;
  for (int round = 0; round < rounds(); ++round) {
    for (const Kind kind : kKindsInLanes) {
      std::deque<Job> jobs;
      std::vector<Job*> batch;
      for (std::size_t filled = 1 + below(lanes(kind)); filled > 0; --filled) {
        Job& job = jobs.emplace_back(kind);
        const bool signs = kind == Kind::ed25519_sign || checks_signature(kind);
        ASSERT_NO_FATAL_FAILURE(signs ? fill_signature(job) : fill_exchange(job));
        batch.push_back(&job);
      }
      run(batch);
      for (const Job* job : batch) ASSERT_NO_FATAL_FAILURE(expect_like_libcrypto(*job)) << "round " << round;
      cases += batch.size();
    }
  }
  RecordProperty("cases", std::to_string(cases));
}

}  // namespace
}  // namespace handsel::crypto
