#pragma once
/// The server's side of a TLS 1.2 handshake with an ephemeral key exchange (RFC 5246 7.3, RFC 8422 2).

#include "tls/handshake.h"
#include "tls/messages/client_hello.h"

namespace handsel::tls {

/// From a ClientHello whose newest version is TLS 1.2 until our Finished is sent. `hello` and `message` (the same,
/// whole) must last until the first co_await.
Task server12(Handshake& handshake, const ClientHello& hello, Bytes message);

}  // namespace handsel::tls
