/// Plain HTTP from one shard to clients over links that lose, reorder, duplicate and corrupt.

#include <gtest/gtest.h>

#include <cstdlib>

#include "endpoints.h"
#include "service/http.h"

namespace handsel::sim {
namespace {

// Asks for /bytes/N on a connection that the server closes, and checks every byte.
class FetchBytes final : public Script {
 public:
  explicit FetchBytes(std::uint64_t bytes) : bytes_(bytes) {
    request_ = "GET /bytes/" + std::to_string(bytes) + " HTTP/1.1\r\nHost: handsel.test\r\nConnection: close\r\n\r\n";
  }

  bool step(tcp::Connection& connection, bool peer_finished) override {
    if (!request_.empty()) request_.erase(0, connection.write(as_bytes(request_)));
    for (Bytes bytes = connection.readable(); !bytes.empty(); bytes = connection.readable()) {
      for (const std::uint8_t byte : bytes) check(byte);
      connection.consume(bytes.size());
    }
    finished_ = peer_finished && connection.readable_bytes() == 0;
    return finished_;
  }

  std::string complaint() const override {
    if (!complaint_.empty()) return complaint_;
    if (!finished_) return "the server has not finished";
    if (body_ != bytes_) return "body of " + std::to_string(body_) + " bytes in place of " + std::to_string(bytes_);
    return {};
  }

 private:
  void check(std::uint8_t byte) {
    if (!in_body_) {
      head_.push_back(static_cast<char>(byte));
      in_body_ = head_.ends_with("\r\n\r\n");
      if (in_body_ && !head_.starts_with("HTTP/1.1 200 OK")) complaint_ = "status: " + head_.substr(0, 32);
      return;
    }
    if (byte != service::Http::body_byte(body_) && complaint_.empty())
      complaint_ = "wrong byte at offset " + std::to_string(body_);
    ++body_;
  }

  std::uint64_t bytes_;
  std::string request_;
  std::string head_;
  bool in_body_ = false;
  bool finished_ = false;
  std::uint64_t body_ = 0;
  std::string complaint_;
};

struct Setting {
  LinkConfig link;
  int clients = 1;
  std::uint64_t max_bytes = 200'000;
};

// One world from one seed; every failure names the seed.
void fetch_in_world(std::uint64_t seed, const Setting& setting) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  World world(seed, setting.link);
  ShardEndpoint server(seed);
  world.set_server(server);
  std::vector<std::unique_ptr<ClientEndpoint>> clients;
  for (int i = 1; i <= setting.clients; ++i) {
    const auto id = static_cast<std::uint16_t>(i);
    const Instant opens = Instant(std::chrono::milliseconds(world.random() % 50));
    clients.push_back(std::make_unique<ClientEndpoint>(id, kHttpPort, world.random() % 2 == 0,
                                                       std::make_unique<FetchBytes>(world.random() % setting.max_bytes),
                                                       world.random(), opens));
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
  EXPECT_EQ(server.shard->flows(), 0u);
  EXPECT_EQ(server.shard->chunks_available(), server.shard->config().limits.chunks);
  const flow::TcpStatistics& tcp = server.shard->statistics().tcp;
  EXPECT_EQ(tcp.connections_opened.get(), clients.size());
  EXPECT_EQ(tcp.half_open.get(), 0u);
  EXPECT_EQ(tcp.time_wait.get(), 0u);
}

// HANDSEL_SIM_SEED replays one seed; HANDSEL_SIM_SEEDS says how many to run.
std::pair<std::uint64_t, std::uint64_t> seed_range(std::uint64_t count) {
  if (const char* one = std::getenv("HANDSEL_SIM_SEED")) {
    const std::uint64_t seed = std::strtoull(one, nullptr, 10);
    return {seed, seed + 1};
  }
  if (const char* many = std::getenv("HANDSEL_SIM_SEEDS")) count = std::strtoull(many, nullptr, 10);
  return {1, count + 1};
}

void fetch_over_seeds(std::uint64_t count, const Setting& setting) {
  const auto [first, last] = seed_range(count);
  for (std::uint64_t seed = first; seed < last && !::testing::Test::HasFailure(); ++seed) fetch_in_world(seed, setting);
}

TEST(HttpSim, clean_link) { fetch_over_seeds(20, {.clients = 4}); }
TEST(HttpSim, reordering) { fetch_over_seeds(50, {.link = {.jitter = std::chrono::milliseconds(5)}}); }
TEST(HttpSim, loss_of_one_in_a_hundred) { fetch_over_seeds(50, {.link = {.loss = 0.01}}); }
TEST(HttpSim, loss_of_one_in_ten) { fetch_over_seeds(50, {.link = {.loss = 0.1}, .max_bytes = 60'000}); }
TEST(HttpSim, corruption_is_loss) { fetch_over_seeds(50, {.link = {.corrupt = 0.05}, .max_bytes = 60'000}); }
TEST(HttpSim, everything_at_once) {
  fetch_over_seeds(100, {.link = {.jitter = std::chrono::milliseconds(3), .loss = 0.03, .duplicate = 0.03, .corrupt = 0.01},
                         .clients = 3,
                         .max_bytes = 60'000});
}

}  // namespace
}  // namespace handsel::sim
