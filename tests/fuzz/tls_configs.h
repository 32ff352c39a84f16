#pragma once
/// Certificates and configurations for fuzz targets of both ends.

#include <map>
#include <string>
#include <utility>

#include "authority.h"
#include "crypto/certificate.h"
#include "tls/client_config.h"
#include "tls/config.h"
#include "tls_end.h"

namespace handsel::fuzz {

/// Each is its own authority's; the keys behind them are never used.
struct Certificates {
  crypto::Authority authority{kNowUnix};
  crypto::Issued ecdsa = authority.make({});
  crypto::Issued rsa = authority.make({.curve = nullptr});
  crypto::Issued client = authority.make({.names = "", .extended_key_usage = "clientAuth"});
  std::shared_ptr<const crypto::TrustStore> trust = *crypto::TrustStore::from_pem(authority.root().pem());
  static const Certificates& get() {
    static const Certificates made;
    return made;
  }
};

inline tls::Credential credential_of(const crypto::Issued& issued, tls::CredentialKind kind) {
  tls::Credential credential;
  credential.key.value = 0;
  credential.kind = kind;
  credential.chain = {issued.der(), Certificates::get().authority.intermediate().der()};
  credential.names = {"example.test"};
  return credential;
}

inline std::shared_ptr<const tls::TicketKeys> ticket_keys() {
  Zeros zeros;
  static const std::shared_ptr<const tls::TicketKeys> keys = tls::TicketKeys::random(zeros);
  return keys;
}

inline constexpr std::uint32_t kMaxEarlyData = 100;
inline constexpr std::uint16_t kPadding = 64;

template <class Config>
Config checked(Config draft) {
  auto config = tls::prepared(std::move(draft));
  require(config.has_value());
  return std::move(*config);
}

/// The configuration of these bits of an input, made once.
template <class Config, class Bits>
const Config& cached(Bits setup, Config (*make)(Bits)) {
  static std::map<Bits, Config> made;
  const auto at = made.find(setup);
  return at != made.end() ? at->second : made.emplace(setup, make(setup)).first->second;
}

}  // namespace handsel::fuzz
