#pragma once
/// The messages that a TLS 1.3 server sends in answer to a ClientHello (RFC 8446 4.1.3 to 4.4.4).

#include <algorithm>
#include <array>
#include <cstdint>
#include <expected>
#include <optional>

#include "tls/config.h"
#include "tls/handshake.h"
#include "tls/key_schedule13.h"
#include "tls/negotiate.h"
#include "tls/resumption.h"
#include "tls/retry_cookie.h"
#include "tls/signing.h"
#include "tls/transcript.h"

namespace handsel::tls {

// Long enough for ours: no extension but key_share, supported_versions, and pre_shared_key or cookie.
inline constexpr std::size_t kMaxServerHelloExtensionsBytes = 4 + 4 +
                                                              key_share_bytes(NamedGroup::secp384r1)  // key_share
                                                              + 4 + 2                       // supported_versions
                                                              + 4 + 2;                      // pre_shared_key
inline constexpr std::size_t kMaxRetryExtensionsBytes = 4 + 2                               // key_share
                                                        + 4 + 2                             // supported_versions
                                                        + 4 + 2 + RetryCookies::kMaxBytes;  // cookie
inline constexpr std::size_t kMaxServerHelloBytes = kHandshakeHeaderBytes + 2 + kRandomBytes + 1 + kMaxSessionIdBytes +
                                                    2 + 1 + 2 +
                                                    std::max(kMaxServerHelloExtensionsBytes, kMaxRetryExtensionsBytes);

/// What of the ClientHello is still needed after its memory is gone.
struct Agreed {
  const Suite* suite = nullptr;
  NamedGroup group{};  ///< none: a ticket spares the key exchange, or must (`no_group` says why)
  Error no_group = Error::none;
  std::expected<CredentialChoice, Error> credential;  // an error counts only when no ticket replaces the certificate
  bool needs_retry = false;
  bool may_spare_exchange = false;
  bool staples = false;  // the credential's OCSP response goes with its certificate
  bool wants_tickets = false;
  std::uint8_t session_id_bytes = 0;
  std::array<std::uint8_t, kMaxSessionIdBytes> session_id{};
  TicketScope ticket_scope{};

  /// Our Certificate, whole. The credential is one.
  Bytes certificate_message(const ServerConfig& config) const {
    const std::uint16_t index = credential->credential;
    return staples ? config.stapled_messages[index] : config.certificate_messages[index];
  }
  Bytes echoed_session_id() const { return Bytes(session_id).first(session_id_bytes); }
  /// A client in compatibility mode sends a session id, and waits for our ChangeCipherSpec (RFC 8446 D.4).
  bool compatibility_mode() const { return session_id_bytes != 0; }
};

/// HelloRetryRequest, for a share of the agreed group (RFC 8446 4.1.4).
Bytes write_retry_request(MutableBytes out, const Agreed& agreed, Bytes cookie);
/// ServerHello (RFC 8446 4.1.3).
Bytes write_server_hello(MutableBytes out, const Agreed& agreed, Bytes random, Bytes share,
                         const Resumption& resumption);

/// Hashes what follows the ServerHello: EncryptedExtensions; CertificateRequest if the client is asked, and
/// Certificate, when no ticket stands for them.
void add_to_be_signed(Handshake& handshake, const Agreed& agreed, bool with_certificate, Transcript& transcript);

/// What is still to come from the client is protected by the first two; keying material is exported from the third,
/// tickets are made from the last.
struct Secrets13 {
  HandshakeKeys client_handshake;
  TrafficSecret client_application;
  TrafficSecret exporter;  ///< empty when nothing is exported
  std::optional<MasterSecret> master;
};

/// Sends ServerHello to Finished as one flight; afterwards we write under the application keys and read under the
/// client's handshake keys, or still under the early ones. `hello_hash` is the transcript's through the ServerHello;
/// `transcript` stands behind what add_to_be_signed() added.
Error send_flight(Handshake& handshake, const Agreed& agreed, EarlySecret early, Bytes shared_secret,
                  Bytes server_hello, Bytes hello_hash, const Signing& signing, Transcript& transcript,
                  Secrets13& secrets);

}  // namespace handsel::tls
