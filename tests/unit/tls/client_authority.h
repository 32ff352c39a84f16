#pragma once
/// Clients' certificates, and servers that ask for them.

#include <utility>

#include "libssl_server.h"

namespace handsel::tls::test {

/// For clients, from the authority that the servers trust unless it is another's.
inline crypto::Issued client_certificate(crypto::Wanted wanted,
                                         const crypto::Authority& authority = LibsslCertificates::get().authority) {
  wanted.names.clear();
  if (std::string_view(wanted.extended_key_usage) == "serverAuth") wanted.extended_key_usage = "clientAuth";
  return authority.make(std::move(wanted));
}

inline Credential client_credential(const crypto::Issued& issued,
                                    const crypto::Authority& authority = LibsslCertificates::get().authority) {
  Credential credential;
  credential.key = *Certificates::get().keys.add_pem(issued.key_pem());
  credential.kind = credential_kind(Certificates::get().keys.type(credential.key).algorithm);
  credential.chain = {issued.der(), authority.intermediate().der()};
  return credential;
}

/// Speaks this version alone, and shows this certificate to servers that ask.
inline ClientConfig client_showing(std::optional<Credential> credential, Version version) {
  ClientConfig draft = default_client();
  draft.min_version = draft.max_version = version;
  draft.credential = std::move(credential);
  return draft;
}

inline ServerConfig asking_server(ClientCertificates wanted) {
  ServerConfig draft = World::default_config();
  draft.min_version = Version::tls12;
  draft.client_certificates = wanted;
  draft.client_trust = LibsslCertificates::get().trust;
  return draft;
}

}  // namespace handsel::tls::test
