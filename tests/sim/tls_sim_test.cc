/// TLS 1.3 from one shard to libssl's clients over bad links.

#include <gtest/gtest.h>

#include <array>

#include "libssl_client.h"
#include "scenario.h"

namespace handsel::sim {
namespace {

OneWorld fetch(const LinkConfig& link, int clients, std::uint64_t max_bytes, std::optional<Duration> core_takes = {}) {
  return worlds_of({.link = link,
                    .clients = clients,
                    .port = kHttpsPort,
                    .core_takes = core_takes,
                    .script = [max_bytes](World& world) {
                      // The third makes a HelloRetryRequest: its first share is of a group that the server does not
                      // have.
                      constexpr std::array<const char*, 3> kGroups = {"X25519", "P-256", "P-384:X25519"};
                      constexpr std::array<const char*, 3> kSuites = {
                          "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"};
                      return std::make_unique<FetchOverTls>(world.random() % max_bytes,
                                                            kGroups[world.random() % kGroups.size()],
                                                            kSuites[world.random() % kSuites.size()]);
                    }});
}

TEST(TlsSim, clean_link) { run_seeds(50, fetch({}, 4, 300'000)); }
TEST(TlsSim, reordering) { run_seeds(100, fetch({.jitter = std::chrono::milliseconds(5)}, 1, 200'000)); }
TEST(TlsSim, loss_of_one_in_twenty) { run_seeds(100, fetch({.loss = 0.05}, 1, 100'000)); }
TEST(TlsSim, everything_at_once) {
  const LinkConfig link{.jitter = std::chrono::milliseconds(3), .loss = 0.03, .duplicate = 0.03, .corrupt = 0.01};
  run_seeds(100, fetch(link, 3, 60'000));
}

TEST(TlsSim, handshakes_take_from_the_banks_of_a_world_that_has_them) {
  for (const std::uint64_t seed : {1u, 2u}) {
    const auto trial = fetch({}, 6, 1'000)(seed);
    ASSERT_EQ(trial->run(std::chrono::minutes(1)), "");
    const crypto::Stage& stage = trial->shard().stage();
    const crypto::BankStatistics* nonces = stage.bank_statistics(crypto::Kind::ecdsa_p256_sign);
    const std::uint64_t batched = stage.statistics(crypto::Kind::ecdsa_p256_sign).operations.get();
    if (bank_of(seed) == 0 || stage.kernel(crypto::Kind::ecdsa_p256_sign).lanes == 1) {
      EXPECT_EQ(nonces, nullptr);
      EXPECT_EQ(batched, 6u);
      continue;
    }
    ASSERT_NE(nonces, nullptr);
    EXPECT_EQ(nonces->taken.get() + batched, 6u);
    EXPECT_GT(nonces->taken.get(), 0u);
    EXPECT_EQ(nonces->spoiled.get(), 0u);
  }
}

TEST(TlsSim, crypto_core_on_bad_links) {
  const LinkConfig link{.jitter = std::chrono::milliseconds(3), .loss = 0.03, .duplicate = 0.03};
  run_seeds(30, fetch(link, 3, 20'000, std::chrono::microseconds(700)));
}

}  // namespace
}  // namespace handsel::sim
