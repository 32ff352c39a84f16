#include "tls/client_early_data.h"

#include <array>
#include <utility>

#include "tls/messages/finished.h"

namespace handsel::tls {

Error begin_early_data(Handshake& handshake, const ClientOffer& offer, const Transcripts& transcripts) {
  // "If offering early data, the record is placed immediately after the first ClientHello" (RFC 8446 D.4).
  if (!offer.session_id().empty())
    if (const Error error = handshake.send_change_cipher_spec(); error != Error::none) return error;
  const StoredSession& session = *offer.psk();
  const Suite& suite = *find_suite13(static_cast<std::uint16_t>(session.suite));
  const Digest hello_hash = transcripts.of(suite.hash).digest();
  handshake.start_writing(suite.aead, EarlySecret(suite.hash, session.secret.view()).client_early(hello_hash.view()));
  handshake.send_early_data(offer.early_data());
  handshake.set_alpn(session.alpn);  // which the early data is of
  handshake.info().early_data = EarlyData::offered;
  handshake.worker().statistics.early_data_offered.add();
  return Error::none;
}

void give_up_early_data(Handshake& handshake, ClientOffer& offer) {
  if (offer.early_data() == 0) return;
  offer.withdraw_early_data();
  handshake.end_early_data();
  handshake.stop_writing();
  handshake.info().early_data = EarlyData::rejected;
  handshake.worker().statistics.early_data_declined.add();
}

Error take_early_data_answer(Handshake& handshake, const ClientOffer& offer, const EncryptedExtensions& extensions,
                             const Suite& suite, const RecordKeys& client_handshake) {
  if (!handshake.sends_early_data()) return Error::none;
  if (!extensions.early_data) {
    handshake.end_early_data();
    handshake.start_writing(suite.aead, client_handshake);
    handshake.info().early_data = EarlyData::rejected;
    handshake.worker().statistics.early_data_declined.add();
    return Error::none;
  }
  if (!(*extensions.early_data).empty()) return Error::malformed_extension;
  const StoredSession& session = *offer.psk();
  if (session.suite != suite.id || session.alpn != handshake.alpn_index()) return Error::early_data_on_other_terms;
  handshake.info().early_data = EarlyData::accepted;
  return Error::none;
}

Error send_end_of_early_data(Handshake& handshake, const Suite& suite, const RecordKeys& client_handshake,
                             Transcript& transcript) {
  if (!handshake.sends_early_data()) return Error::none;
  handshake.end_early_data();
  std::array<std::uint8_t, kHandshakeHeaderBytes> memory;
  Writer writer(memory);
  emit_end_of_early_data(writer);
  transcript.add(writer.written());
  if (const Error error = handshake.queue(writer.written()); error != Error::none) return error;
  if (const Error error = handshake.flush(); error != Error::none) return error;
  handshake.start_writing(suite.aead, client_handshake);
  return Error::none;
}

}  // namespace handsel::tls
