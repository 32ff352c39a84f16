#pragma once
/// Our end of a connection: who talks on it, and what protects it. A listener's or, of a connection that we open, the
/// caller's.

#include "flow/service.h"
#include "tls/config.h"

namespace handsel::flow {

/// Both outlive the flows that have it.
struct Endpoint {
  Service* service = nullptr;
  const tls::ServerConfig* tls_server = nullptr;  ///< we are TLS's server; null with plain TCP

  bool uses_tls() const { return tls_server != nullptr; }
};

}  // namespace handsel::flow
