#pragma once
/// How a server learns who its client is: CertificateRequest, and the client's Certificate and CertificateVerify in
/// answer (RFC 8446 4.3.2, 4.4.2, 4.4.3; RFC 5246 7.4.4, 7.4.6, 7.4.8).

#include <optional>

#include "base/bytes.h"
#include "crypto/public_key.h"
#include "tls/handshake.h"
#include "tls/transcript.h"

namespace handsel::tls {

/// Takes the client's Certificate and, when it is not empty, its CertificateVerify. An empty one is an error where the
/// configuration requires a client's certificate.
Task authenticate_client13(Handshake& handshake, Transcript& transcript);

/// Both hashes over a handshake of TLS 1.2 whose client will sign it by one or the other; else the suite's alone.
class Transcript12 {
 public:
  Transcript12(crypto::HashId suite, bool is_signed) : suite_(suite) {
    if (is_signed) other_.emplace(suite == crypto::HashId::sha256 ? crypto::HashId::sha384 : crypto::HashId::sha256);
  }
  void add(Bytes message) {
    suite_.add(message);
    if (other_) other_->add(message);
  }
  /// By the suite's hash.
  Digest digest() const { return suite_.digest(); }
  /// By this hash, which is one of the two.
  Digest digest(crypto::HashId hash) const { return hash == suite_.hash() ? suite_.digest() : other_->digest(); }

 private:
  Transcript suite_;
  std::optional<Transcript> other_;
};

/// Takes the client's Certificate of TLS 1.2; `key` stays empty when the client shows none and need not.
Error take_client_certificate12(Handshake& handshake, const Message& message, crypto::PublicKey& key);

/// Takes the CertificateVerify of a client that has shown the certificate of `key`. `transcript` runs through
/// ClientKeyExchange.
Task verify_client12(Handshake& handshake, crypto::PublicKey key, Transcript12& transcript);

}  // namespace handsel::tls
