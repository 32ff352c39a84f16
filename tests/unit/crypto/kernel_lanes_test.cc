// Every set of kernels against libcrypto: any number of filled lanes, random and edge inputs, lanes that fail beside
// good ones.
#include <set>

#include "backend_fixture.h"
#include "crypto/backend_libcrypto.h"
#include "crypto/p256_order.h"
#include "crypto/peer_chain.h"
#include "crypto/verify.h"

namespace handsel::crypto {
namespace {

// Little-endian, as X25519 reads them: limbs of all ones and of zeros, p and its neighbours, 2^255 - 1 and the top bit.
constexpr const char* kEdges[] = {
    "0900000000000000000000000000000000000000000000000000000000000000",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000040",
    "ffffffffffff0f000000000000000000f0ffffffffffffff0000000000000000",
    "000000000000f0ffffffffffffff0000000000000000ffffffffffffffffff7f",
    "0200000000000000000000000000000000000000000000000000000000000000",
};

class KernelLanes : public BackendTest {
 protected:
  void expect_like_libcrypto(std::vector<std::unique_ptr<Job>>& jobs) {
    std::vector<Job*> batch;
    for (const auto& job : jobs) batch.push_back(job.get());
    run(batch);
    for (const auto& job : jobs) {
      Job reference(job->operation.kind);
      reference.private_key = job->private_key;
      reference.peer_public = job->peer_public;
      const Kernel& kernel = reference_kernels_[static_cast<std::size_t>(job->operation.kind)];
      Operation* const operation = reference.bind();
      kernel.run(kernel.context, {&operation, 1});
      ASSERT_EQ(job->operation.status, operation->status);
      ASSERT_EQ(to_hex(job->public_key), to_hex(reference.public_key)) << "private " << to_hex(job->private_key);
      ASSERT_EQ(to_hex(job->shared_secret), to_hex(reference.shared_secret))
          << "private " << to_hex(job->private_key) << ", peer " << to_hex(job->peer_public);
    }
  }
  /// This set leaves the kind to libcrypto, which is tested under its own name.
  bool leaves_to_libcrypto(Kind kind) const {
    return GetParam() != "libcrypto" && kernels_[static_cast<std::size_t>(kind)].name == "libcrypto";
  }
  std::vector<std::uint8_t> reference_point(const std::vector<std::uint8_t>& scalar) {
    Job keygen(Kind::p256_keygen);
    keygen.private_key = scalar;
    Operation* const operation = keygen.bind();
    const Kernel& kernel = reference_kernels_[static_cast<std::size_t>(Kind::p256_keygen)];
    kernel.run(kernel.context, {&operation, 1});
    return keygen.public_key;
  }
  std::unique_ptr<Job> random_job(Kind kind) {
    auto job = std::make_unique<Job>(kind);
    job->private_key = random(32);
    if (kind == Kind::x25519_shared) job->peer_public = random(32);
    if (kind == Kind::p256_ecdh) {
      order_make_valid_scalar(job->private_key);
      job->peer_public = reference_point(random(32));
    }
    return job;
  }

  LibcryptoBackend reference_{keys_, entropy_};
  KernelTable reference_kernels_ = reference_.kernels();
};
INSTANTIATE_TEST_SUITE_P(Kernels, KernelLanes, testing::ValuesIn(kernel_names()), parameter_name);

TEST_P(KernelLanes, every_number_of_filled_lanes_gives_libcryptos_results) {
  for (const Kind kind : {Kind::x25519_keygen, Kind::x25519_shared, Kind::p256_keygen, Kind::p256_ecdh}) {
    for (std::size_t filled = 1; filled <= lanes(kind); ++filled) {
      for (int round = 0; round < 10; ++round) {
        std::vector<std::unique_ptr<Job>> jobs;
        for (std::size_t i = 0; i < filled; ++i) jobs.push_back(random_job(kind));
        ASSERT_NO_FATAL_FAILURE(expect_like_libcrypto(jobs));
      }
    }
  }
}

TEST_P(KernelLanes, edge_scalars_and_coordinates_give_libcryptos_results) {
  // In full batches: few operations may be computed elsewhere.
  for (const char* scalar : kEdges) {
    for (const char* coordinate : kEdges) {
      std::vector<std::unique_ptr<Job>> jobs;
      for (std::size_t i = 0; i < lanes(Kind::x25519_shared); ++i) {
        jobs.push_back(random_job(Kind::x25519_shared));
        if (i % 3 != 2) jobs[i]->private_key = from_hex(scalar);
        if (i % 3 != 1) jobs[i]->peer_public = from_hex(coordinate);
      }
      ASSERT_NO_FATAL_FAILURE(expect_like_libcrypto(jobs));
    }
    std::vector<std::unique_ptr<Job>> jobs;
    for (std::size_t i = 0; i < lanes(Kind::x25519_keygen); ++i) {
      jobs.push_back(random_job(Kind::x25519_keygen));
      if (i % 3 != 2) jobs[i]->private_key = from_hex(scalar);
    }
    ASSERT_NO_FATAL_FAILURE(expect_like_libcrypto(jobs));
  }
}

/// Big-endian: small and single-bit scalars, digits that are all zero or at either end of their range, n - 1 and n - 2.
std::vector<std::vector<std::uint8_t>> p256_edge_scalars() {
  std::vector<std::vector<std::uint8_t>> scalars{
      from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"),
      from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f"),
      from_hex("7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8"),
      from_hex("7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a9"),
      from_hex("00000000ffffffff00000000000000004319055258e8617b0c46353d039cdaaf"),
      from_hex("0842108421084210842108421084210842108421084210842108421084210842"),
      from_hex("7bdef7bdef7bdef7bdef7bdef7bdef7bdef7bdef7bdef7bdef7bdef7bdef7bde"),
  };
  for (std::uint8_t i = 1; i <= 40; ++i) {
    scalars.emplace_back(32)[31] = i;
    scalars.emplace_back(32)[31 - i % 32] = static_cast<std::uint8_t>(1u << (i % 8));
  }
  return scalars;
}

TEST_P(KernelLanes, edge_scalars_of_p256_give_libcryptos_results) {
  for (const Kind kind : {Kind::p256_keygen, Kind::p256_ecdh}) {
    for (const auto& scalar : p256_edge_scalars()) {
      std::vector<std::unique_ptr<Job>> jobs;
      for (std::size_t i = 0; i < std::min<std::size_t>(2, lanes(kind)); ++i) {  // one alone may run elsewhere
        jobs.push_back(random_job(kind));
        jobs[i]->private_key = scalar;
      }
      ASSERT_NO_FATAL_FAILURE(expect_like_libcrypto(jobs));
    }
  }
}

TEST_P(KernelLanes, rsa_signatures_under_several_keys_verify_in_every_number_of_lanes) {
  if (leaves_to_libcrypto(Kind::rsa_pss_sign)) GTEST_SKIP() << "no kernel of its own";
  const std::vector<std::string> names{"a.example"};
  std::vector<SelfSigned> made;
  for (int i = 0; i < 2; ++i)
    made.push_back(*make_self_signed(keys_, {KeyAlgorithm::rsa, 2'048}, names, 1, 1'800'000'000));
  for (std::size_t filled = 1; filled <= lanes(Kind::rsa_pss_sign); ++filled) {
    std::vector<std::unique_ptr<Job>> jobs;
    std::vector<Job*> batch;
    for (std::size_t i = 0; i < filled; ++i) {
      batch.push_back(jobs.emplace_back(std::make_unique<Job>(Kind::rsa_pss_sign)).get());
      batch.back()->message = random(i % 3 == 0 ? 32 : i % 3 == 1 ? 48 : 64);
      batch.back()->operation.key = made[i % 2].key;
    }
    if (filled > 6) batch[5]->operation.key = KeyId{};
    run(batch);
    for (std::size_t i = 0; i < filled; ++i) {
      const bool no_key = filled > 6 && i == 5;
      ASSERT_EQ(batch[i]->operation.status, no_key ? Status::failed : Status::done);
      if (no_key) continue;
      EXPECT_TRUE(rsa_pss_verify(made[i % 2].chain.der[0], batch[i]->message, batch[i]->signed_bytes()));
      EXPECT_FALSE(rsa_pss_verify(made[1 - i % 2].chain.der[0], batch[i]->message, batch[i]->signed_bytes()));
    }
  }
}

TEST_P(KernelLanes, rsa_signatures_of_one_message_have_different_salts) {
  if (leaves_to_libcrypto(Kind::rsa_pss_sign)) GTEST_SKIP() << "no kernel of its own";
  const std::vector<std::string> names{"a.example"};
  const SelfSigned made = *make_self_signed(keys_, {KeyAlgorithm::rsa, 2'048}, names, 1, 1'800'000'000);
  std::vector<std::unique_ptr<Job>> jobs;
  std::vector<Job*> batch;
  std::set<std::vector<std::uint8_t>> seen;
  for (std::size_t i = 0; i < lanes(Kind::rsa_pss_sign); ++i) {
    batch.push_back(jobs.emplace_back(std::make_unique<Job>(Kind::rsa_pss_sign)).get());
    batch.back()->operation.key = made.key;
  }
  for (int round = 0; round < 2; ++round) {
    run(batch);
    for (const Job* job : batch) EXPECT_TRUE(seen.insert(job->signature).second);
  }
}

TEST_P(KernelLanes, rsa_keys_of_several_sizes_sign_side_by_side) {
  if (leaves_to_libcrypto(Kind::rsa_pss_sign)) GTEST_SKIP() << "no kernel of its own";
  const std::vector<std::string> names{"a.example"};
  std::vector<SelfSigned> made;
  for (const std::uint16_t bits : std::array<std::uint16_t, 3>{3'072, 2'560, 2'048})  // the second has no kernel
    made.push_back(*make_self_signed(keys_, {KeyAlgorithm::rsa, bits}, names, 1, 1'800'000'000));
  for (std::size_t start = 0; start < made.size(); ++start) {
    std::vector<std::unique_ptr<Job>> jobs;
    std::vector<Job*> batch;
    for (std::size_t i = 0; i < lanes(Kind::rsa_pss_sign); ++i) {
      batch.push_back(jobs.emplace_back(std::make_unique<Job>(Kind::rsa_pss_sign)).get());
      batch.back()->message = random(32);
      batch.back()->operation.key = made[(start + i) % made.size()].key;
    }
    run(batch);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      ASSERT_EQ(batch[i]->operation.status, Status::done);
      EXPECT_TRUE(
          rsa_pss_verify(made[(start + i) % made.size()].chain.der[0], batch[i]->message, batch[i]->signed_bytes()));
    }
  }
}

TEST_P(KernelLanes, rsa_checks_under_keys_of_several_sizes_end_like_libcryptos) {
  if (leaves_to_libcrypto(Kind::rsa_verify)) GTEST_SKIP() << "no kernel of its own";
  const std::vector<std::string> names{"a.example"};
  std::vector<KeyId> keys;
  std::vector<PublicKey> public_keys;
  for (const std::uint16_t bits : std::array<std::uint16_t, 4>{2'048, 2'048, 3'072, 2'560}) {  // the last has no kernel
    const SelfSigned made = *make_self_signed(keys_, {KeyAlgorithm::rsa, bits}, names, 1, 1'800'000'000);
    keys.push_back(made.key);
    public_keys.push_back(std::move(*public_key_of(made.chain.der[0])));
  }
  std::size_t genuine = 0;
  for (std::size_t filled = 1; filled <= lanes(Kind::rsa_verify); ++filled) {
    std::vector<std::unique_ptr<Job>> jobs;
    std::vector<Job*> batch;
    for (std::size_t i = 0; i < filled; ++i) {
      const bool pss = i % 2 == 0;
      Job signing(pss ? Kind::rsa_pss_sign : Kind::scalar_sign);
      signing.operation.algorithm = pss ? SignatureAlgorithm::rsa_pss : SignatureAlgorithm::rsa_pkcs1;
      signing.operation.key = keys[(filled + i) % keys.size()];
      signing.message = random(i % 3 == 0 ? 32 : i % 3 == 1 ? 48 : 64);
      ASSERT_EQ(run(signing), Status::done);
      batch.push_back(jobs.emplace_back(std::make_unique<Job>(Kind::rsa_verify)).get());
      batch.back()->operation.algorithm = signing.operation.algorithm;
      batch.back()->operation.peer_key = &public_keys[(filled + i) % keys.size()];
      batch.back()->message = signing.message;
      batch.back()->signature.assign(signing.signed_bytes().begin(), signing.signed_bytes().end());
    }
    if (filled > 3) batch[1]->message[5] ^= 4;
    if (filled > 4) batch[2]->signature[100] ^= 1;
    if (filled > 5) batch[4]->operation.peer_key = &public_keys[(filled + 5) % keys.size()];
    run(batch);
    for (const Job* job : batch) {
      const bool wanted =
          verifies(*job->operation.peer_key, job->operation.algorithm, job->message, Bytes(job->signature));
      ASSERT_EQ(job->operation.status, wanted ? Status::done : Status::invalid_input);
      genuine += wanted ? 1 : 0;
    }
  }
  EXPECT_EQ(genuine, lanes(Kind::rsa_verify) == 8 ? 24u : 1u);
}

TEST_P(KernelLanes, unacceptable_p256_point_fails_alone) {
  const std::size_t filled = lanes(Kind::p256_ecdh);
  for (std::size_t bad = 0; bad < filled; ++bad) {
    std::vector<std::unique_ptr<Job>> jobs;
    for (std::size_t i = 0; i < filled; ++i) jobs.push_back(random_job(Kind::p256_ecdh));
    auto& point = jobs[bad]->peer_public;
    switch (bad % 4) {
      case 0:
        point[64] ^= 1;
        break;  // off the curve
      case 1:
        std::fill(point.begin() + 1, point.end(), std::uint8_t{0});
        break;  // (0, 0)
      case 2:
        std::fill(point.begin() + 1, point.end(), std::uint8_t{255});
        break;
      default:
        point.resize(64);
    }
    ASSERT_NO_FATAL_FAILURE(expect_like_libcrypto(jobs));
    ASSERT_EQ(jobs[bad]->operation.status, Status::invalid_input);
  }
}

TEST_P(KernelLanes, coordinate_that_is_not_reduced_is_refused) {
  // x = 5 has a point; x = 5 + p is the same modulo p.
  auto point = from_hex("04");
  const auto x = from_hex("ffffffff00000001000000000000000000000001000000000000000000000004");
  const auto y = from_hex("459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
  point.insert(point.end(), x.begin(), x.end());
  point.insert(point.end(), y.begin(), y.end());
  for (const bool reduced : {true, false}) {
    std::vector<std::unique_ptr<Job>> jobs;
    for (int i = 0; i < 2 && i < static_cast<int>(lanes(Kind::p256_ecdh)); ++i) {
      jobs.push_back(random_job(Kind::p256_ecdh));
      jobs[static_cast<std::size_t>(i)]->peer_public = point;
      if (reduced) {
        auto& bytes = jobs[static_cast<std::size_t>(i)]->peer_public;
        std::fill(bytes.begin() + 1, bytes.begin() + 32, std::uint8_t{0});
        bytes[32] = 5;
      }
    }
    ASSERT_NO_FATAL_FAILURE(expect_like_libcrypto(jobs));
    EXPECT_EQ(jobs[0]->operation.status, reduced ? Status::done : Status::invalid_input);
  }
}

TEST_P(KernelLanes, every_number_of_signatures_verifies_and_a_wrong_key_fails_alone) {
  const std::vector<std::string> names{"a.example"};
  const SelfSigned made = *make_self_signed(keys_, {KeyAlgorithm::p256, 256}, names, 1, 1'800'000'000);
  for (std::size_t filled = 1; filled <= lanes(Kind::ecdsa_p256_sign); ++filled) {
    std::vector<std::unique_ptr<Job>> jobs;
    std::vector<Job*> batch;
    for (std::size_t i = 0; i < filled; ++i) {
      batch.push_back(jobs.emplace_back(std::make_unique<Job>(Kind::ecdsa_p256_sign)).get());
      batch.back()->message = random(32);
      batch.back()->operation.key = made.key;
    }
    if (filled > 1) batch[filled / 2]->operation.key = KeyId{};
    run(batch);
    for (std::size_t i = 0; i < filled; ++i) {
      const bool wrong_key = filled > 1 && i == filled / 2;
      EXPECT_EQ(batch[i]->operation.status, wrong_key ? Status::failed : Status::done);
      EXPECT_EQ(ecdsa_p256_verify(made.chain.der[0], batch[i]->message, batch[i]->signed_bytes()), !wrong_key);
    }
  }
}

TEST_P(KernelLanes, refused_lane_leaves_its_neighbours_alone) {
  const std::size_t filled = lanes(Kind::x25519_shared);
  for (std::size_t bad = 0; bad < filled; ++bad) {
    std::vector<std::unique_ptr<Job>> jobs;
    for (std::size_t i = 0; i < filled; ++i) jobs.push_back(random_job(Kind::x25519_shared));
    jobs[bad]->peer_public.assign(bad % 2 == 0 ? 32 : 31, 0);
    ASSERT_NO_FATAL_FAILURE(expect_like_libcrypto(jobs));
    ASSERT_EQ(jobs[bad]->operation.status, Status::invalid_input);
  }
}

}  // namespace
}  // namespace handsel::crypto
