#pragma once
/// Our client over memory, and the loop between it and our server.

#include <gtest/gtest.h>

#include <ctime>
#include <memory>
#include <string>

#include "crypto/certificate.h"
#include "test_world.h"
#include "tls/client_config.h"
#include "tls/session_cache.h"

namespace handsel::tls::test {

/// Authorities: these credentials' own certificates.
inline std::shared_ptr<const crypto::TrustStore> trust_in(std::initializer_list<const Credential*> credentials) {
  std::string pem;
  for (const Credential* credential : credentials) {
    crypto::CertificateChain chain;
    chain.der = credential->chain;
    pem += crypto::to_pem(chain);
  }
  auto made = crypto::TrustStore::from_pem(pem);
  EXPECT_TRUE(made) << made.error();
  return *made;
}

/// For example.test, and trusting all of its certificates.
inline ClientConfig default_client() {
  static const auto trust = trust_in({&Certificates::get().ecdsa, &Certificates::get().rsa,
                                      &Certificates::get().ecdsa_p384, &Certificates::get().ed25519});
  ClientConfig draft;
  draft.server_name = "example.test";
  draft.trust = trust;
  return draft;
}

/// A worker on which clients run: it knows the time, and keeps sessions.
struct ClientWorld : World {
  explicit ClientWorld(const Instruments& instruments = {}) : World(instruments) {
    worker.unix_at_zero_ms = static_cast<std::uint64_t>(std::time(nullptr)) * 1'000;
    worker.client_sessions = &sessions;
  }
  SessionCache sessions{{8, 2, 4}};
};

class ClientEnd final : public SessionEnd {
 public:
  ClientEnd(ClientWorld& world, const ClientConfig& config) : SessionEnd(world, config) {}
  void begin() { note(session().connect(*this, now)); }
  void start() {
    begin();
    settle();
  }
};

/// Carries bytes between both until neither has more to say; `piece` bytes at a time towards either side, 0: all.
inline void exchange(SessionEnd& client, SessionEnd& server, std::size_t piece = 0) {
  const auto carry = [piece](SessionEnd& to, Bytes bytes) {
    while (!bytes.empty()) {
      const std::size_t count = piece == 0 ? bytes.size() : std::min(piece, bytes.size());
      to.receive(bytes.first(count));
      to.settle();
      bytes = bytes.subspan(count);
    }
  };
  for (;;) {
    const Buffer to_server = client.take_output();
    carry(server, to_server);
    const Buffer to_client = server.take_output();
    carry(client, to_client);
    if (to_server.empty() && to_client.empty()) return;
  }
}

/// A client and a server with a worker each.
struct ClientAndServer {
  explicit ClientAndServer(ClientConfig client_draft = default_client(),
                           ServerConfig server_draft = World::default_config())
      : client_config(*prepared(std::move(client_draft))),
        server_config(*prepared(std::move(server_draft))),
        client(client_world, client_config),
        server(server_world, server_config) {
    server_world.worker.unix_at_zero_ms = client_world.worker.unix_at_zero_ms;
  }
  void connect(std::size_t piece = 0) {
    client.start();
    exchange(client, server, piece);
  }

  ClientWorld client_world;
  World server_world;
  ClientConfig client_config;
  ServerConfig server_config;
  ClientEnd client;
  ServerEnd server;
};

}  // namespace handsel::tls::test
