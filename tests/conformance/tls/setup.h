#pragma once
/// What the two ends of a case are set up with.

#include "fields.h"
#include "script.h"
#include "tls/client_config.h"
#include "tls/config.h"

namespace handsel::tls::conformance {

/// "server 1.3 retry": which end is under test, and which handshake it goes through.
struct Scenario {
  bool engine_is_server = false;
  Version version{};
  bool retry = false;          ///< with a HelloRetryRequest
  bool resumed = false;        ///< after a handshake before, by ticket
  bool early = false;          ///< resumed, and the client sends early data
  bool replayed = false;       ///< early, and a server has had the client's first flight before
  bool rsa = false;            ///< RSA key exchange, in TLS 1.2
  bool authenticated = false;  ///< the client shows a certificate

  /// Throws std::runtime_error on words that it does not know.
  static Scenario parse(const Words& words);
  Form form() const { return version == Version::tls13 ? Form::tls13 : rsa ? Form::tls12_rsa : Form::tls12; }
};

/// Drafts: still to be passed through prepared().
struct Setup {
  explicit Setup(const Scenario& scenario);
  /// "engine KEY VALUE" or "peer KEY VALUE"; the keys are in README.md.
  void set(const Scenario& scenario, const Words& words);

  ClientConfig client;
  ServerConfig server;
  std::string premaster = "right";                       ///< what a client encrypts in an RSA key exchange
  const Suite* rsa_suite = &kRsaKeyExchangeSuites12[0];  ///< and the suite that it offers
};

/// The suite with RSA key exchange that scripts call by this name.
const Suite& rsa_suite(const std::string& name);

}  // namespace handsel::tls::conformance
