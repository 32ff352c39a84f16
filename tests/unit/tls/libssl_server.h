#pragma once
/// An OpenSSL server over memory, and the loop between it and our client.

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "authority.h"
#include "client_end.h"
#include "libssl_client.h"

namespace handsel::tls::test {

/// Certificates for example.test below one authority, whose root is trusted.
struct LibsslCertificates {
  crypto::Authority authority{std::time(nullptr)};
  crypto::Issued ecdsa = authority.make({});
  crypto::Issued rsa = authority.make({.curve = nullptr});
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

/// An OpenSSL server whose transport is two memory BIOs.
class LibsslServer {
 public:
  explicit LibsslServer(const crypto::Issued& credential) : context_(SSL_CTX_new(TLS_server_method())) {
    use(credential);
    X509* const intermediate = LibsslCertificates::get().authority.intermediate().x509.get();
    X509_up_ref(intermediate);
    SSL_CTX_add_extra_chain_cert(context_.get(), intermediate);
    SSL_CTX_set_session_id_context(context_.get(), reinterpret_cast<const unsigned char*>("t"), 1);
  }
  void use(const crypto::Issued& credential) {
    EXPECT_EQ(SSL_CTX_use_certificate(context_.get(), credential.x509.get()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(context_.get(), credential.pkey.get()), 1);
  }
  SSL_CTX* context() { return context_.get(); }
  SSL* ssl() {
    if (!ssl_) {
      ssl_.reset(SSL_new(context_.get()));
      SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
      SSL_set_accept_state(ssl_.get());
    }
    return ssl_.get();
  }
  /// The next connection is a new one; sessions and ticket keys stay.
  void next_connection() {
    SSL_set_quiet_shutdown(ssl(), 1);
    SSL_shutdown(ssl());
    ssl_.reset();
    plaintext.clear();
  }
  bool connected() { return SSL_is_init_finished(ssl()) == 1; }
  Buffer take_output() {
    Buffer out(BIO_ctrl_pending(SSL_get_wbio(ssl())));
    if (!out.empty()) {
      EXPECT_EQ(BIO_read(SSL_get_wbio(ssl()), out.data(), static_cast<int>(out.size())), static_cast<int>(out.size()));
    }
    return out;
  }
  void give(Bytes bytes) { BIO_write(SSL_get_rbio(ssl()), bytes.data(), static_cast<int>(bytes.size())); }
  /// Goes on with the handshake, or reads all that can be read now.
  void run() {
    if (SSL_in_init(ssl())) SSL_do_handshake(ssl());
    if (SSL_in_init(ssl())) return;
    Buffer chunk(16'384);
    for (int count; (count = SSL_read(ssl(), chunk.data(), static_cast<int>(chunk.size()))) > 0;)
      append(plaintext, Bytes(chunk).first(static_cast<std::size_t>(count)));
  }
  Buffer plaintext;

 private:
  std::unique_ptr<SSL_CTX, Deleter> context_;
  std::unique_ptr<SSL, Deleter> ssl_;
};

inline void exchange(ClientEnd& client, LibsslServer& server, std::size_t piece = 0) {
  for (;;) {
    const Buffer to_server = client.take_output();
    server.give(to_server);
    server.run();
    const Buffer to_client = server.take_output();
    for (Bytes rest = to_client; !rest.empty();) {
      const std::size_t count = piece == 0 ? rest.size() : std::min(piece, rest.size());
      client.receive(rest.first(count));
      client.settle();
      rest = rest.subspan(count);
    }
    if (to_server.empty() && to_client.empty()) return;
  }
}

}  // namespace handsel::tls::test
