#include "tls/client12.h"

#include <algorithm>
#include <array>
#include <optional>

#include "tls/client12_flight.h"
#include "tls/client13.h"
#include "tls/client_checks.h"
#include "tls/key_schedule12.h"

namespace handsel::tls {
namespace {

constexpr std::array kInServerHello12 = {ExtensionType::server_name,
                                         ExtensionType::application_layer_protocol_negotiation,
                                         ExtensionType::extended_master_secret,
                                         ExtensionType::renegotiation_info,
                                         ExtensionType::ec_point_formats,
                                         ExtensionType::session_ticket};

/// renegotiation_info says nothing yet; a server without it can be made to take a stranger's handshake for ours (RFC
/// 5746 3.4).
Error check_renegotiation_info(const Bytes* extension) {
  if (extension == nullptr) return Error::handshake_refused;
  return extension->size() == 1 && (*extension)[0] == 0 ? Error::none : Error::handshake_refused;
}

/// What a server agrees to by the bodies of its extensions.
Error take_extensions(Handshake& handshake, const ServerHello& hello, Agreed12Client& agreed) {
  Bytes renegotiation_info;
  bool with_renegotiation_info = false;
  const Error error = walk_extensions(hello.extensions, [&](ExtensionType type, Bytes extension) {
    switch (type) {
      case ExtensionType::server_name:
        return extension.empty() ? Error::none : Error::malformed_extension;
      case ExtensionType::extended_master_secret:
        agreed.extended_master_secret = true;
        return extension.empty() ? Error::none : Error::malformed_extension;
      case ExtensionType::session_ticket:
        agreed.ticket_follows = true;
        return extension.empty() ? Error::none : Error::malformed_extension;
      case ExtensionType::renegotiation_info:
        renegotiation_info = extension;
        with_renegotiation_info = true;
        return Error::none;
      case ExtensionType::application_layer_protocol_negotiation:
        return take_protocol(handshake, extension);
      case ExtensionType::ec_point_formats: {
        // "the uncompressed point format … MUST" be among them (RFC 8422 5.2).
        Reader reader(extension);
        const Bytes formats = reader.vector8();
        if (!reader.finished()) return Error::malformed_extension;
        return std::ranges::find(formats, 0) != formats.end() ? Error::none : Error::illegal_parameter;
      }
      default:
        return Error::none;
    }
  });
  if (error != Error::none) return error;
  return check_renegotiation_info(with_renegotiation_info ? &renegotiation_info : nullptr);
}

/// Whether the server takes up the session that we offered, and on the same terms.
Error take_session(const ClientOffer& offer, const ServerHello& hello, Agreed12Client& agreed) {
  const bool echoed = !offer.session_id().empty() && std::ranges::equal(hello.session_id, offer.session_id());
  if (!echoed) return Error::none;
  const StoredSession* const session = offer.session12();
  // The id of the compatibility mode means nothing, so nobody can know it (RFC 8446 D.4).
  if (session == nullptr || session->suite != agreed.suite->id) return Error::session_not_offered;
  // RFC 7627 5.3.
  if (session->extended_master_secret != agreed.extended_master_secret) return Error::session_not_offered;
  agreed.resumed = true;
  return Error::none;
}

Error agree(Handshake& handshake, const ClientOffer& offer, const ServerHello& hello, Agreed12Client& agreed) {
  // One that came before the ServerHello would have no place in TLS 1.2.
  if (handshake.dropped_change_cipher_spec()) return Error::bad_change_cipher_spec;
  agreed.suite = find_suite12(static_cast<std::uint16_t>(hello.suite));
  if (agreed.suite == nullptr || !offer.config().offers(agreed.suite->id)) return Error::suite_not_offered;
  if (hello.compression_method != 0) return Error::bad_compression_method;
  Error error = check_extensions(offer, hello.extensions, kInServerHello12);
  if (error == Error::none) error = take_extensions(handshake, hello, agreed);
  if (error == Error::none) error = take_session(offer, hello, agreed);
  if (error != Error::none) return error;
  std::ranges::copy(offer.random(), agreed.client_random.begin());
  std::ranges::copy(hello.random, agreed.server_random.begin());
  agreed.session_id_bytes = static_cast<std::uint8_t>(hello.session_id.size());
  std::ranges::copy(hello.session_id, agreed.session_id.begin());
  Info& info = handshake.info();
  info.cipher_suite = static_cast<std::uint16_t>(agreed.suite->id);
  info.resumed = agreed.resumed;
  return Error::none;
}

/// NewSessionTicket when it was announced, ChangeCipherSpec, Finished.
Task take_server_finished(Handshake& handshake, const Agreed12Client& agreed, const MasterSecret12& master,
                          const KeyBlock12& keys, Transcript& transcript, NewTicket12& ticket) {
  Error error = Error::none;
  if (agreed.ticket_follows) {
    const Message message = co_await handshake.message(Waiting::new_session_ticket, HandshakeType::new_session_ticket);
    error = ticket.take(message);
    if (error != Error::none) co_return error;
    transcript.add(message.whole);
  }
  co_await handshake.change_cipher_spec(Waiting::server_change_cipher_spec);
  error = handshake.start_reading12(agreed.suite->aead, keys.server_key.view(), keys.server_iv.view());
  if (error != Error::none) co_return error;
  const Message finished = co_await handshake.message(Waiting::server_finished, HandshakeType::finished);
  error = check_server_finished(finished, master, transcript);
  if (error != Error::none) co_return error;
  transcript.add(finished.whole);
  co_return handshake.at_boundary() ? Error::none : Error::straddles_key_change;
}

/// The full handshake, from Certificate to both Finished.
Task full(Handshake& handshake, ClientOffer& offer, const Agreed12Client& agreed, Transcripts& transcripts,
          NewTicket12& ticket) {
  // Certificate, ServerKeyExchange, CertificateRequest if it comes, ServerHelloDone.
  CertificateAsked asked;
  {
    Task flight = take_server_flight(handshake, offer, agreed, transcripts, asked);
    const Error error = co_await flight;
    if (error != Error::none) co_return error;
  }
  KeyExchange& exchange = offer.exchanges()[0];
  {
    crypto::Operation agreement = exchange.agreement();
    co_await handshake.operations(Waiting::shared_secret, agreement);
  }

  // Certificate if it was asked for, ClientKeyExchange, CertificateVerify.
  std::optional<MasterSecret12> master;
  {
    Task flight = send_key_exchange(handshake, agreed, exchange, asked, transcripts, master);
    const Error error = co_await flight;
    if (error != Error::none) co_return error;
  }
  ticket.set_master(*master);

  // ChangeCipherSpec, Finished; then the server's.
  Transcript& transcript = transcripts.of(agreed.suite->hash);
  const KeyBlock12 keys = master->key_block(agreed.suite->aead, agreed.client_random, agreed.server_random);
  const Error sent = send_client_finished(handshake, agreed, *master, keys, transcript);
  if (sent != Error::none) co_return sent;
  Task theirs = take_server_finished(handshake, agreed, *master, keys, transcript, ticket);
  const Error error = co_await theirs;
  if (error == Error::none) keep_exporter12(handshake, agreed, *master);
  co_return error;
}

/// The abbreviated handshake: the server's Finished comes first (RFC 5246 7.3).
Task abbreviated(Handshake& handshake, const ClientOffer& offer, const Agreed12Client& agreed, Transcript& transcript,
                 NewTicket12& ticket) {
  const MasterSecret12 master = MasterSecret12::resumed(agreed.suite->hash, offer.session12()->secret.view());
  ticket.set_master(master);
  const KeyBlock12 keys = master.key_block(agreed.suite->aead, agreed.client_random, agreed.server_random);
  Task theirs = take_server_finished(handshake, agreed, master, keys, transcript, ticket);
  const Error error = co_await theirs;
  if (error != Error::none) co_return error;
  keep_exporter12(handshake, agreed, master);
  co_return send_client_finished(handshake, agreed, master, keys, transcript);
}

}  // namespace

Task client12(Handshake& handshake, ClientOffer& offer, Transcripts& transcripts, const ServerHello& hello,
              Bytes message) {
  handshake.expect_change_cipher_spec_as_message();
  Agreed12Client agreed;
  Error error = agree(handshake, offer, hello, agreed);
  if (error != Error::none) co_return error;
  transcripts.add(message);

  NewTicket12 ticket(handshake.worker().client_sessions, offer, agreed);
  Task rest = agreed.resumed ? abbreviated(handshake, offer, agreed, transcripts.of(agreed.suite->hash), ticket)
                             : full(handshake, offer, agreed, transcripts, ticket);
  error = co_await rest;
  if (error == Error::none) ticket.keep(handshake);
  co_return error;
}

}  // namespace handsel::tls
