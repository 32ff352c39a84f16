#pragma once
/// One combination played: our end and OpenSSL's, and where they cannot agree, OpenSSL's two.

#include <memory>
#include <optional>

#include "client_end.h"
#include "combination.h"
#include "cutter.h"
#include "libssl_client.h"
#include "libssl_server.h"

namespace handsel::tls::test {

/// What all meetings share, because it is dear to make.
struct Hall {
  Hall();
  World server_world;
  ClientWorld client_world;
  ServerSessions served{4};
  LibsslClient client;
  LibsslServer server;
};

class Meeting {
 public:
  Meeting(Hall& hall, const Combination& combination, std::uint32_t seed);
  ~Meeting();

  /// Handshake, and again when it is to be resumed; data both ways, keys updated, closed.
  void expect_agreement();
  /// Neither side connects, and each is told what it would be told if both were OpenSSL's.
  void expect_refusal();

 private:
  LibsslEnd& theirs() {
    return combination_.ours == Side::server ? static_cast<LibsslEnd&>(hall_.client) : hall_.server;
  }
  void set_up_client(SSL* ssl);
  void set_up_server(SSL* ssl);
  void set_up_theirs();
  void connect(bool again);
  void send_early_data();
  void exchange();
  void run_theirs();
  bool hear_early_data();
  void expect_same_view(bool resumed);
  void expect_same_signature();
  void expect_client_known();
  void expect_early_data();
  void expect_data_both_ways();
  void expect_keys_updated();
  void expect_closed();
  int refusal_between_libssl_ends();

  Hall& hall_;
  const Combination& combination_;
  ServerConfig server_config_;
  ClientConfig client_config_;
  std::optional<SessionCache> sessions_;
  ReplayGuard guard_;
  std::unique_ptr<SessionEnd> ours_;
  SavedSession session_;
  Buffer early_;  // what OpenSSL's server was sent early
  bool hears_early_ = false;
  Cutter to_theirs_, to_ours_;
  std::uint32_t seed_;
};

}  // namespace handsel::tls::test
