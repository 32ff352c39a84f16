#include "tls/client12_flight.h"

#include <algorithm>
#include <utility>

#include "tls/client_checks.h"
#include "tls/messages/certificate.h"
#include "tls/messages/certificate_request.h"
#include "tls/messages/finished.h"
#include "tls/messages/key_exchange12.h"
#include "tls/signature_schemes.h"
#include "tls/signing.h"

namespace handsel::tls {
namespace {

constexpr std::uint32_t kDefaultLifetimeSeconds = 7'200;
constexpr std::uint32_t kMaxLifetimeSeconds = 604'800;

std::expected<crypto::PublicKey, Error> take_certificate(Handshake& handshake, const Suite& suite,
                                                         const Message& message) {
  const std::expected<Certificate12, Error> certificate = Certificate12::parse(message.body);
  if (!certificate) return std::unexpected(certificate.error());
  // A server of these suites always has one.
  if (certificate->list.empty()) return std::unexpected(Error::malformed_message);
  ShownChain chain;
  bool too_many = false;
  certificate->each([&](Bytes der) { too_many = !chain.add(der) || too_many; });
  if (too_many) return std::unexpected(Error::bad_certificate);
  std::expected<crypto::PublicKey, Error> key = judge_chain(handshake, chain.view());
  if (!key) return key;
  // The suite says what kind of key signs (RFC 8422 2).
  const bool is_rsa = crypto::is_rsa(key->type().algorithm);
  if (is_rsa != (suite.authentication == Authentication::rsa)) return std::unexpected(Error::illegal_parameter);
  return key;
}

/// The server's share, and its signature over both randoms and the share (RFC 8422 5.4).
Error take_key_exchange(Handshake& handshake, ClientOffer& offer, const Agreed12Client& agreed, const Message& message,
                        SignatureCheck& check) {
  const std::expected<ServerKeyExchange, Error> theirs = ServerKeyExchange::parse(message.body);
  if (!theirs) return theirs.error();
  if (!offer.config().offers(theirs->group)) return Error::group_not_offered;
  offer.replace_shares(theirs->group);
  if (!offer.exchanges()[0].set_peer(theirs->share)) return Error::bad_key_share;
  handshake.info().group = static_cast<std::uint16_t>(theirs->group);

  std::array<std::uint8_t, kMaxSignedBytes> memory;
  Writer content(memory);
  content.bytes(agreed.client_random);
  content.bytes(agreed.server_random);
  theirs->emit_parameters(content);
  return check.prepare(theirs->scheme, theirs->signature, Version::tls12, content.written(), handshake.info());
}

Error take_certificate_request(Handshake& handshake, const Message& message, CertificateAsked& asked) {
  const std::expected<CertificateRequest, Error> request = CertificateRequest::parse12(message.body);
  if (!request) return request.error();
  asked.was = true;
  const ClientConfig& config = handshake.client_config();
  if (config.credential) asked.scheme = common_scheme(config.credential->kind, Version::tls12, request->schemes);
  // Of the messages we keep two hashes alone: Ed25519 would sign themselves, SHA-512 is none of the two.
  if (asked.scheme != SignatureScheme::none && !can_sign_transcript12(*find_scheme(asked.scheme)))
    asked.scheme = SignatureScheme::none;
  return Error::none;
}

Error send(Handshake& handshake, Transcripts& transcripts, Bytes message) {
  transcripts.add(message);
  return handshake.queue(message);
}

Error send_certificate(Handshake& handshake, const CertificateAsked& asked, Transcripts& transcripts) {
  if (asked.scheme != SignatureScheme::none)
    return send(handshake, transcripts, handshake.client_config().certificate_message12);
  std::array<std::uint8_t, 8> memory;
  Writer writer(memory);
  Certificate12{}.emit(writer);
  return send(handshake, transcripts, writer.written());
}

/// Flushed, because an await follows.
Error send_share(Handshake& handshake, const CertificateAsked& asked, Bytes share, Transcripts& transcripts) {
  Error error = asked.was ? send_certificate(handshake, asked, transcripts) : Error::none;
  if (error != Error::none) return error;
  std::array<std::uint8_t, 128> memory;
  Writer writer(memory);
  ClientKeyExchange{share}.emit(writer);
  error = send(handshake, transcripts, writer.written());
  return error == Error::none ? handshake.flush() : error;
}

Error send_certificate_verify(Handshake& handshake, SignatureScheme scheme, Bytes signature, Transcripts& transcripts) {
  std::array<std::uint8_t, kMaxSignatureBytes + 16> memory;
  Writer writer(memory);
  CertificateVerify{scheme, signature}.emit(writer);
  if (const Error error = send(handshake, transcripts, writer.written()); error != Error::none) return error;
  return handshake.flush();
}

}  // namespace

Error NewTicket12::take(const Message& message) {
  const std::expected<NewSessionTicket12, Error> ticket = NewSessionTicket12::parse(message.body);
  if (!ticket) return ticket.error();
  // "a zero-length ticket": the server has changed its mind (RFC 5077 3.3).
  if (ticket->ticket.empty() || cache_ == nullptr) return Error::none;
  lifetime_seconds_ = ticket->lifetime_seconds;
  room_ = cache_->open();
  if (room_ && !room_->set_ticket(ticket->ticket)) room_ = {};
  return Error::none;
}

void NewTicket12::keep(Handshake& handshake) {
  if (cache_ == nullptr) return;
  if (!room_) {
    // The server's id, or the ticket with which we came: both may be used more than once.
    const StoredSession* const former = agreed_.resumed ? offer_.session12() : nullptr;
    const bool former_ticket = former != nullptr && former->ticket_bytes != 0;
    if (agreed_.session_id_bytes == 0 && !former_ticket) return;
    room_ = cache_->open();
    if (!room_) return;
    if (former_ticket) room_->set_ticket(former->ticket_view());
  }
  const std::uint32_t lifetime_seconds = lifetime_seconds_ == 0 ? kDefaultLifetimeSeconds : lifetime_seconds_;
  room_->scope = offer_.config().session_scope;
  room_->version = Version::tls12;
  room_->suite = agreed_.suite->id;
  room_->extended_master_secret = agreed_.extended_master_secret;
  room_->received_unix_ms = handshake.unix_now_ms();
  room_->expires_unix_ms =
      room_->received_unix_ms + std::uint64_t{std::min(lifetime_seconds, kMaxLifetimeSeconds)} * 1'000;
  room_->secret.assign(master_.view());
  if (room_->ticket_bytes == 0) {
    room_->session_id_bytes = agreed_.session_id_bytes;
    room_->session_id = agreed_.session_id;
  }
  room_.keep();
  handshake.worker().statistics.tickets_kept.add();
}

Task take_server_flight(Handshake& handshake, ClientOffer& offer, const Agreed12Client& agreed,
                        Transcripts& transcripts, CertificateAsked& asked) {
  SignatureCheck check;
  Message message = co_await handshake.message(Waiting::server_certificate, HandshakeType::certificate);
  {
    std::expected<crypto::PublicKey, Error> key = take_certificate(handshake, *agreed.suite, message);
    if (!key) co_return key.error();
    check.key = std::move(*key);
  }
  transcripts.add(message.whole);

  message = co_await handshake.message(Waiting::server_key_exchange, HandshakeType::server_key_exchange);
  Error error = take_key_exchange(handshake, offer, agreed, message, check);
  if (error != Error::none) co_return error;
  transcripts.add(message.whole);
  crypto::Operation generation = offer.exchanges()[0].generation(handshake.worker().entropy);
  co_await handshake.operations(Waiting::signature_check, check.operation, &generation);

  message = co_await handshake.message(Waiting::server_hello_done,
                                       {HandshakeType::server_hello_done, HandshakeType::certificate_request});
  if (message.type == HandshakeType::certificate_request) {
    error = take_certificate_request(handshake, message, asked);
    if (error != Error::none) co_return error;
    transcripts.add(message.whole);
    message = co_await handshake.message(Waiting::server_hello_done, HandshakeType::server_hello_done);
  }
  if (!message.body.empty()) co_return Error::malformed_message;
  transcripts.add(message.whole);
  co_return handshake.at_boundary() ? Error::none : Error::straddles_key_change;
}

Task send_key_exchange(Handshake& handshake, const Agreed12Client& agreed, const KeyExchange& exchange,
                       const CertificateAsked& asked, Transcripts& transcripts, std::optional<MasterSecret12>& master) {
  Error error = send_share(handshake, asked, exchange.share(), transcripts);
  if (error != Error::none) co_return error;
  const crypto::HashId hash = agreed.suite->hash;
  // The session hash runs through ClientKeyExchange (RFC 7627 3).
  if (agreed.extended_master_secret)
    master.emplace(MasterSecret12::extended(hash, exchange.shared_secret(), transcripts.of(hash).digest().view()));
  else
    master.emplace(MasterSecret12::plain(hash, exchange.shared_secret(), agreed.client_random, agreed.server_random));
  if (asked.scheme == SignatureScheme::none) co_return Error::none;

  // CertificateVerify signs all messages so far (RFC 5246 7.4.8).
  const Credential& credential = *handshake.client_config().credential;
  Signing signing(handshake, max_signature_bytes(credential.kind));
  if (!signing) co_return Error::no_handshake_memory;
  const crypto::HashId signed_by = *find_scheme(asked.scheme)->hash;
  crypto::Operation signature =
      signing.operation_on_digest(credential, asked.scheme, transcripts.of(signed_by).digest().view());
  co_await handshake.operations(Waiting::signature, signature);
  signing.signature_bytes = signature.signature_bytes;
  error = send_certificate_verify(handshake, asked.scheme, signing.signature(), transcripts);
  co_return error;
}

Error send_client_finished(Handshake& handshake, const Agreed12Client& agreed, const MasterSecret12& master,
                           const KeyBlock12& keys, Transcript& transcript) {
  if (const Error error = handshake.send_change_cipher_spec(); error != Error::none) return error;
  handshake.start_writing12(agreed.suite->aead, keys.client_key.view(), keys.client_iv.view());
  std::array<std::uint8_t, kVerifyDataBytes12> verify_data;
  master.client_finished(transcript.digest().view(), verify_data);
  std::array<std::uint8_t, kHandshakeHeaderBytes + kVerifyDataBytes12> memory;
  Writer writer(memory);
  Finished{verify_data}.emit(writer);
  transcript.add(writer.written());
  if (const Error error = handshake.queue(writer.written()); error != Error::none) return error;
  return handshake.flush();
}

void keep_exporter12(Handshake& handshake, const Agreed12Client& agreed, const MasterSecret12& master) {
  if (agreed.extended_master_secret && handshake.keeps_exporter())
    handshake.keep_exporter(Exporter(master, agreed.client_random, agreed.server_random));
}

Error check_server_finished(const Message& message, const MasterSecret12& master, const Transcript& transcript) {
  const std::expected<Finished, Error> finished = Finished::parse(message.body, kVerifyDataBytes12);
  if (!finished) return finished.error();
  std::array<std::uint8_t, kVerifyDataBytes12> expected;
  master.server_finished(transcript.digest().view(), expected);
  return equal_constant_time(finished->verify_data, expected) ? Error::none : Error::bad_finished;
}

}  // namespace handsel::tls
