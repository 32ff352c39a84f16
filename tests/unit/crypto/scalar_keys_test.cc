// P-384 and the signatures that libcrypto alone computes.

#include <gtest/gtest.h>

#include "backend_fixture.h"
#include "crypto/peer_chain.h"
#include "crypto/verify.h"

namespace handsel::crypto {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;

class ScalarKeys : public BackendTest {
 protected:
  void size(Job& job) {
    job.private_key.resize(48);
    job.public_key.resize(97);
    job.peer_public.resize(97);
    job.shared_secret.resize(48);
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, ScalarKeys, testing::ValuesIn(kernel_names()), parameter_name);

// NIST CAVP, KAS ECC CDH primitive, P-384, count 0.
TEST_P(ScalarKeys, p384_gives_the_public_key_and_the_secret_of_nists_vector) {
  Job keygen(Kind::p384_keygen);
  size(keygen);
  keygen.private_key =
      from_hex("3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b15618b6818a661774ad463b205da88cf699ab4d43c9cf98a1");
  ASSERT_EQ(run(keygen), Status::done);
  EXPECT_EQ(to_hex(keygen.public_key),
            "049803807f2f6d2fd966cdd0290bd410c0190352fbec7ff6247de1302df86f25d34fe4a97bef60cff548355c015dbb3e5f"
            "ba26ca69ec2f5b5d9dad20cc9da711383a9dbe34ea3fa5a2af75b46502629ad54dd8b7d73a8abb06a3a3be47d650cc99");
  Job ecdh(Kind::p384_ecdh);
  size(ecdh);
  ecdh.private_key = keygen.private_key;
  ecdh.peer_public = from_hex(
      "04a7c76b970c3b5fe8b05d2838ae04ab47697b9eaf52e764592efda27fe7513272734466b400091adbf2d68c58e0c50066"
      "ac68f19f2e1cb879aed43a9969b91a0839c4c38a49749b661efedf243451915ed0905a32b060992b468c64766fc8437a");
  ASSERT_EQ(run(ecdh), Status::done);
  EXPECT_EQ(to_hex(ecdh.shared_secret),
            "5f9d29dc5e31a163060356213669c8ce132e22f57c9a04f40ba7fcead493b457e5621e766c40a2e3d4d6a04b25e533f1");
}

TEST_P(ScalarKeys, p384_private_key_out_of_range_is_brought_into_it_and_written_back) {
  Job all_ones(Kind::p384_keygen), zero(Kind::p384_keygen), one(Kind::p384_keygen);
  for (Job* job : {&all_ones, &zero, &one}) size(*job);
  std::ranges::fill(all_ones.private_key, 0xff);
  one.private_key.back() = 1;
  ASSERT_EQ(run(all_ones), Status::done);
  EXPECT_LT(all_ones.private_key[0], 0xff);
  ASSERT_EQ(run(zero), Status::done);
  ASSERT_EQ(run(one), Status::done);
  EXPECT_EQ(zero.private_key, one.private_key);
  EXPECT_EQ(zero.public_key, one.public_key);
}

TEST_P(ScalarKeys, p384_refuses_points_that_are_none) {
  Job keygen(Kind::p384_keygen);
  size(keygen);
  keygen.private_key = random(48);
  ASSERT_EQ(run(keygen), Status::done);
  Job ecdh(Kind::p384_ecdh);
  size(ecdh);
  ecdh.private_key = keygen.private_key;
  for (const std::size_t at : {0u, 1u, 48u, 96u}) {
    ecdh.peer_public = keygen.public_key;
    ecdh.peer_public[at] ^= 1;
    EXPECT_EQ(run(ecdh), Status::invalid_input) << at;
  }
  ecdh.peer_public = keygen.public_key;
  ecdh.peer_public.pop_back();
  EXPECT_EQ(run(ecdh), Status::invalid_input);
  ecdh.peer_public = keygen.public_key;
  EXPECT_EQ(run(ecdh), Status::done);
  std::ranges::fill(ecdh.private_key, 0);
  EXPECT_EQ(run(ecdh), Status::failed);
}

struct Scheme {
  KeyType type;
  SignatureAlgorithm algorithm;
  std::size_t message_bytes;
};

TEST_P(ScalarKeys, signatures_verify_and_altered_ones_do_not) {
  for (const Scheme& scheme : {Scheme{{KeyAlgorithm::p384, 384}, SignatureAlgorithm::ecdsa, 48},
                               Scheme{{KeyAlgorithm::ed25519, 256}, SignatureAlgorithm::ed25519, 165},
                               Scheme{{KeyAlgorithm::rsa, 2'048}, SignatureAlgorithm::rsa_pkcs1, 32},
                               Scheme{{KeyAlgorithm::rsa, 2'048}, SignatureAlgorithm::rsa_pkcs1, 48},
                               Scheme{{KeyAlgorithm::rsa, 2'048}, SignatureAlgorithm::rsa_pkcs1, 64}}) {
    const std::vector<std::string> names{"a.example"};
    const auto made = make_self_signed(keys_, scheme.type, names, 1, kNow);
    ASSERT_TRUE(made) << made.error();
    EXPECT_EQ(made->chain.key_type, scheme.type);
    Job job(Kind::scalar_sign);
    job.operation.key = made->key;
    job.operation.algorithm = scheme.algorithm;
    job.message = random(scheme.message_bytes);
    ASSERT_EQ(run(job), Status::done);
    const auto key = public_key_of(made->chain.der[0]);
    ASSERT_TRUE(key);
    const std::vector<std::uint8_t> genuine(job.signed_bytes().begin(), job.signed_bytes().end());
    EXPECT_TRUE(verifies(*key, scheme.algorithm, job.message, genuine));
    for (const std::size_t at : {std::size_t{0}, genuine.size() / 2, genuine.size() - 1}) {
      auto altered = genuine;
      altered[at] ^= 1;
      EXPECT_FALSE(verifies(*key, scheme.algorithm, job.message, altered));
    }
    job.message[0] ^= 1;
    EXPECT_FALSE(verifies(*key, scheme.algorithm, job.message, genuine));
  }
}

TEST_P(ScalarKeys, signing_with_a_key_of_another_kind_fails) {
  const KeyId p256 = *keys_.generate({KeyAlgorithm::p256, 256});
  const KeyId p384 = *keys_.generate({KeyAlgorithm::p384, 384});
  Job job(Kind::scalar_sign);
  job.message = random(32);
  for (const SignatureAlgorithm algorithm : {SignatureAlgorithm::ecdsa, SignatureAlgorithm::ed25519,
                                             SignatureAlgorithm::rsa_pkcs1, SignatureAlgorithm::rsa_pss})
    for (const KeyId key : {p256, KeyId{}, KeyId{99}}) {
      job.operation.algorithm = algorithm;
      job.operation.key = key;
      EXPECT_EQ(run(job), Status::failed);
    }
  job.operation.algorithm = SignatureAlgorithm::ecdsa;
  job.operation.key = p384;
  EXPECT_EQ(run(job), Status::done);
  job.message = random(20);
  EXPECT_EQ(run(job), Status::failed);
}

}  // namespace
}  // namespace handsel::crypto
