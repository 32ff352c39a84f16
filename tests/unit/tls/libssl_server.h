#pragma once
/// An OpenSSL server over memory, and the certificates that it shows.

#include <ctime>
#include <memory>

#include "authority.h"
#include "client_end.h"
#include "libssl_client.h"

namespace handsel::tls::test {

/// Certificates for example.test below one authority, whose root is trusted.
struct LibsslCertificates {
  crypto::Authority authority{std::time(nullptr)};
  crypto::Issued ecdsa = authority.make({});
  crypto::Issued rsa = authority.make({.curve = nullptr});
  crypto::Issued rsa_pss = authority.make({.curve = "RSA-PSS"});
  crypto::Issued ecdsa_p384 = authority.make({.curve = "P-384"});
  crypto::Issued ed25519 = authority.make({.curve = "ED25519"});
  std::shared_ptr<const crypto::TrustStore> trust = *crypto::TrustStore::from_pem(authority.root().pem());
  static const LibsslCertificates& get() {
    static const LibsslCertificates made;
    return made;
  }
};

/// Trusts what the servers below show.
inline ClientConfig libssl_trusting_client() {
  ClientConfig draft = default_client();
  draft.trust = LibsslCertificates::get().trust;
  return draft;
}

/// Shows a certificate of the authority above.
class LibsslServer : public LibsslEnd {
 public:
  explicit LibsslServer(const crypto::Issued& credential) : LibsslEnd(TLS_server_method()) {
    use(credential);
    X509* const intermediate = LibsslCertificates::get().authority.intermediate().x509.get();
    X509_up_ref(intermediate);
    SSL_CTX_add_extra_chain_cert(context(), intermediate);
    SSL_CTX_set_session_id_context(context(), reinterpret_cast<const unsigned char*>("t"), 1);
  }
  void use(const crypto::Issued& credential) {
    EXPECT_EQ(SSL_CTX_use_certificate(context(), credential.x509.get()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(context(), credential.pkey.get()), 1);
  }

 private:
  void set_up(SSL* ssl) override { SSL_set_accept_state(ssl); }
};

}  // namespace handsel::tls::test
