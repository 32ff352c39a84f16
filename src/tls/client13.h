#pragma once
/// The client's side of a TLS 1.3 handshake (RFC 8446 4, A.1).

#include "tls/client_offer.h"
#include "tls/handshake.h"
#include "tls/messages/server_hello.h"

namespace handsel::tls {

/// From a ServerHello (or HelloRetryRequest) that chooses TLS 1.3 until our Finished is sent. `hello` and `message`
/// (the same, whole) must last until the first co_await. `transcripts` hold the ClientHello.
Task client13(Handshake& handshake, ClientOffer& offer, Transcripts& transcripts, const ServerHello& hello,
              Bytes message);

/// Computes the key pairs of the offer's shares.
Task generate_shares(Handshake& handshake, ClientOffer& offer);

}  // namespace handsel::tls
