#include "tls/client13_flight.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tls/client_checks.h"
#include "tls/client_config.h"
#include "tls/client_early_data.h"
#include "tls/finished13.h"
#include "tls/messages/certificate.h"
#include "tls/messages/certificate_request.h"
#include "tls/messages/encrypted_extensions.h"
#include "tls/negotiate.h"
#include "tls/signature_schemes.h"
#include "tls/signing.h"

namespace handsel::tls {
namespace {

std::expected<crypto::PublicKey, Error> take_certificate(Handshake& handshake, const Message& message) {
  const std::expected<Certificate, Error> certificate = Certificate::parse(message.body);
  if (!certificate) return std::unexpected(certificate.error());
  if (!certificate->request_context.empty()) return std::unexpected(Error::illegal_parameter);
  // "If the server supplies an empty Certificate message, the client MUST abort … with a decode_error" (4.4.2.4).
  if (certificate->list.empty()) return std::unexpected(Error::malformed_message);
  ShownChain chain;
  Error error = Error::none;
  certificate->each([&](Bytes der, Bytes extensions) {
    if (!chain.add(der)) error = Error::bad_certificate;
    // An entry's extensions answer ours, and we send none that asks for any (RFC 8446 4.4.2).
    if (!extensions.empty()) error = Error::unsolicited_extension;
  });
  if (error != Error::none) return std::unexpected(error);
  return judge_chain(handshake, chain.view());
}

Error take_certificate_request(Handshake& handshake, const Message& message, CertificateAsked& asked) {
  const std::expected<CertificateRequest, Error> request = CertificateRequest::parse(message.body);
  if (!request) return request.error();
  // The context is for requests after the handshake, which we do not offer (RFC 8446 4.3.2).
  if (!request->context.empty()) return Error::illegal_parameter;
  asked.was = true;
  const ClientConfig& config = handshake.client_config();
  if (config.credential) asked.scheme = common_scheme(config.credential->kind, Version::tls13, request->schemes);
  return Error::none;
}

/// `transcript` runs through Certificate.
Error prepare_check(const Message& message, const Transcript& transcript, Info& info, SignatureCheck& check) {
  const std::expected<CertificateVerify, Error> verify = CertificateVerify::parse(message.body);
  if (!verify) return verify.error();
  const SignedContent content(kServerSignatureContext, transcript.digest().view());
  return check.prepare(verify->scheme, verify->signature, Version::tls13, content.view(), info);
}

Error send_certificate_verify(Handshake& handshake, SignatureScheme scheme, Bytes signature, Transcript& transcript) {
  std::array<std::uint8_t, kMaxSignatureBytes + 16> memory;
  Writer writer(memory);
  CertificateVerify{scheme, signature}.emit(writer);
  transcript.add(writer.written());
  return handshake.queue(writer.written());
}

Error send_no_certificate(Handshake& handshake, Transcript& transcript) {
  std::array<std::uint8_t, 8> memory;
  Writer writer(memory);
  Certificate{}.emit(writer);
  transcript.add(writer.written());
  return handshake.queue(writer.written());
}

}  // namespace

Error Secrets13Client::take_server_finished(Handshake& handshake, const Suite& suite, const Transcript& transcript) {
  const Digest through_finished = transcript.digest();
  TrafficSecrets application = master->application(through_finished.view());
  client_application = std::move(application.client);
  if (handshake.keeps_exporter()) handshake.keep_exporter(Exporter(master->exporter(through_finished.view())));
  return handshake.start_reading(suite.aead, std::move(application.server));
}

Error take_encrypted_extensions(Handshake& handshake, const ClientOffer& offer, const Message& message,
                                const Suite& suite, const RecordKeys& client_handshake) {
  const std::expected<EncryptedExtensions, Error> extensions = EncryptedExtensions::parse(message.body);
  if (!extensions) return extensions.error();
  constexpr std::array kAllowed = {ExtensionType::server_name, ExtensionType::application_layer_protocol_negotiation,
                                   ExtensionType::supported_groups, ExtensionType::early_data};
  if (const Error error = check_extensions(offer, extensions->extensions, kAllowed); error != Error::none) return error;
  if (extensions->server_name && !(*extensions->server_name).empty()) return Error::malformed_extension;
  handshake.set_alpn(kNoProtocol);
  if (extensions->application_protocols)
    if (const Error error = take_protocol(handshake, *extensions->application_protocols); error != Error::none)
      return error;
  return take_early_data_answer(handshake, offer, *extensions, suite, client_handshake);
}

Task authenticate_server(Handshake& handshake, Transcript& transcript, CertificateAsked& asked) {
  Message message = co_await handshake.message(Waiting::server_certificate,
                                               {HandshakeType::certificate, HandshakeType::certificate_request});
  Error error = Error::none;
  if (message.type == HandshakeType::certificate_request) {
    error = take_certificate_request(handshake, message, asked);
    if (error != Error::none) co_return error;
    transcript.add(message.whole);
    message = co_await handshake.message(Waiting::server_certificate, HandshakeType::certificate);
  }
  std::expected<crypto::PublicKey, Error> key = take_certificate(handshake, message);
  if (!key) co_return key.error();
  transcript.add(message.whole);

  message = co_await handshake.message(Waiting::certificate_verify, HandshakeType::certificate_verify);
  SignatureCheck check;
  check.key = std::move(*key);
  error = prepare_check(message, transcript, handshake.info(), check);
  if (error != Error::none) co_return error;
  transcript.add(message.whole);
  co_await handshake.operations(Waiting::signature_check, check.operation);
  co_return Error::none;
}

Task show_certificate(Handshake& handshake, const CertificateAsked& asked, Transcript& transcript) {
  const ClientConfig& config = handshake.client_config();
  if (asked.scheme == SignatureScheme::none) co_return send_no_certificate(handshake, transcript);
  transcript.add(config.certificate_message);
  Error error = handshake.queue(config.certificate_message);
  if (error == Error::none) error = handshake.flush();
  if (error != Error::none) co_return error;
  Signing signing(handshake, max_signature_bytes(config.credential->kind));
  if (!signing) co_return Error::no_handshake_memory;
  crypto::Operation signature = signing.operation(
      *config.credential, asked.scheme, SignedContent(kClientSignatureContext, transcript.digest().view()).view());
  co_await handshake.operations(Waiting::signature, signature);
  signing.signature_bytes = signature.signature_bytes;
  co_return send_certificate_verify(handshake, asked.scheme, signing.signature(), transcript);
}

Error finish(Handshake& handshake, const Suite& suite, Secrets13Client& secrets, Transcript& transcript) {
  std::array<std::uint8_t, kHandshakeHeaderBytes + crypto::kMaxDigestBytes> memory;
  const Bytes finished = write_finished13(memory, secrets.client_handshake.finished, transcript);
  if (const Error error = handshake.queue(finished); error != Error::none) return error;
  if (const Error error = handshake.flush(); error != Error::none) return error;
  handshake.start_writing(suite.aead, std::move(secrets.client_application));

  const ClientConfig& config = handshake.client_config();
  if (!config.resume_sessions || handshake.worker().client_sessions == nullptr) return Error::none;
  SessionCache::Pending pending;
  pending.scope = config.session_scope;
  pending.suite = suite.id;
  pending.alpn = handshake.alpn_index();
  pending.resumption = secrets.master->resumption(transcript.digest().view());
  handshake.hold_for_tickets(std::move(pending));
  return Error::none;
}

}  // namespace handsel::tls
