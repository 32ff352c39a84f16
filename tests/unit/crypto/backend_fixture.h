#pragma once
/// Runs operations through each set of kernels that the processor has.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/kernels.h"
#include "hex.h"

namespace handsel::crypto {

/// Bytes from a seed, so that a failure can be seen again.
class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : generator_(seed) {}
  void fill(MutableBytes out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(generator_());
  }

 private:
  std::mt19937_64 generator_;
};

/// An operation with the memory it works on.
struct Job {
  explicit Job(Kind kind) {
    operation.kind = kind;
    const bool p256 = kind == Kind::p256_keygen || kind == Kind::p256_ecdh;
    peer_public.resize(p256 ? 65 : 32);
    public_key.resize(p256 ? 65 : 32);
    operation.status = Status::waiting;
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  Operation* bind() {
    operation.private_key = private_key;
    operation.peer_public = peer_public;
    operation.public_key = public_key;
    operation.shared_secret = shared_secret;
    operation.message = message;
    operation.signature = signature;
    return &operation;
  }
  Bytes signed_bytes() const { return Bytes(signature).first(operation.signature_bytes); }

  Operation operation;
  std::vector<std::uint8_t> private_key = std::vector<std::uint8_t>(32);
  std::vector<std::uint8_t> peer_public;
  std::vector<std::uint8_t> public_key;
  std::vector<std::uint8_t> shared_secret = std::vector<std::uint8_t>(32);
  std::vector<std::uint8_t> message = std::vector<std::uint8_t>(32);
  std::vector<std::uint8_t> signature = std::vector<std::uint8_t>(1'024);
};

class BackendTest : public testing::TestWithParam<std::string> {
 protected:
  void run(const std::vector<Job*>& jobs) {
    std::vector<Operation*> operations;
    for (Job* job : jobs) operations.push_back(job->bind());
    const Kernel& kernel = kernels_[static_cast<std::size_t>(jobs.front()->operation.kind)];
    kernel.run(kernel.context, operations);
  }
  Status run(Job& job) {
    run(std::vector<Job*>{&job});
    return job.operation.status;
  }
  std::size_t lanes(Kind kind) const { return kernels_[static_cast<std::size_t>(kind)].lanes; }
  std::vector<std::uint8_t> random(std::size_t count) {
    std::vector<std::uint8_t> bytes(count);
    entropy_.fill(bytes);
    return bytes;
  }

  KeyStore keys_;
  SeededEntropy entropy_{20'251'123};
  std::unique_ptr<Backend> backend_ = make_backend(*choose_kernels(GetParam()), keys_, entropy_);
  KernelTable kernels_ = backend_->kernels();
};

inline std::vector<std::string> kernel_names() {
  std::vector<std::string> names;
  for (const KernelChoice& choice : available_kernels()) names.emplace_back(choice.name);
  return names;
}
inline std::string parameter_name(const testing::TestParamInfo<std::string>& each) { return each.param; }

}  // namespace handsel::crypto
