/// Plain HTTP from one shard to clients over links that lose, reorder, duplicate and corrupt.

#include <gtest/gtest.h>

#include "scenario.h"
#include "scripts.h"

namespace handsel::sim {
namespace {

Setting fetching(const LinkConfig& link, int clients, std::uint64_t max_bytes) {
  return {.link = link, .clients = clients, .script = [max_bytes](World& world) {
            return std::make_unique<Fetch>(world.random() % max_bytes);
          }};
}

OneWorld fetch(const LinkConfig& link, int clients, std::uint64_t max_bytes) {
  return worlds_of(fetching(link, clients, max_bytes));
}

TEST(HttpSim, clean_link) { run_seeds(100, fetch({}, 4, 200'000)); }
TEST(HttpSim, reordering) { run_seeds(500, fetch({.jitter = std::chrono::milliseconds(5)}, 1, 200'000)); }
TEST(HttpSim, loss_of_one_in_a_hundred) { run_seeds(500, fetch({.loss = 0.01}, 1, 200'000)); }
TEST(HttpSim, loss_of_one_in_ten) { run_seeds(500, fetch({.loss = 0.1}, 1, 60'000)); }
TEST(HttpSim, corruption_is_loss) { run_seeds(500, fetch({.corrupt = 0.05}, 1, 60'000)); }
// The SYN is answered by a cookie, nothing is stored, and the connection is made from the client's ACK.
TEST(HttpSim, every_connection_by_cookie) {
  Setting setting = fetching({.jitter = std::chrono::milliseconds(1), .loss = 0.02}, 2, 60'000);
  setting.cookies = flow::CookieMode::always;
  run_seeds(300, worlds_of(setting));
}
TEST(HttpSim, everything_at_once) {
  const LinkConfig link{.jitter = std::chrono::milliseconds(3), .loss = 0.03, .duplicate = 0.03, .corrupt = 0.01};
  run_seeds(500, fetch(link, 3, 60'000));
}

}  // namespace
}  // namespace handsel::sim
