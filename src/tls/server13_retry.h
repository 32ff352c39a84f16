#pragma once
/// HelloRetryRequest, and the ClientHello that answers it (RFC 8446 4.1.2, 4.1.4). In between a server keeps nothing
/// but its session: the rest is in the cookie.

#include <expected>

#include "tls/handshake.h"
#include "tls/messages/client_hello.h"
#include "tls/retry_cookie.h"
#include "tls/server13_flight.h"

namespace handsel::tls {

/// Sends the HelloRetryRequest for a share of the agreed group. `message` is the whole ClientHello, read as `hello`.
Error send_retry_request(Handshake& handshake, const Agreed& agreed, const ClientHello& hello, Bytes message);

/// Opens the cookie of a second ClientHello, which must be as the first one was, but with the one share that we asked
/// for.
std::expected<RetriedHello, Error> take_cookie(Handshake& handshake, const ClientHello& hello);

/// The transcript as it stands before the second ClientHello: the first one's hash, and the HelloRetryRequest written
/// once more. `agreed` comes from the second.
Transcript transcript_of_retry(const RetriedHello& first, const Agreed& agreed, const ClientHello& hello);

}  // namespace handsel::tls
