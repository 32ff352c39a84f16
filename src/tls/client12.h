#pragma once
/// The client's side of a TLS 1.2 handshake with an ephemeral key exchange (RFC 5246 7.3, RFC 8422 2).

#include "tls/client_offer.h"
#include "tls/handshake.h"
#include "tls/messages/server_hello.h"

namespace handsel::tls {

/// From a ServerHello that chooses TLS 1.2 until both Finished have passed. `hello` and `message` (the same, whole)
/// must last until the first co_await. `transcripts` hold the ClientHello.
Task client12(Handshake& handshake, ClientOffer& offer, Transcripts& transcripts, const ServerHello& hello,
              Bytes message);

}  // namespace handsel::tls
