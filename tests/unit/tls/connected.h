#pragma once
/// A server and a client with their handshake behind them, unless a test says otherwise.

#include <gtest/gtest.h>

#include <utility>

#include "test_client.h"

namespace handsel::tls::test {

struct Pair {
  explicit Pair(Offer offer = {}, ServerConfig draft = World::default_config())
      : config(*prepared(std::move(draft))), server(world, config), client(world, std::move(offer)) {}
  void connect() {
    client.start();
    exchange(client, server);
    ASSERT_TRUE(server.connected) << name_of(server.session().failure().error);
  }
  /// Everything that the client has put out goes to the server, and back.
  void pass() { exchange(client, server); }
  Failure failure() { return server.session().failure(); }

  World world;
  ServerConfig config;
  ServerEnd server;
  TestClient client;
};

/// A pair that is connected from the start.
struct Connected : Pair {
  explicit Connected(Offer offer = {}, ServerConfig draft = World::default_config())
      : Pair(std::move(offer), std::move(draft)) {
    connect();
  }
};

}  // namespace handsel::tls::test
