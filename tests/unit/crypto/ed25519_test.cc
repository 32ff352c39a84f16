// Ed25519 (RFC 8032): every set of kernels signs what libcrypto signs, and accepts and refuses what it does.
#include <gtest/gtest.h>

#include <deque>

#include "backend_fixture.h"
#include "crypto/cpu.h"
#include "crypto/ed25519_order.h"
#include "crypto/kernels/kernel_abi.h"
#include "crypto/openssl_handle.h"
#include "crypto/peer_chain.h"
#include "crypto/public_key.h"
#include "crypto/verify.h"
#include "pem.h"

namespace handsel::crypto {
namespace {

constexpr const char* kOrderHex = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
constexpr const char* kZeros = "0000000000000000000000000000000000000000000000000000000000000000";

struct Case {
  const PublicKey* key;
  std::vector<std::uint8_t> message;
  std::vector<std::uint8_t> signature;
};

class Ed25519 : public BackendTest {
 protected:
  using Octets = std::vector<std::uint8_t>;

  const PublicKey& public_key(const Octets& raw) {
    return known_.emplace_back(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw.data(), raw.size()),
                               KeyType{KeyAlgorithm::ed25519, 256});
  }
  KeyId private_key(const Octets& seed) {
    const PkeyHandle pkey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
    return *keys_.add_pem(to_pem(pkey));
  }
  static Octets public_of(const Octets& seed) {
    const PkeyHandle pkey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
    Octets raw(32);
    std::size_t length = raw.size();
    EVP_PKEY_get_raw_public_key(pkey.get(), raw.data(), &length);
    return raw;
  }
  static Octets signature_of(const Octets& seed, const Octets& message) {
    const PkeyHandle pkey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
    const Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
    Octets signature(64);
    std::size_t length = signature.size();
    EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, pkey.get());
    EVP_DigestSign(context.get(), signature.data(), &length, message.data(), message.size());
    return signature;
  }
  static bool verdict(const Case& each) {
    return verifies(*each.key, SignatureAlgorithm::ed25519, each.message, each.signature);
  }
  /// libcrypto's verdict on each case is the back end's, in every number of lanes and whatever stands beside it.
  void expect_like_libcrypto(const std::vector<Case>& cases) {
    std::vector<bool> genuine;
    for (const Case& each : cases) genuine.push_back(verdict(each));
    for (std::size_t filled = 1; filled <= lanes(Kind::ed25519_verify); ++filled) {
      for (std::size_t first = 0; first < cases.size(); first += filled) {
        std::deque<Job> jobs;
        std::vector<Job*> batch;
        for (std::size_t i = 0; i < filled; ++i) {
          const Case& each = cases[(first + i) % cases.size()];
          Job& job = jobs.emplace_back(Kind::ed25519_verify);
          job.operation.algorithm = SignatureAlgorithm::ed25519;
          job.operation.peer_key = each.key;
          job.message = each.message;
          job.signature = each.signature;
          batch.push_back(&job);
        }
        run(batch);
        for (std::size_t i = 0; i < filled; ++i) {
          const std::size_t at = (first + i) % cases.size();
          ASSERT_EQ(batch[i]->operation.status, genuine[at] ? Status::done : Status::invalid_input)
              << "case " << at << ", " << filled << " lanes filled";
        }
      }
    }
  }

  std::deque<PublicKey> known_;
};
INSTANTIATE_TEST_SUITE_P(Kernels, Ed25519, testing::ValuesIn(kernel_names()), parameter_name);

TEST_P(Ed25519, signatures_of_rfc8032_7_1_come_out_and_verify) {
  constexpr std::array<std::array<const char*, 4>, 3> kVectors{{
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2"
       "4"
       "655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302ae"
       "e"
       "b00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28"
       "d"
       "c027beceea1ec40a"},
  }};
  for (const auto& [seed, point, message, signature] : kVectors) {
    Job signing(Kind::ed25519_sign);
    signing.operation.algorithm = SignatureAlgorithm::ed25519;
    signing.operation.key = private_key(from_hex(seed));
    signing.message = from_hex(message);
    ASSERT_EQ(run(signing), Status::done);
    EXPECT_EQ(to_hex(signing.signed_bytes()), signature);
    Job check(Kind::ed25519_verify);
    check.operation.algorithm = SignatureAlgorithm::ed25519;
    check.operation.peer_key = &public_key(from_hex(point));
    check.message = from_hex(message);
    check.signature = from_hex(signature);
    EXPECT_EQ(run(check), Status::done);
    check.signature[40] ^= 1;
    EXPECT_EQ(run(check), Status::invalid_input);
  }
}

TEST_P(Ed25519, every_number_of_lanes_and_length_of_message_signs_like_libcrypto) {
  std::array<Octets, 8> seeds;
  std::array<KeyId, 8> ids;
  for (std::size_t i = 0; i < 8; ++i) ids[i] = private_key(seeds[i] = random(32));
  std::size_t length = 0;
  for (int round = 0; round < 8; ++round) {
    for (std::size_t filled = 1; filled <= lanes(Kind::ed25519_sign); ++filled) {
      std::deque<Job> jobs;
      std::vector<Job*> batch;
      for (std::size_t i = 0; i < filled; ++i) {
        Job& job = jobs.emplace_back(Kind::ed25519_sign);
        job.operation.algorithm = SignatureAlgorithm::ed25519;
        job.operation.key = ids[i];
        job.message = random(length = (length + 5) % 310);  // lanes take up to 303
        batch.push_back(&job);
      }
      run(batch);
      for (std::size_t i = 0; i < filled; ++i) {
        ASSERT_EQ(batch[i]->operation.status, Status::done);
        ASSERT_EQ(to_hex(batch[i]->signed_bytes()), to_hex(signature_of(seeds[i], batch[i]->message)))
            << batch[i]->message.size() << " bytes, " << filled << " lanes filled";
      }
    }
  }
}

TEST_P(Ed25519, key_of_another_kind_or_none_fails_alone) {
  const KeyId good = private_key(random(32));
  const KeyId p256 = *keys_.generate({KeyAlgorithm::p256, 256});
  std::deque<Job> jobs;
  std::vector<Job*> batch;
  for (std::size_t i = 0; i < lanes(Kind::ed25519_sign); ++i) {
    Job& job = jobs.emplace_back(Kind::ed25519_sign);
    job.operation.algorithm = SignatureAlgorithm::ed25519;
    job.operation.key = i == 2 ? p256 : i == 5 ? KeyId{} : good;
    if (i == 6) job.signature.resize(63);
    batch.push_back(&job);
  }
  run(batch);
  for (std::size_t i = 0; i < batch.size(); ++i)
    EXPECT_EQ(batch[i]->operation.status, i == 2 || i == 5 || i == 6 ? Status::failed : Status::done) << "lane " << i;
}

TEST_P(Ed25519, genuine_and_tampered_signatures_are_told_apart_like_by_libcrypto) {
  std::vector<Case> cases;
  for (std::size_t i = 0; i < 40; ++i) {
    const Octets seed = random(32);
    const Octets message = random(i % 2 == 0 ? 130 : 9 * i);
    Case each{&public_key(public_of(seed)), message, signature_of(seed, message)};
    if (i % 5 == 1) each.message[i] ^= 1;
    if (i % 5 == 2) each.signature[i] ^= 0x20;
    if (i % 5 == 3) each.signature[63 - i / 8] ^= 1;
    if (i % 10 == 4) each.key = cases[i - 1].key;
    cases.push_back(std::move(each));
    EXPECT_EQ(verdict(cases.back()), i % 5 == 0 || i % 10 == 9);
  }
  for (const std::size_t length : {0u, 32u, 63u, 65u}) {
    cases.push_back(cases[0]);
    cases.back().signature.resize(length);
  }
  expect_like_libcrypto(cases);
}

TEST_P(Ed25519, response_that_is_not_below_the_order_is_refused) {
  const Octets seed = random(32);
  const Case good{&public_key(public_of(seed)), random(100), {}};
  std::vector<Case> cases(1, good);
  cases[0].signature = signature_of(seed, good.message);
  EXPECT_TRUE(verdict(cases[0]));
  // S + L would satisfy the equation as well: RFC 8032 5.1.7 wants it refused.
  Case larger = cases[0];
  const Octets order = from_hex(kOrderHex);
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += larger.signature[32 + i] + order[i];
    larger.signature[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  cases.push_back(larger);
  for (const char* response : {kOrderHex, "ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", kZeros,
                               "0000000000000000000000000000000000000000000000000000000000000010",
                               "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
    cases.push_back(cases[0]);
    std::ranges::copy(from_hex(response), cases.back().signature.begin() + 32);
  }
  for (std::size_t i = 1; i < cases.size(); ++i) EXPECT_FALSE(verdict(cases[i])) << i;
  expect_like_libcrypto(cases);
}

/// Points of order 1, 8, 2, 8, 4, 8, 8 and 4; writings of points that are not reduced, or have a sign where there is
/// none; bytes that are no point.
constexpr const char* kOddPoints[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    kZeros,
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p + 1
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000080",  // x = 0 with a sign
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0200000000000000000000000000000000000000000000000000000000000000",  // no point
    "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

TEST_P(Ed25519, points_of_small_order_and_odd_writings_are_judged_like_by_libcrypto) {
  std::vector<Case> cases;
  std::size_t genuine = 0;
  for (const char* key : kOddPoints) {
    const PublicKey& known = public_key(from_hex(key));
    for (const char* result : kOddPoints) {
      Octets signature = from_hex(result);
      signature.resize(64);  // S = 0: the equation is R = -k·A
      cases.push_back({&known, {static_cast<std::uint8_t>(cases.size())}, signature});
      genuine += verdict(cases.back()) ? 1 : 0;
    }
  }
  EXPECT_GT(genuine, 5u);
  expect_like_libcrypto(cases);
}

TEST_P(Ed25519, key_with_a_part_of_order_eight_is_judged_by_the_equation_without_cofactor) {
  const PublicKey& key = public_key(from_hex("3d961390f175f7e0990d8f715809eaef92ba1cebc9feb6da1e38b67e0a541569"));
  const std::vector<Case> cases{
      {&key,
       {0},
       from_hex("a861ec3aa2e7280ddd59e8dc4c458f0d897f73a01931414594221647b3001954"
                "c71e7864445baf1ebbff6c756df4b726cbd7f508e56ab0702a3a3549a7a4af08")},
      {&key,
       {1},
       from_hex("25ca096fe03bd999ab1c4081c8ad13836453d1df79263b3db7afe5af5479f462"
                "ff2507390e8d09c93960242980e8cb6c2d5b7adc1aca4d516f3074acf7d6df04")},
      {&key,
       {6},
       from_hex("b5acee6e298a6dbdff0df751bbf111dd2e80c25893ef1cb3d802c56a0924364f"
                "659d2b00a88620cc79e29e2803ee227255cfb40981c0dc983f843dd5289d3e02")},
      {&key,
       {8},
       from_hex("d51599f8df44732d932e5ca104608ee3e9e94190411646d1c5416731d9bfdba2"
                "233c38ffd17378b15f3ecd4d6eeeeddf3d7785f65e498c0e86f626143258d603")},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) EXPECT_EQ(verdict(cases[i]), i >= 2);
  expect_like_libcrypto(cases);
}

/// A certificate that holds this key, signed by another: nobody looks at the signature.
std::vector<std::uint8_t> certificate_of(const std::vector<std::uint8_t>& raw) {
  const PkeyHandle signer(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const PkeyHandle pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw.data(), raw.size()));
  const X509Handle x509(X509_new());
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 1);
  X509_set_pubkey(x509.get(), pkey.get());
  X509_sign(x509.get(), signer.get(), nullptr);
  std::vector<std::uint8_t> der(static_cast<std::size_t>(i2d_X509(x509.get(), nullptr)));
  unsigned char* at = der.data();
  i2d_X509(x509.get(), &at);
  return der;
}

TEST(Ed25519Key, writing_that_is_not_the_only_one_of_its_point_is_refused) {
  for (std::size_t i = 0; i < std::size(kOddPoints); ++i) {
    const auto key = public_key_of(certificate_of(from_hex(kOddPoints[i])));
    const bool odd = (i >= 8 && i <= 12) || i == 14;
    ASSERT_EQ(key.has_value(), !odd) << kOddPoints[i];
    EXPECT_TRUE(!odd || key.error() == ChainFault::unsupported_key);
  }
}

/// With both scalars zero the result is the neutral point, whatever the key is: only the check of the key is in the
/// way.
TEST(Ed25519Kernel, key_that_is_no_point_is_refused_alone) {
  if (!cpu_runs_avx512_ifma()) GTEST_SKIP() << "no AVX-512 IFMA on this processor";
  kIfmaEd25519Kernels.prepare();
  std::uint8_t zeros[8][32] = {}, points[8][32] = {}, neutral[8][32] = {};
  for (auto& each : neutral) each[0] = 1;
  points[3][0] = 2;  // no x belongs to y = 2
  EXPECT_EQ(kIfmaEd25519Kernels.verify(zeros, zeros, points, neutral), 0xff & ~(1 << 3));
}

TEST(Ed25519Order, products_and_hashes_are_libcryptos) {
  SeededEntropy entropy(8'032);
  const BnContext context(BN_CTX_new());
  std::vector<std::uint8_t> order = from_hex(kOrderHex);
  const BnHandle modulus(BN_lebin2bn(order.data(), 32, nullptr));
  for (int round = 0; round < 300; ++round) {
    std::array<std::uint8_t, 64> first, second;
    std::array<std::uint8_t, 32> number, result, wanted;
    entropy.fill(first);
    entropy.fill(second);
    entropy.fill(number);
    if (round % 4 == 1) first.fill(0xff);
    if (round % 4 == 2) number.fill(0xff);
    if (round % 4 == 3) second.fill(0);
    const BnHandle a(BN_lebin2bn(first.data(), 64, nullptr));
    const BnHandle b(BN_lebin2bn(number.data(), 32, nullptr));
    const BnHandle c(BN_lebin2bn(second.data(), 64, nullptr));
    BN_mod_mul(a.get(), a.get(), b.get(), modulus.get(), context.get());
    BN_mod_add(a.get(), a.get(), c.get(), modulus.get(), context.get());
    BN_bn2lebinpad(a.get(), wanted.data(), 32);
    ed25519_to_bytes(ed25519_multiply_add(ed25519_reduce(first), number, ed25519_reduce(second)), result);
    ASSERT_EQ(to_hex(result), to_hex(wanted));
    ASSERT_TRUE(ed25519_is_reduced(result));
  }
  EXPECT_FALSE(ed25519_is_reduced(order));
  order[0] -= 1;
  EXPECT_TRUE(ed25519_is_reduced(order));
}

}  // namespace
}  // namespace handsel::crypto
