#pragma once
/// An OpenSSL client over memory, and the loop between it and our server.

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>

#include "test_world.h"

namespace handsel::tls::test {

struct Deleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

/// An OpenSSL client whose transport is two memory BIOs.
class LibsslClient {
 public:
  LibsslClient() : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
  }
  SSL_CTX* context() { return context_.get(); }
  SSL* ssl() {
    if (!ssl_) {
      ssl_.reset(SSL_new(context_.get()));
      SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
      SSL_set_tlsext_host_name(ssl_.get(), "example.test");
      SSL_set_connect_state(ssl_.get());
    }
    return ssl_.get();
  }
  Buffer take_output() {
    Buffer out(BIO_ctrl_pending(SSL_get_wbio(ssl())));
    if (!out.empty()) {
      EXPECT_EQ(BIO_read(SSL_get_wbio(ssl()), out.data(), static_cast<int>(out.size())), static_cast<int>(out.size()));
    }
    return out;
  }
  void give(Bytes bytes) { BIO_write(SSL_get_rbio(ssl()), bytes.data(), static_cast<int>(bytes.size())); }
  /// Reads all that can be read now.
  void read() {
    Buffer chunk(16'384);
    for (int count; (count = SSL_read(ssl(), chunk.data(), static_cast<int>(chunk.size()))) > 0;)
      append(plaintext, Bytes(chunk).first(static_cast<std::size_t>(count)));
  }
  Buffer plaintext;

 private:
  std::unique_ptr<SSL_CTX, Deleter> context_;
  std::unique_ptr<SSL, Deleter> ssl_;
};

inline void exchange(LibsslClient& client, ServerEnd& server) {
  for (;;) {
    if (SSL_in_init(client.ssl())) SSL_do_handshake(client.ssl());
    const Buffer to_server = client.take_output();
    server.receive(to_server);
    server.settle();
    const Buffer to_client = server.take_output();
    if (to_server.empty() && to_client.empty()) return;
    client.give(to_client);
    if (!SSL_in_init(client.ssl())) client.read();
  }
}

inline Buffer pattern(std::size_t bytes) {
  Buffer out(bytes);
  for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<std::uint8_t>(i * 31 + (i >> 8));
  return out;
}

}  // namespace handsel::tls::test
