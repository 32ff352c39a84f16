#pragma once
/// An OpenSSL client over memory.

#include "libssl_end.h"

namespace handsel::tls::test {

/// Asks for example.test, and does not look at the certificate.
class LibsslClient : public LibsslEnd {
 public:
  LibsslClient() : LibsslEnd(TLS_client_method()) { SSL_CTX_set_verify(context(), SSL_VERIFY_NONE, nullptr); }

 private:
  void set_up(SSL* ssl) override {
    SSL_set_tlsext_host_name(ssl, "example.test");
    SSL_set_connect_state(ssl);
  }
};

}  // namespace handsel::tls::test
