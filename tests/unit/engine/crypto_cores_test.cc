#include "engine/crypto_cores.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "engine/statistics.h"

namespace handsel::engine {
namespace {

Instant frozen() { return Instant{std::chrono::seconds(1)}; }
std::uint64_t no_cycles() { return 0; }

struct KeyPair {
  KeyPair() {
    secret.fill(7);
    operation = {.kind = crypto::Kind::x25519_keygen, .private_key = secret, .public_key = share};
  }
  std::array<std::uint8_t, 32> secret;
  std::array<std::uint8_t, 32> share{};
  crypto::Operation operation;
};

std::uint64_t value_of(const NamedGroups& groups, std::string_view group, std::string_view name) {
  for (const NamedGroup& each : groups)
    if (each.name == group)
      for (const NamedValue& value : each.values)
        if (value.name == name) return value.value;
  ADD_FAILURE() << "no " << group << '.' << name;
  return 0;
}

TEST(CryptoCores, StoppedWithJobsInTheirRings_Joined_AllAreComputed) {
  const crypto::KeyStore keys;
  CryptoCores cores(2, 3, *crypto::choose_kernels(), keys, {frozen, no_cycles});
  std::array<KeyPair, 60> pairs;
  // Each worker has a line to each core: the first has more than two batches before it, so the second helps.
  for (std::size_t i = 0; i < pairs.size(); ++i)
    ASSERT_TRUE(cores.of_worker(i % 3).submit(pairs[i].operation, frozen()));
  std::thread first([&] { cores.run(0); });
  std::thread second([&] { cores.run(1); });
  cores.stop();
  first.join();
  second.join();
  std::size_t came = 0;
  for (std::size_t worker = 0; worker < 3; ++worker)
    while (cores.of_worker(worker).take_completed() != nullptr) ++came;
  EXPECT_EQ(came, pairs.size());
  for (const KeyPair& each : pairs) EXPECT_EQ(each.share, pairs[0].share);
  EXPECT_NE(pairs[0].share[0] | pairs[0].share[1], 0);
  for (std::size_t core = 0; core < 2; ++core)
    EXPECT_GT(cores.stage(core).statistics(crypto::Kind::x25519_keygen).operations.get(), 0u);

  const NamedGroups groups = take_snapshot({}, &cores);
  EXPECT_EQ(value_of(groups, "crypto_cores", "count"), 2u);
  EXPECT_EQ(value_of(groups, "crypto_x25519_keygen", "operations"), pairs.size());
}

}  // namespace
}  // namespace handsel::engine
