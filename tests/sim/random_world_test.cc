/// Worlds of which nothing is given but the seed.

#include <gtest/gtest.h>

#include "random_world.h"
#include "scenario.h"

namespace handsel::sim {
namespace {

constexpr Duration kPatience = std::chrono::hours(12);

OneWorld with(Company company) {
  return [company](std::uint64_t seed) { return random_trial(seed, company); };
}

TEST(RandomWorld, honest_clients) { run_seeds(1'000, with(Company::none), kPatience); }
TEST(RandomWorld, beside_liars) { run_seeds(1'000, with(Company::liars), kPatience); }
TEST(RandomWorld, under_attack) { run_seeds(1'000, with(Company::attackers), kPatience); }
TEST(RandomWorld, shard_to_shard) { run_seeds(500, random_shards, kPatience); }

}  // namespace
}  // namespace handsel::sim
