#pragma once
/// What a TLS 1.2 server agrees to, and its flights (RFC 5246 7.4).

#include <array>
#include <cstdint>
#include <expected>
#include <optional>

#include "tls/client_authentication.h"
#include "tls/handshake.h"
#include "tls/key_schedule12.h"
#include "tls/messages/client_hello.h"
#include "tls/negotiate.h"
#include "tls/resumption12.h"

namespace handsel::tls {

/// What of the ClientHello is still needed after its memory is gone, and our own random.
struct Agreed12 {
  const Suite* suite = nullptr;
  NamedGroup group{};
  CredentialChoice credential;
  Version client_version{};  ///< as the ClientHello's legacy_version: stands in an RSA-encrypted premaster secret
  bool extended_master_secret = false;
  bool renegotiation_info = false;
  bool point_formats = false;
  bool staples = false;  ///< CertificateStatus follows our Certificate
  bool issues_ticket = false;
  bool issues_session_id = false;
  std::uint8_t session_id_bytes = 0;
  /// The client's when its session is taken up again; ours for a session that is to be remembered.
  std::array<std::uint8_t, kMaxSessionIdBytes> session_id{};
  TicketScope scope{};
  std::array<std::uint8_t, kRandomBytes> client_random{};
  std::array<std::uint8_t, kRandomBytes> server_random{};
  Secret<48> resumed_master;  ///< empty: a full handshake
  Handle resumed_session;     ///< of Resumption12

  bool resumed() const { return !resumed_master.empty(); }
};

/// Chooses, and tells the handshake's observers what was chosen.
std::expected<Agreed12, Error> agree12(Handshake& handshake, const ClientHello& hello);

/// ServerHello; into the flight and the transcript.
Error send_server_hello12(Handshake& handshake, const Agreed12& agreed, Transcript12& transcript);
/// Certificate, and CertificateStatus if the client wants one; likewise.
Error send_certificate12(Handshake& handshake, const Agreed12& agreed, Transcript12& transcript);
/// CertificateRequest if the client is asked for one, ServerHelloDone; and the flight leaves.
Error send_hello_done12(Handshake& handshake, Transcript12& transcript);

/// Queues a message and adds it to the transcript.
Error send12(Handshake& handshake, Transcript12& transcript, Bytes message);

MasterSecret12 make_master12(const Agreed12& agreed, Bytes premaster, const Transcript12& transcript);

/// NewSessionTicket if one is due, ChangeCipherSpec, and Finished under our key.
Error finish12(Handshake& handshake, const Agreed12& agreed, const MasterSecret12& master, const KeyBlock12& keys,
               Transcript12& transcript);
/// Both Finished have passed: keeps what to export from, where that is asked for and safe.
void keep_exporter12(Handshake& handshake, const Agreed12& agreed, const MasterSecret12& master);
/// Compares the client's Finished with what the transcript up to there makes of it.
Error check_client_finished12(const Message& message, const MasterSecret12& master, const Transcript12& transcript);

}  // namespace handsel::tls
