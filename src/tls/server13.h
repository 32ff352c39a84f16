#pragma once
/// The server's side of a TLS 1.3 handshake (RFC 8446 4, A.2).

#include "tls/handshake.h"
#include "tls/messages/client_hello.h"

namespace handsel::tls {

/// From a ClientHello that offers TLS 1.3 until the client's Finished has been checked. `hello` and `message` (the
/// same, whole) must last until the first co_await.
Task server13(Handshake& handshake, const ClientHello& hello, Bytes message);

}  // namespace handsel::tls
