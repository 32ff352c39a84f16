#pragma once
/// A server's script with one thing wrong, and what our client has to say to it.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "test_server.h"
#include "tls/names.h"

namespace handsel::tls::test {

struct Fault {
  std::string name;
  Error error;
  Alert alert;
  std::function<void(Script&)> script;
  std::function<void(ClientConfig&)> config = {};
  /// A session that the client has and offers.
  std::function<void(StoredSession&)> session = {};
};
inline void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

/// Runs a client against the script and expects this failure.
inline void expect_refusal(const Fault& fault) {
  ClientWorld world;
  World server_world;
  ClientConfig draft = default_client();
  if (fault.config) fault.config(draft);
  const ClientConfig config = *prepared(draft);
  if (fault.session) {
    SessionCache::Room room = world.sessions.open();
    room->scope = config.session_scope;
    room->expires_unix_ms = ~std::uint64_t{0};
    room->set_ticket(Buffer(40, 7));
    fault.session(*room);
    room.keep();
  }
  Script script;
  fault.script(script);
  TestServer server(server_world, script);
  ClientEnd client(world, config);
  client.start();
  exchange(client, server);
  EXPECT_TRUE(client.failed) << "waits for " << explain(client.session().waiting());
  EXPECT_FALSE(client.connected);
  EXPECT_EQ(name_of(client.session().failure().error), name_of(fault.error));
  ASSERT_TRUE(server.alert) << "no alert came";
  EXPECT_EQ(name_of(*server.alert), name_of(fault.alert));
  EXPECT_EQ(world.frames.blocks_taken(), 0u);
  EXPECT_EQ(world.frames.longs_taken(), 0u);
  EXPECT_EQ(world.stage.waiting(), 0u);
  EXPECT_EQ(world.sessions.taken_out(), 0u);
  EXPECT_EQ(world.sessions.pending_count(), 0u);
  EXPECT_EQ(world.statistics.handshakes_failed[static_cast<std::size_t>(fault.error)].get(), 1u);
  EXPECT_FALSE(client.session().wants_record());
}

inline void tls12(Script& s) {
  s.version = Version::tls12;
  s.suite = CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256;
}

/// Makes a script that alters the ServerHello, of TLS 1.3 or of 1.2.
inline auto hello(std::function<void(HelloDraft&)> alter) {
  return [alter](Script& s) { s.server_hello = alter; };
}
inline auto hello12(std::function<void(HelloDraft&)> alter) {
  return [alter](Script& s) {
    tls12(s);
    s.server_hello = alter;
  };
}
/// A HelloRetryRequest for P-256, altered.
inline auto retry(std::function<void(HelloDraft&)> alter) {
  return [alter](Script& s) {
    s.retries = true;
    s.group = NamedGroup::secp256r1;
    s.retry_request = alter;
  };
}
inline auto encrypted(Extensions extensions) {
  return [extensions](Script& s) { s.encrypted_extensions = extensions; };
}
/// One message, altered before it is hashed.
inline auto message(Step which, std::function<void(Buffer&)> alter) {
  return [which, alter](Script& s) {
    s.message = [which, alter](Step step, Buffer& bytes) {
      if (step == which) alter(bytes);
    };
  };
}
inline auto message12(Step which, std::function<void(Buffer&)> alter) {
  return [which, alter](Script& s) {
    tls12(s);
    message(which, alter)(s);
  };
}
inline auto rsa(std::function<void(Script&)> more) {
  return [more](Script& s) {
    s.credential = Certificates::get().rsa;
    s.scheme = SignatureScheme::rsa_pss_rsae_sha256;
    more(s);
  };
}

inline void fix_length(Buffer& message) { store_be24(&message[1], static_cast<std::uint32_t>(message.size() - 4)); }
inline void offer_h2(ClientConfig& c) { c.alpn = {"h2"}; }
inline void only13(ClientConfig& c) { c.min_version = Version::tls13; }
inline void only12(ClientConfig& c) { c.max_version = Version::tls12; }

constexpr auto kFaultName = [](const testing::TestParamInfo<Fault>& row) { return row.param.name; };

}  // namespace handsel::tls::test
