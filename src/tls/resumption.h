#pragma once
/// The server's side of resumption by stateless tickets (RFC 8446 2.2, 4.2.11, 4.6.1), with a fresh key exchange unless
/// the configuration allows it to be spared.

#include <array>
#include <cstdint>
#include <expected>
#include <optional>

#include "base/secret.h"
#include "tls/handshake.h"
#include "tls/key_schedule13.h"
#include "tls/messages/client_hello.h"
#include "tls/protocol.h"
#include "tls/ticket.h"
#include "tls/transcript.h"

namespace handsel::tls {

/// A ticket that was taken; without a secret there was none to take.
struct Resumption {
  TicketState ticket;
  std::uint16_t index = 0;                          ///< among those that were offered
  std::optional<EarlySecret> early = std::nullopt;  ///< what the key schedule begins with

  explicit operator bool() const { return !ticket.secret.empty(); }
};

/// Looks through the identities that the client offers for a ticket of ours that fits: our key, this suite's hash, this
/// scope, not expired; and one whose client was authenticated, where that is required. The binder of the one that is
/// taken must verify: bad_binder otherwise. `message` is the whole ClientHello; it is added to the transcript.
std::expected<Resumption, Error> take_ticket(Handshake& handshake, const ClientHello& hello, Bytes message,
                                             const Suite& suite, Transcript& transcript);

/// True when this configuration issues tickets and the client can use them.
bool wants_tickets(Handshake& handshake, const ClientHello& hello);

/// True when a ticket's session is of this configuration's scope, not expired, and its client was authenticated where
/// that is required.
bool still_counts(Handshake& handshake, const TicketState& state, std::string_view server_name);

/// The scope of sessions under this configuration, for a client that asks for this name.
TicketScope scope_of(const ServerConfig& config, std::string_view server_name);

/// Sends the configured number of NewSessionTickets. `secret` is the resumption master secret; `resumption` is what
/// this session itself came from.
Error send_tickets(Handshake& handshake, const Suite& suite, const TicketScope& scope, const Resumption& resumption,
                   const TrafficSecret& secret);

}  // namespace handsel::tls
