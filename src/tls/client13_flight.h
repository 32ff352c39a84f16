#pragma once
/// What a TLS 1.3 client does with the server's protected messages, and its own (RFC 8446 4.3, 4.4).

#include <cstdint>
#include <optional>

#include "tls/client_offer.h"
#include "tls/handshake.h"
#include "tls/key_schedule13.h"
#include "tls/protocol.h"
#include "tls/transcript.h"

namespace handsel::tls {

/// What is derived on the way.
struct Secrets13Client {
  HandshakeKeys client_handshake;
  HandshakeKeys server_handshake;
  TrafficSecret client_application;
  std::optional<MasterSecret> master;

  /// The transcript stands behind the server's Finished: from here on we read under its application keys.
  Error take_server_finished(Handshake& handshake, const Suite& suite, const Transcript& transcript);
};

/// A CertificateRequest came.
struct CertificateAsked {
  bool was = false;
  SignatureScheme scheme = SignatureScheme::none;  ///< with which our credential can sign; none: it has to be empty
};

/// Answers to what was offered, and to nothing else (RFC 8446 4.3.1).
Error take_encrypted_extensions(Handshake& handshake, const ClientOffer& offer, const Message& message,
                                const Suite& suite, const RecordKeys& client_handshake);

/// CertificateRequest if it comes, Certificate, CertificateVerify.
Task authenticate_server(Handshake& handshake, Transcript& transcript, CertificateAsked& asked);

/// Our Certificate, empty if we have none that will do, and CertificateVerify.
Task show_certificate(Handshake& handshake, const CertificateAsked& asked, Transcript& transcript);

/// Our Finished; afterwards we write under the application keys. Keeps what tickets will need.
Error finish(Handshake& handshake, const Suite& suite, Secrets13Client& secrets, Transcript& transcript);

}  // namespace handsel::tls
