// What C2SP's Wycheproof collects against implementations: each set of kernels must give its answers, alone and with
// all lanes filled. The vectors are in vectors/, a selection with every family of cases that concerns TLS.
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <deque>

#include "backend_fixture.h"
#include "crypto/public_key.h"
#include "vector_file.h"

namespace handsel::crypto {
namespace {

const char* const kX25519 =
#include "vectors/x25519.inc"
    ;
const char* const kEcdhP256 =
#include "vectors/ecdh_p256.inc"
    ;
const char* const kEcdsaP256 =
#include "vectors/ecdsa_p256.inc"
    ;
const char* const kEd25519 =
#include "vectors/ed25519.inc"
    ;
const char* const kRsa2048 =
#include "vectors/rsa_2048.inc"
    ;

/// A SubjectPublicKeyInfo around the key's own bytes (RFC 5280 4.1.2.7).
PublicKey public_key(const char* before, const std::vector<std::uint8_t>& key, const char* behind, KeyType type) {
  const auto der = from_hex(before + to_hex(key) + behind);
  const unsigned char* at = der.data();
  return PublicKey(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())), type);
}

std::vector<std::uint8_t> sha256(const std::vector<std::uint8_t>& message) {
  std::vector<std::uint8_t> digest(32);
  EVP_Digest(message.data(), message.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

class Wycheproof : public BackendTest {
 protected:
  /// `fill` makes an operation of a case. Where something is computed, it is the case's last field.
  template <class Fill>
  void play(Kind kind, const std::vector<Vector>& vectors, Fill fill) {
    ASSERT_FALSE(vectors.empty());
    for (const std::size_t together : {std::size_t{1}, lanes(kind)})
      for (std::size_t first = 0; first < vectors.size(); first += together)
        play_batch(kind, std::span(vectors).subspan(first, std::min(together, vectors.size() - first)), fill);
  }

 private:
  template <class Fill>
  void play_batch(Kind kind, std::span<const Vector> vectors, Fill fill) {
    std::deque<Job> jobs;
    std::vector<Job*> batch;
    for (const Vector& vector : vectors) {
      batch.push_back(&jobs.emplace_back(kind));
      fill(jobs.back(), vector);
    }
    run(batch);
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      const Vector& vector = vectors[i];
      const std::string which =
          std::to_string(vector.number) + ", " + vector.what + ", of " + std::to_string(vectors.size()) + " together";
      EXPECT_EQ(jobs[i].operation.status, vector.accepted ? Status::done : Status::invalid_input) << which;
      if (vector.accepted && !checks_signature(kind)) {
        EXPECT_EQ(to_hex(jobs[i].shared_secret), to_hex(vector.fields.back())) << which;
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, Wycheproof, testing::ValuesIn(kernel_names()), parameter_name);

void fill_exchange(Job& job, const Vector& vector) {
  job.private_key = vector.fields.at(0);
  job.peer_public = vector.fields.at(1);
}

TEST_P(Wycheproof, x25519_gives_the_secret_or_refuses_the_share) {
  play(Kind::x25519_shared, VectorReader().read(kX25519), fill_exchange);
}

TEST_P(Wycheproof, p256_gives_the_secret_or_refuses_the_point) {
  play(Kind::p256_ecdh, VectorReader().read(kEcdhP256), fill_exchange);
}

TEST_P(Wycheproof, ecdsa_signature_is_judged_right) {
  std::deque<PublicKey> keys;
  play(Kind::ecdsa_p256_verify, VectorReader().read(kEcdsaP256), [&](Job& job, const Vector& vector) {
    job.operation.peer_key = &keys.emplace_back(public_key("3059301306072a8648ce3d020106082a8648ce3d030107034200",
                                                           vector.fields.at(0), "", {KeyAlgorithm::p256, 256}));
    job.operation.algorithm = SignatureAlgorithm::ecdsa;
    job.message = sha256(vector.fields.at(1));
    job.signature = vector.fields.at(2);
  });
}

TEST_P(Wycheproof, ed25519_signature_is_judged_right) {
  const std::vector<Vector> vectors = VectorReader().read(kEd25519);
  const PublicKey key = public_key("302a300506032b6570032100", vectors.front().key, "", {KeyAlgorithm::ed25519, 256});
  play(Kind::ed25519_verify, vectors, [&](Job& job, const Vector& vector) {
    job.operation.peer_key = &key;
    job.operation.algorithm = SignatureAlgorithm::ed25519;
    job.message = vector.fields.at(0);
    job.signature = vector.fields.at(1);
  });
}

TEST_P(Wycheproof, rsa_signature_is_judged_right) {
  const std::vector<Vector> vectors = VectorReader().read(kRsa2048);
  const PublicKey key = public_key("30820122300d06092a864886f70d01010105000382010f003082010a0282010100",
                                   vectors.front().key, "0203010001", {KeyAlgorithm::rsa, 2'048});
  play(Kind::rsa_verify, vectors, [&](Job& job, const Vector& vector) {
    job.operation.peer_key = &key;
    job.operation.algorithm = vector.algorithm == "pss" ? SignatureAlgorithm::rsa_pss : SignatureAlgorithm::rsa_pkcs1;
    job.message = sha256(vector.fields.at(0));
    job.signature = vector.fields.at(1);
  });
}

}  // namespace
}  // namespace handsel::crypto
