#pragma once
/// Our end of a connection: who talks on it, and what protects it. A listener's or, of a connection that we open, the
/// caller's.

#include "flow/service.h"
#include "tls/client_config.h"
#include "tls/config.h"

namespace handsel::flow {

/// All that is named outlives the flows that have it. At most one of the two TLS configurations: without one it is
/// plain TCP.
struct Endpoint {
  Service* service = nullptr;
  const tls::ServerConfig* tls_server = nullptr;
  const tls::ClientConfig* tls_client = nullptr;

  bool uses_tls() const { return tls_server != nullptr || tls_client != nullptr; }
};

}  // namespace handsel::flow
