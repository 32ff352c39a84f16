#pragma once
/// The server's side of resumption in TLS 1.2: by stateless tickets (RFC 5077), and by session ids for clients that
/// know no tickets (RFC 5246 7.3). Only sessions with the extended master secret are resumed: others are not bound to
/// their handshake (RFC 7627 5.3).

#include <array>
#include <cstdint>
#include <expected>

#include "base/secret.h"
#include "tls/handshake.h"
#include "tls/key_schedule12.h"
#include "tls/messages/client_hello.h"
#include "tls/protocol.h"
#include "tls/ticket.h"

namespace handsel::tls {

/// A session taken up again; without a suite there was none to take.
struct Resumption12 {
  const Suite* suite = nullptr;
  Secret<48> master;
  Handle session;  ///< where it is remembered under its id; empty when a ticket has said it all
};

/// Looks at the ticket in the ClientHello, or where the client knows none at its session id: ours, for this server
/// name, not expired, of a suite that both sides still speak. Anything else costs a full handshake;
/// extended_master_secret_lost is an error.
std::expected<Resumption12, Error> take_session12(Handshake& handshake, const ClientHello& hello,
                                                  std::string_view server_name);

/// True when a full handshake may end in a NewSessionTicket.
bool wants_ticket12(Handshake& handshake, const ClientHello& hello);

/// True when a full handshake may end in a session that is remembered under its id.
bool wants_session_id12(Handshake& handshake, const ClientHello& hello);

/// Remembers a session whose handshake is complete. `id` is what our ServerHello has said.
void keep_session12(Handshake& handshake, const Suite& suite, const TicketScope& scope, const MasterSecret12& master,
                    Bytes id);

/// Writes a NewSessionTicket to `out` (kNewSessionTicketBytes12); gives the message.
Bytes write_ticket12(Handshake& handshake, const Suite& suite, const TicketScope& scope, const MasterSecret12& master,
                     MutableBytes out);
inline constexpr std::size_t kNewSessionTicketBytes12 = TicketKeys::kMaxTicketBytes + 16;

}  // namespace handsel::tls
