#include <openssl/ec.h>

#include <set>

#include "backend_fixture.h"
#include "crypto/peer_chain.h"
#include "crypto/verify.h"

namespace handsel::crypto {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;
constexpr KeyType kP256{KeyAlgorithm::p256, 256};
constexpr KeyType kRsa2048{KeyAlgorithm::rsa, 2'048};

class BackendKinds : public BackendTest {
 protected:
  SelfSigned credential(KeyType type) {
    const std::vector<std::string> names{"a.example"};
    return *make_self_signed(keys_, type, names, 1, kNow);
  }
  std::vector<std::uint8_t> public_of(const std::vector<std::uint8_t>& private_key) {
    Job job(Kind::p256_keygen);
    job.private_key = private_key;
    EXPECT_EQ(run(job), Status::done);
    return job.public_key;
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, BackendKinds, testing::ValuesIn(kernel_names()), parameter_name);

TEST_P(BackendKinds, p256_key_of_rfc6979_a_2_5_has_its_public_key) {
  EXPECT_EQ(to_hex(public_of(from_hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"))),
            "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
            "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
}

TEST_P(BackendKinds, p256_private_key_out_of_range_is_brought_into_it_and_written_back) {
  Job job(Kind::p256_keygen);
  job.private_key = std::vector<std::uint8_t>(32, 0xff);
  ASSERT_EQ(run(job), Status::done);
  EXPECT_EQ(to_hex(job.private_key), "00000000ffffffff00000000000000004319055258e8617b0c46353d039cdaae");
  EXPECT_EQ(job.public_key, public_of(job.private_key));
}

// NIST CAVP, KAS ECC CDH primitive, P-256, count 0.
TEST_P(BackendKinds, p256_ecdh_gives_the_secret_of_nists_vector) {
  Job job(Kind::p256_ecdh);
  job.private_key = from_hex("7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534");
  job.peer_public = from_hex(
      "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
      "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac");
  ASSERT_EQ(run(job), Status::done);
  EXPECT_EQ(to_hex(job.shared_secret), "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b");
  EXPECT_EQ(to_hex(public_of(job.private_key)),
            "04ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230"
            "28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141");
}

TEST_P(BackendKinds, both_sides_of_an_exchange_get_the_same_secret) {
  for (const auto& [keygen, shared] :
       {std::pair{Kind::x25519_keygen, Kind::x25519_shared}, std::pair{Kind::p256_keygen, Kind::p256_ecdh}}) {
    Job alice(keygen);
    Job bob(keygen);
    alice.private_key = random(32);
    bob.private_key = random(32);
    ASSERT_EQ(run(alice), Status::done);
    ASSERT_EQ(run(bob), Status::done);
    Job alices(shared);
    Job bobs(shared);
    alices.private_key = alice.private_key;
    alices.peer_public = bob.public_key;
    bobs.private_key = bob.private_key;
    bobs.peer_public = alice.public_key;
    ASSERT_EQ(run(alices), Status::done);
    ASSERT_EQ(run(bobs), Status::done);
    EXPECT_EQ(alices.shared_secret, bobs.shared_secret);
    EXPECT_NE(alices.shared_secret, std::vector<std::uint8_t>(32, 0));
  }
}

TEST_P(BackendKinds, p256_points_that_are_not_on_the_curve_are_refused) {
  Job job(Kind::p256_ecdh);
  job.private_key = random(32);
  job.private_key[0] = 0;
  const auto good = public_of(job.private_key);
  for (const std::size_t at : {1u, 32u, 33u, 64u}) {
    job.peer_public = good;
    job.peer_public[at] ^= 1;
    EXPECT_EQ(run(job), Status::invalid_input) << "byte " << at;
  }
  job.peer_public = std::vector<std::uint8_t>(65, 0xff);  // coordinates above p
  job.peer_public[0] = 4;
  EXPECT_EQ(run(job), Status::invalid_input);
  job.peer_public = std::vector<std::uint8_t>(65, 0);
  job.peer_public[0] = 4;
  EXPECT_EQ(run(job), Status::invalid_input);
  job.peer_public = good;
  EXPECT_EQ(run(job), Status::done);
}

TEST_P(BackendKinds, p256_points_in_other_forms_are_refused) {
  Job job(Kind::p256_ecdh);
  job.private_key = random(32);
  job.private_key[0] = 0;
  const auto good = public_of(job.private_key);
  for (const std::uint8_t form : std::initializer_list<std::uint8_t>{0x00, 0x02, 0x03, 0x05, 0x06, 0x07}) {
    job.peer_public = good;
    job.peer_public[0] = form;
    EXPECT_EQ(run(job), Status::invalid_input) << "form " << int{form};
  }
  job.peer_public = good;
  job.peer_public.resize(33);
  job.peer_public[0] = 2;  // compressed
  EXPECT_EQ(run(job), Status::invalid_input);
  job.peer_public = {0};  // infinity
  EXPECT_EQ(run(job), Status::invalid_input);
}

TEST_P(BackendKinds, ecdsa_signature_verifies_and_altered_ones_do_not) {
  const SelfSigned made = credential(kP256);
  Job job(Kind::ecdsa_p256_sign);
  job.operation.key = made.key;
  for (int i = 0; i < 100; ++i) {
    job.message = random(32);
    ASSERT_EQ(run(job), Status::done);
    ASSERT_LE(job.operation.signature_bytes, 72u);
    ASSERT_TRUE(ecdsa_p256_verify(made.chain.der[0], job.message, job.signed_bytes()));
  }
  const std::vector<std::uint8_t> good(job.signed_bytes().begin(), job.signed_bytes().end());
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto altered = good;
    altered[at] ^= 1;
    EXPECT_FALSE(ecdsa_p256_verify(made.chain.der[0], job.message, altered)) << "byte " << at;
  }
  auto other = job.message;
  other[0] ^= 1;
  EXPECT_FALSE(ecdsa_p256_verify(made.chain.der[0], other, good));
  EXPECT_FALSE(ecdsa_p256_verify(credential(kP256).chain.der[0], job.message, good));
}

TEST_P(BackendKinds, ecdsa_of_one_message_never_repeats_its_nonce) {
  const SelfSigned made = credential(kP256);
  std::set<std::vector<std::uint8_t>> seen;
  Job job(Kind::ecdsa_p256_sign);
  job.operation.key = made.key;
  job.message = random(32);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(run(job), Status::done);
    // SEQUENCE, length, INTEGER, length: r follows.
    const std::size_t r_bytes = job.signature[3];
    EXPECT_TRUE(
        seen.insert({job.signature.begin() + 4, job.signature.begin() + 4 + static_cast<long>(r_bytes)}).second);
  }
}

TEST_P(BackendKinds, rsa_pss_signature_verifies_for_each_digest_and_altered_ones_do_not) {
  const SelfSigned made = credential(kRsa2048);
  Job job(Kind::rsa_pss_sign);
  job.operation.key = made.key;
  for (const std::size_t width : {32u, 48u, 64u, 32u}) {
    job.message = random(width);
    ASSERT_EQ(run(job), Status::done);
    ASSERT_EQ(job.operation.signature_bytes, 256u);
    EXPECT_TRUE(rsa_pss_verify(made.chain.der[0], job.message, job.signed_bytes()));
    job.message[0] ^= 1;
    EXPECT_FALSE(rsa_pss_verify(made.chain.der[0], job.message, job.signed_bytes()));
    job.message[0] ^= 1;
    job.signature[100] ^= 1;
    EXPECT_FALSE(rsa_pss_verify(made.chain.der[0], job.message, job.signed_bytes()));
  }
}

TEST_P(BackendKinds, signature_check_takes_the_genuine_and_nothing_else) {
  for (const KeyType type : {kP256, kRsa2048}) {
    const SelfSigned made = credential(type);
    const bool is_rsa = type.algorithm == KeyAlgorithm::rsa;
    Job signing(is_rsa ? Kind::rsa_pss_sign : Kind::ecdsa_p256_sign);
    signing.operation.key = made.key;
    signing.message = random(32);
    ASSERT_EQ(run(signing), Status::done);

    const auto key = public_key_of(made.chain.der[0]);
    ASSERT_TRUE(key);
    Job check(Kind::signature_verify);
    check.operation.peer_key = &*key;
    check.operation.algorithm = is_rsa ? SignatureAlgorithm::rsa_pss : SignatureAlgorithm::ecdsa;
    check.message = signing.message;
    check.signature.assign(signing.signed_bytes().begin(), signing.signed_bytes().end());
    EXPECT_EQ(run(check), Status::done);
    check.operation.algorithm = is_rsa ? SignatureAlgorithm::ecdsa : SignatureAlgorithm::rsa_pss;
    EXPECT_EQ(run(check), Status::invalid_input);
    check.operation.algorithm = is_rsa ? SignatureAlgorithm::rsa_pkcs1 : SignatureAlgorithm::rsa_pss;
    EXPECT_EQ(run(check), Status::invalid_input);
    check.operation.algorithm = is_rsa ? SignatureAlgorithm::rsa_pss : SignatureAlgorithm::ecdsa;
    check.message[0] ^= 1;
    EXPECT_EQ(run(check), Status::invalid_input);
    check.message[0] ^= 1;
    check.signature.pop_back();
    EXPECT_EQ(run(check), Status::invalid_input);
    check.operation.peer_key = nullptr;
    EXPECT_EQ(run(check), Status::failed);
  }
}

TEST_P(BackendKinds, signing_with_a_key_of_the_other_kind_or_none_fails) {
  const SelfSigned ec = credential(kP256);
  const SelfSigned rsa = credential(kRsa2048);
  Job ecdsa(Kind::ecdsa_p256_sign);
  Job pss(Kind::rsa_pss_sign);
  for (const KeyId id : {rsa.key, KeyId{}, KeyId{99}}) {
    ecdsa.operation.key = id;
    EXPECT_EQ(run(ecdsa), Status::failed);
  }
  for (const KeyId id : {ec.key, KeyId{}, KeyId{99}}) {
    pss.operation.key = id;
    EXPECT_EQ(run(pss), Status::failed);
  }
  pss.operation.key = rsa.key;
  pss.message = random(20);
  EXPECT_EQ(run(pss), Status::failed);
}

TEST(ChooseKernels, unknown_name_is_refused_with_the_names_that_could_be_forced) {
  const auto chosen = choose_kernels("abacus");
  ASSERT_FALSE(chosen);
  EXPECT_NE(chosen.error().find("libcrypto"), std::string::npos);
  EXPECT_EQ(choose_kernels("libcrypto")->name, "libcrypto");
  EXPECT_EQ(choose_kernels()->name, available_kernels().front().name);
}

}  // namespace
}  // namespace handsel::crypto
