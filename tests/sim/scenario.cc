#include "scenario.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace handsel::sim {
namespace {

void expect_nothing_left(const flow::Shard& shard, std::size_t clients) {
  EXPECT_EQ(shard.flows(), 0u);
  EXPECT_EQ(shard.chunks_available(), shard.config().limits.chunks);
  EXPECT_EQ(shard.handshakes_in_progress(), 0u);
  EXPECT_EQ(shard.stage().waiting(), 0u);
  const flow::TcpStatistics& tcp = shard.statistics().tcp;
  if (shard.config().cookies == flow::CookieMode::always) {
    EXPECT_EQ(tcp.cookies_accepted.get(), clients);
  }
  EXPECT_EQ(tcp.connections_opened.get(), clients);
  EXPECT_EQ(tcp.connections_closed.get(), clients);
  EXPECT_EQ(tcp.half_open.get(), 0u);
  EXPECT_EQ(tcp.time_wait.get(), 0u);
}

void run_world(std::uint64_t seed, const Setting& setting) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ": replay with HANDSEL_SIM_SEED=" + std::to_string(seed));
  World world(seed, setting.link);
  ShardEndpoint server(seed, setting.cookies);
  world.set_server(server);
  std::vector<std::unique_ptr<ClientEndpoint>> clients;
  for (int i = 1; i <= setting.clients; ++i) {
    const auto id = static_cast<std::uint16_t>(i);
    const Instant opens = Instant(std::chrono::milliseconds(world.random() % 50));
    const bool ipv6 = world.random() % 2 == 0;
    clients.push_back(
        std::make_unique<ClientEndpoint>(id, setting.port, ipv6, setting.script(world), world.random(), opens));
    world.add_client(id, *clients.back());
  }
  const auto over = [&] { return std::ranges::all_of(clients, [](const auto& each) { return each->finished(); }); };
  EXPECT_TRUE(world.run_until(over, std::chrono::minutes(20)));
  for (const auto& client : clients) {
    EXPECT_EQ(client->script().complaint(), "");
    EXPECT_EQ(client->ended(), tcp::End::closed);
  }
  // What is left of the flows sits out its TIME_WAIT, and then nothing is left at all.
  world.run_until([] { return false; }, std::chrono::minutes(5));
  expect_nothing_left(*server.shard, clients.size());
}

}  // namespace

void run_seeds(std::uint64_t count, const Setting& setting) {
  std::uint64_t first = 1;
  if (const char* one = std::getenv("HANDSEL_SIM_SEED")) {
    first = std::strtoull(one, nullptr, 10);
    count = 1;
  } else if (const char* many = std::getenv("HANDSEL_SIM_SEEDS")) {
    count = std::strtoull(many, nullptr, 10);
  }
  for (std::uint64_t i = 0; i < count && !::testing::Test::HasFailure(); ++i) run_world(first + i, setting);
}

}  // namespace handsel::sim
