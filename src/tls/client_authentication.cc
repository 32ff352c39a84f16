#include "tls/client_authentication.h"

#include <algorithm>
#include <utility>

#include "tls/client_checks.h"
#include "tls/config.h"
#include "tls/messages/certificate.h"
#include "tls/messages/certificate_request.h"
#include "tls/messages/key_exchange12.h"
#include "tls/signature_schemes.h"

namespace handsel::tls {
namespace {

bool is_required(Handshake& handshake) { return handshake.config().client_certificates == ClientCertificates::require; }

/// The client's key, once its chain is believed; no key when it has shown none and need not.
Error take_certificate13(Handshake& handshake, const Message& message, crypto::PublicKey& key) {
  const std::expected<Certificate, Error> certificate = Certificate::parse(message.body);
  if (!certificate) return certificate.error();
  // Ours was empty (RFC 8446 4.3.2).
  if (!certificate->request_context.empty()) return Error::illegal_parameter;
  if (certificate->list.empty()) return is_required(handshake) ? Error::certificate_required : Error::none;
  ShownChain chain;
  Error error = Error::none;
  certificate->each([&](Bytes der, Bytes extensions) {
    if (!chain.add(der)) error = Error::bad_certificate;
    // "Extensions in the Certificate message from the client MUST correspond to extensions in the CertificateRequest"
    // (RFC 8446 4.4.2): ours has none that an entry could answer.
    if (!extensions.empty()) error = Error::unsolicited_extension;
  });
  if (error != Error::none) return error;
  std::expected<crypto::PublicKey, Error> judged = judge_chain(handshake, chain.view());
  if (!judged) return judged.error();
  key = std::move(*judged);
  return Error::none;
}

/// `transcript` runs through the client's Certificate.
Error prepare_check13(const Message& message, const Transcript& transcript, SignatureCheck& check) {
  const std::expected<CertificateVerify, Error> verify = CertificateVerify::parse(message.body);
  if (!verify) return verify.error();
  if (std::ranges::find(kRequestedSchemes13, verify->scheme) == kRequestedSchemes13.end())
    return Error::scheme_not_offered;
  Info clients;
  const SignedContent content(kClientSignatureContext, transcript.digest().view());
  return check.prepare(verify->scheme, verify->signature, Version::tls13, content.view(), clients);
}

/// The client signs all messages up to here (RFC 5246 7.4.8), by a hash that we have kept.
Error prepare_check12(const Message& message, const Transcript12& transcript, SignatureCheck& check) {
  const std::expected<CertificateVerify, Error> verify = CertificateVerify::parse(message.body);
  if (!verify) return verify.error();
  if (std::ranges::find(kRequestedSchemes12, verify->scheme) == kRequestedSchemes12.end())
    return Error::scheme_not_offered;
  const crypto::HashId hash = *find_scheme(verify->scheme)->hash;
  return check.prepare_on_digest(verify->scheme, verify->signature, Version::tls12, transcript.digest(hash).view());
}

}  // namespace

Task authenticate_client13(Handshake& handshake, Transcript& transcript) {
  // Certificate: whom the client claims to be.
  SignatureCheck check;
  Message message = co_await handshake.message(Waiting::client_certificate, HandshakeType::certificate);
  Error error = take_certificate13(handshake, message, check.key);
  if (error != Error::none) co_return error;
  transcript.add(message.whole);
  if (!check.key) co_return Error::none;

  // CertificateVerify: that it owns the key.
  message = co_await handshake.message(Waiting::client_certificate_verify, HandshakeType::certificate_verify);
  error = prepare_check13(message, transcript, check);
  if (error != Error::none) co_return error;
  transcript.add(message.whole);
  co_await handshake.operations(Waiting::client_signature_check, check.operation);
  handshake.info().client_authenticated = true;
  co_return Error::none;
}

Error take_client_certificate12(Handshake& handshake, const Message& message, crypto::PublicKey& key) {
  const std::expected<Certificate12, Error> certificate = Certificate12::parse(message.body);
  if (!certificate) return certificate.error();
  // "the server MAY … respond with a fatal handshake_failure alert" (RFC 5246 7.4.6).
  if (certificate->list.empty()) return is_required(handshake) ? Error::no_client_certificate : Error::none;
  ShownChain chain;
  bool too_many = false;
  certificate->each([&](Bytes der) { too_many = !chain.add(der) || too_many; });
  if (too_many) return Error::bad_certificate;
  std::expected<crypto::PublicKey, Error> judged = judge_chain(handshake, chain.view());
  if (!judged) return judged.error();
  key = std::move(*judged);
  return Error::none;
}

Task verify_client12(Handshake& handshake, crypto::PublicKey key, Transcript12& transcript) {
  SignatureCheck check;
  check.key = std::move(key);
  const Message message =
      co_await handshake.message(Waiting::client_certificate_verify, HandshakeType::certificate_verify);
  const Error error = prepare_check12(message, transcript, check);
  if (error != Error::none) co_return error;
  transcript.add(message.whole);
  co_await handshake.operations(Waiting::client_signature_check, check.operation);
  handshake.info().client_authenticated = true;
  co_return Error::none;
}

}  // namespace handsel::tls
