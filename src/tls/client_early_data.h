#pragma once
/// The client's side of early data (RFC 8446 2.3, 4.2.10): from the ClientHello that offers it to its end, or to the
/// server's word that it was for nothing.

#include "tls/client13_flight.h"
#include "tls/client_offer.h"
#include "tls/handshake.h"
#include "tls/messages/encrypted_extensions.h"
#include "tls/transcript.h"

namespace handsel::tls {

/// After a ClientHello that offers early data: it may be sent from here on, under the early keys.
Error begin_early_data(Handshake& handshake, const ClientOffer& offer, const Transcripts& transcripts);

/// The server has taken no ticket, or wants another ClientHello: nothing more is sent early.
void give_up_early_data(Handshake& handshake, ClientOffer& offer);

/// What EncryptedExtensions says of early data that was offered with the ticket that was taken. Refused, we go on under
/// the handshake keys; accepted on other terms than the ticket's, it is an error. The protocol has been read.
Error take_early_data_answer(Handshake& handshake, const ClientOffer& offer, const EncryptedExtensions& extensions,
                             const Suite& suite, const RecordKeys& client_handshake);

/// The server's Finished has come: EndOfEarlyData, when early data was accepted.
Error send_end_of_early_data(Handshake& handshake, const Suite& suite, const RecordKeys& client_handshake,
                             Transcript& transcript);

}  // namespace handsel::tls
