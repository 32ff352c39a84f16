#pragma once
/// Signatures that must be refused, each with the name of what is wrong with it.

#include <deque>

#include "backend_fixture.h"
#include "crypto/public_key.h"

namespace handsel::crypto {

using Buffer = std::vector<std::uint8_t>;

struct Named {
  std::string name;
  Buffer signature;
};

inline Buffer joined(std::initializer_list<Buffer> parts) {
  Buffer all;
  for (const Buffer& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

class NegativeSignatures : public BackendTest {
 protected:
  /// One key and one message, and what is said to be the one's signature of the other.
  struct Claim {
    const PublicKey& key;
    SignatureAlgorithm algorithm;
    Buffer message;
  };

  /// The back end's verdict on each, in full batches: a vector kernel computes them side by side.
  std::vector<Status> verdicts(const Claim& claim, const std::vector<Named>& signatures) {
    const KeyAlgorithm key = claim.key.type().algorithm;
    const Kind kind = key == KeyAlgorithm::p256 && claim.algorithm == SignatureAlgorithm::ecdsa
                          ? Kind::ecdsa_p256_verify
                      : is_rsa(key) ? Kind::rsa_verify
                                    : Kind::signature_verify;
    std::vector<Status> verdicts;
    for (std::size_t first = 0; first < signatures.size(); first += lanes(kind)) {
      std::deque<Job> jobs;
      std::vector<Job*> batch;
      for (std::size_t i = first; i < std::min(first + lanes(kind), signatures.size()); ++i) {
        Job& job = jobs.emplace_back(kind);
        job.operation.algorithm = claim.algorithm;
        job.operation.peer_key = &claim.key;
        job.message = claim.message;
        job.signature = signatures[i].signature;
        batch.push_back(&job);
      }
      run(batch);
      for (const Job& job : jobs) verdicts.push_back(job.operation.status);
    }
    return verdicts;
  }
  void expect_all(Status wanted, const Claim& claim, const std::vector<Named>& signatures) {
    const std::vector<Status> seen = verdicts(claim, signatures);
    for (std::size_t i = 0; i < signatures.size(); ++i)
      EXPECT_EQ(seen[i], wanted) << signatures[i].name << ": " << to_hex(signatures[i].signature);
  }
  void expect_refused(const Claim& claim, const std::vector<Named>& signatures) {
    expect_all(Status::invalid_input, claim, signatures);
  }
  void expect_accepted(const Claim& claim, const std::vector<Named>& signatures) {
    expect_all(Status::done, claim, signatures);
  }
};

}  // namespace handsel::crypto
