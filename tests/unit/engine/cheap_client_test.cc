// A client that spares itself work still gets the secret that the server gets.

#include "engine/cheap_client.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "crypto/kernels.h"
#include "crypto/key_store.h"
#include "crypto/random.h"

namespace handsel::engine {
namespace {

using crypto::Kind;
using Key = std::array<std::uint8_t, 32>;

class CheapClientKernels : public testing::Test {
 protected:
  static crypto::Status run(const crypto::KernelTable& table, crypto::Operation& operation) {
    const std::array<crypto::Operation*, 1> one = {&operation};
    const crypto::Kernel& kernel = table[static_cast<std::size_t>(operation.kind)];
    kernel.run(kernel.context, one);
    return operation.status;
  }
  static Key generate(const crypto::KernelTable& table, Key& private_key) {
    Key made{};
    crypto::Operation operation{.kind = Kind::x25519_keygen, .private_key = private_key, .public_key = made};
    EXPECT_EQ(run(table, operation), crypto::Status::done);
    return made;
  }
  static Key agree(const crypto::KernelTable& table, Key& private_key, const Key& peer) {
    Key made{};
    crypto::Operation operation{
        .kind = Kind::x25519_shared, .private_key = private_key, .peer_public = peer, .shared_secret = made};
    EXPECT_EQ(run(table, operation), crypto::Status::done);
    return made;
  }

  crypto::SystemEntropy entropy_;
  crypto::KeyStore keys_;
  std::unique_ptr<crypto::Backend> backend_ =
      crypto::make_backend(*crypto::choose_kernels("libcrypto"), keys_, entropy_);
  crypto::KernelTable honest_ = backend_->kernels();
};

TEST_F(CheapClientKernels, spared_keys_agree_with_what_honest_ones_compute) {
  const crypto::KernelTable cheap = cheapened(honest_, {.keys = true});
  Key ours{};
  const Key our_share = generate(cheap, ours);
  EXPECT_EQ(our_share, generate(honest_, ours));
  for (std::uint8_t seed = 1; seed < 9; ++seed) {
    Key theirs{seed};
    const Key their_share = generate(honest_, theirs);
    const Key secret = agree(honest_, theirs, our_share);
    EXPECT_EQ(agree(cheap, ours, their_share), secret);
    EXPECT_EQ(agree(honest_, ours, their_share), secret);
  }
}

TEST_F(CheapClientKernels, only_what_is_spared_is_replaced) {
  const crypto::KernelTable cheap = cheapened(honest_, {.signatures = true});
  crypto::Operation check{.kind = Kind::ecdsa_p256_verify};
  EXPECT_EQ(run(cheap, check), crypto::Status::done);
  EXPECT_NE(run(honest_, check), crypto::Status::done);
  const crypto::KernelTable untouched = cheapened(honest_, {});
  for (std::size_t kind = 0; kind < crypto::kKinds; ++kind) {
    EXPECT_EQ(untouched[kind].run, honest_[kind].run);
    EXPECT_EQ(cheap[kind].run != honest_[kind].run, crypto::checks_signature(static_cast<Kind>(kind)));
  }
}

}  // namespace
}  // namespace handsel::engine
