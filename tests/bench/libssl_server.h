#pragma once
/// The peer of the handshake benchmarks: libssl as a server through memory, with the same kinds of key.

#include <openssl/ssl.h>

#include <cstdint>

namespace handsel::bench {

/// A server context with a P-256 and an RSA-2048 certificate, no tickets (ours sends none), and clients to match.
class LibsslServer {
 public:
  LibsslServer();
  ~LibsslServer();
  LibsslServer(const LibsslServer&) = delete;
  LibsslServer& operator=(const LibsslServer&) = delete;

  /// One full TLS 1.3 handshake with a client of libssl's; gives the ticks spent in the server. Ends the process when
  /// the handshake fails.
  std::uint64_t handshake(const char* groups, const char* signatures);
  /// Ticks for sealing `bytes` of plaintext by SSL_write, in pieces of 16,384, on an open connection with
  /// AES-128-GCM; `bytes` is a multiple of that.
  std::uint64_t seal(std::size_t bytes);

 private:
  void connect(SSL* server);

  SSL_CTX* server_;
  SSL_CTX* client_;
  SSL* open_ = nullptr;  // of seal()
};

}  // namespace handsel::bench
