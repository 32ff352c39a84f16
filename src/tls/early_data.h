#pragma once
/// The server's side of early data (RFC 8446 2.3, 4.2.10, 8): whether it is taken, and where it ends.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tls/handshake.h"
#include "tls/messages/client_hello.h"
#include "tls/resumption.h"
#include "tls/transcript.h"

namespace handsel::tls {

/// Takes the early data that the client has announced, or prepares to skip it, and counts which of the two. It is taken
/// only if all of this holds: the configuration allows it, no HelloRetryRequest was sent, the ticket that stands first
/// was taken and allows it, suite and protocol are the ticket's own (the server name is in its scope), the ticket's age
/// is what the client says, this worker issued the ticket, and its guard has not seen this ClientHello. The guard is
/// asked last, for it remembers whatever it admits. `transcript` runs through the ClientHello.
///
/// Taken, what follows is read under the early keys.
Error take_or_skip_early_data(Handshake& handshake, const ClientHello& hello, const Suite& suite, bool retried,
                              const Resumption& resumption, const Transcript& transcript);

/// Where early data ends; afterwards we read under the client's handshake keys.
Error take_end_of_early_data(Handshake& handshake, const Message& message, const Suite& suite,
                             const RecordKeys& client_handshake, Transcript& transcript);

/// The application protocol as a ticket remembers it: early data is for that one alone. 0 for none.
std::uint64_t ticket_protocol(std::string_view protocol);

}  // namespace handsel::tls
