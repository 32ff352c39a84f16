#pragma once
/// The peer of the handshake benchmarks: libssl as a server through memory, with the same kinds of key. And libssl's
/// client, which both servers are measured with.

#include <openssl/ssl.h>

#include <cstdint>

namespace handsel::bench {

/// All that a client offers.
struct Offer {
  int version = TLS1_3_VERSION;
  const char* suite = "TLS_AES_128_GCM_SHA256";
  const char* groups = "X25519";
  const char* signature = "ECDSA+SHA256";
};

/// Makes clients that offer this.
SSL_CTX* make_client(const Offer& offer);
/// A connection's end over two memory BIOs.
SSL* over_memory(SSL_CTX* context);
/// Frees it as though it had closed: the session of one that did not is never resumed again.
void free_closed(SSL* ssl);

/// A server context with a P-256 and an RSA-2048 certificate, no tickets (ours sends none), and clients to match.
class LibsslServer {
 public:
  explicit LibsslServer(const Offer& offer = {});
  ~LibsslServer();
  LibsslServer(const LibsslServer&) = delete;
  LibsslServer& operator=(const LibsslServer&) = delete;

  /// One handshake with a client of libssl's; gives the ticks spent in the server. Ends the process when the handshake
  /// fails. With `session` it is a resumption.
  std::uint64_t handshake(SSL_SESSION* session = nullptr);
  /// What a client of TLS 1.3 resumes by; SSL_SESSION_free() is the caller's.
  SSL_SESSION* issue_ticket();
  /// Ticks for sealing `bytes` of plaintext by SSL_write, in pieces of 16,384, on an open connection with
  /// AES-128-GCM; `bytes` is a multiple of that.
  std::uint64_t seal(std::size_t bytes);

 private:
  SSL* connect(SSL* server);

  SSL_CTX* server_;
  SSL_CTX* client_;
  SSL* open_ = nullptr;  // of seal()
};

}  // namespace handsel::bench
