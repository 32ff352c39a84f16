#pragma once
/// A server that takes early data, and a client that comes back with a ticket for it. Both connections run on one
/// worker, as a replay guard demands.

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "test_client.h"

namespace handsel::tls::test {

constexpr std::uint32_t kBudget = 1'000;

inline ServerConfig early_server() {
  static crypto::SystemEntropy entropy;
  static const std::shared_ptr<const TicketKeys> keys = TicketKeys::random(entropy);
  ServerConfig draft = World::default_config();
  draft.ticket_keys = keys;
  draft.max_early_data = kBudget;
  return draft;
}

class EarlyPair {
 public:
  explicit EarlyPair(Offer first = {}, ServerConfig draft = early_server()) : config(*prepared(std::move(draft))) {
    ServerEnd first_server(world, config);
    TestClient first_client(world, first);
    first_client.start();
    exchange(first_client, first_server);
    EXPECT_FALSE(first_client.tickets.empty());
    offer = std::move(first);
    offer.tickets = first_client.tickets;
    offer.early_data = true;
  }
  /// The second connection, up to the ClientHello and `data` behind it; after `offer` and `config` were changed.
  void start(std::string_view data = "early") {
    server = std::make_unique<ServerEnd>(world, config);
    client = std::make_unique<TestClient>(world, offer);
    server->now = now;
    if (prepare) prepare(*client);
    client->start();
    if (!data.empty()) client->send(data);
  }
  void pass() { exchange(*client, *server); }
  Failure failure() { return server->session().failure(); }
  std::uint64_t refused(EarlyDataRefusal why) {
    return world.statistics.early_data_refused[static_cast<std::size_t>(why)].get();
  }

  World world;
  ServerConfig config;
  Offer offer;
  Instant now{};
  std::function<void(TestClient&)> prepare;
  std::unique_ptr<ServerEnd> server;
  std::unique_ptr<TestClient> client;
};

}  // namespace handsel::tls::test
