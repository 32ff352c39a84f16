#include "tls/server13.h"

#include <array>
#include <utility>

#include "tls/client_authentication.h"
#include "tls/config.h"
#include "tls/early_data.h"
#include "tls/finished13.h"
#include "tls/key_exchange.h"
#include "tls/messages/certificate.h"
#include "tls/messages/extensions.h"
#include "tls/messages/server_hello.h"
#include "tls/negotiate.h"
#include "tls/resumption.h"
#include "tls/server13_flight.h"
#include "tls/server13_retry.h"
#include "tls/ticket.h"
#include "tls/transcript.h"

namespace handsel::tls {
namespace {

std::expected<Agreed, Error> agree(Handshake& handshake, const ClientHello& hello, KeyExchange& exchange) {
  const std::expected<Choice13, Error> choice = negotiate13(hello, handshake.config());
  if (!choice) return std::unexpected(choice.error());

  Agreed agreed;
  agreed.suite = choice->suite;
  const GroupChoice group = choice->group.value_or(GroupChoice{});
  agreed.group = group.group;
  if (!choice->group) agreed.no_group = choice->group.error();
  agreed.credential = choice->credential;
  agreed.staples = choice->wants_ocsp && choice->credential &&
                   staples(handshake.config().credentials[choice->credential->credential], handshake.unix_now_ms());
  agreed.needs_retry = group.share.empty();
  agreed.may_spare_exchange = choice->may_spare_exchange;
  agreed.wants_tickets = wants_tickets(handshake, hello);
  agreed.ticket_scope = scope_of(handshake.config(), choice->server_name);
  agreed.session_id_bytes = static_cast<std::uint8_t>(hello.session_id.size());
  Writer(agreed.session_id).bytes(hello.session_id);
  exchange = KeyExchange(agreed.group);
  if (!agreed.needs_retry && !exchange.set_peer(group.share)) return std::unexpected(Error::bad_key_share);

  if (choice->credential) handshake.set_credential(choice->credential->credential, choice->credential->name);
  handshake.set_alpn(choice->protocol);
  if (!choice->server_name.empty()) handshake.observe_server_name(choice->server_name);
  if (choice->record_size_limit != 0) handshake.limit_records(choice->record_size_limit, limits::kMaxPlaintext + 1);
  Info& info = handshake.info();
  info.version = static_cast<std::uint16_t>(Version::tls13);
  info.cipher_suite = static_cast<std::uint16_t>(agreed.suite->id);
  info.group = static_cast<std::uint16_t>(agreed.group);
  return agreed;
}

/// Adds the ClientHello that counts to the transcript, and takes a ticket that it offers and early data that comes with
/// it. Without a ticket the certificate must do, and there must be one that the client accepts. A handshake that the
/// worker cannot bear ends here, before its early data is taken.
Error resume(Handshake& handshake, const ClientHello& hello, Bytes message, Agreed& agreed, Resumption& resumption,
             Transcript& transcript) {
  std::expected<Resumption, Error> taken = take_ticket(handshake, hello, message, *agreed.suite, transcript);
  if (!taken) return taken.error();
  resumption = std::move(*taken);
  Info& info = handshake.info();
  info.resumed = static_cast<bool>(resumption);
  if (!resumption) {
    if (!agreed.credential) return agreed.credential.error();
    info.signature_scheme = static_cast<std::uint16_t>(agreed.credential->scheme);
  }
  if (resumption && agreed.may_spare_exchange) {
    agreed.group = NamedGroup::none;
    agreed.needs_retry = false;
    info.group = 0;
  }
  if (!agreed.needs_retry)
    if (const Error error = handshake.admit(info.resumed); error != Error::none) return error;
  return take_or_skip_early_data(handshake, hello, *agreed.suite, agreed.needs_retry, resumption, transcript);
}

/// What is agreed with a client, whose first ClientHello or second it is. `transcript` then holds what came before it.
std::expected<Agreed, Error> begin(Handshake& handshake, const ClientHello& hello, KeyExchange& exchange,
                                   Transcript& transcript) {
  if (!handshake.info().retried) {
    // "Clients MUST NOT use cookies in their initial ClientHello" (RFC 8446 4.2.2).
    if (hello.cookie) return std::unexpected(Error::strange_cookie);
    std::expected<Agreed, Error> agreed = agree(handshake, hello, exchange);
    if (agreed) transcript = Transcript(agreed->suite->hash);
    return agreed;
  }
  const std::expected<RetriedHello, Error> first = take_cookie(handshake, hello);
  if (!first) return std::unexpected(first.error());
  std::expected<Agreed, Error> agreed = agree(handshake, hello, exchange);
  if (!agreed) return agreed;
  if (agreed->suite != first->suite || agreed->group != first->group || agreed->needs_retry)
    return std::unexpected(Error::second_hello_changed);
  transcript = transcript_of_retry(*first, *agreed, hello);
  return agreed;
}

/// ServerHello to Finished. What it needs of memory is gone when the client answers.
Task answer(Handshake& handshake, const Agreed& agreed, KeyExchange& exchange, Resumption& resumption,
            Transcript& transcript, Secrets13& secrets) {
  // ServerHello: our share, unless a ticket spares the key exchange.
  const bool exchanges = agreed.group != NamedGroup::none;
  if (exchanges) {
    crypto::Operation generation = exchange.generation(handshake.worker().entropy);
    co_await handshake.operations(Waiting::key_generation, generation);
  }
  std::array<std::uint8_t, kRandomBytes> random;
  handshake.worker().entropy.fill(random);
  std::array<std::uint8_t, kMaxServerHelloBytes> server_hello_memory;
  const Bytes server_hello =
      write_server_hello(server_hello_memory, agreed, random, exchanges ? exchange.share() : Bytes{}, resumption);
  transcript.add(server_hello);
  const Digest hello_hash = transcript.digest();

  // CertificateVerify covers nothing secret: its signature and the shared secret are computed side by side.
  add_to_be_signed(handshake, agreed, !resumption, transcript);
  crypto::Operation agreement;
  if (exchanges) agreement = exchange.agreement();
  const Credential* credential = resumption ? nullptr : &handshake.config().credentials[agreed.credential->credential];
  Signing signing(handshake, credential != nullptr ? max_signature_bytes(credential->kind) : 0);
  if (!signing) co_return Error::no_handshake_memory;
  if (resumption && exchanges) {
    co_await handshake.operations(Waiting::shared_secret, agreement);
  } else if (!resumption) {
    crypto::Operation signature =
        signing.operation(*credential, agreed.credential->scheme,
                          SignedContent(kServerSignatureContext, transcript.digest().view()).view());
    co_await handshake.operations(Waiting::shared_secret_and_signature, agreement, &signature);
    signing.signature_bytes = signature.signature_bytes;
  }

  EarlySecret early = resumption ? *std::exchange(resumption.early, {}) : EarlySecret(agreed.suite->hash);
  co_return send_flight(handshake, agreed, std::move(early), exchanges ? exchange.shared_secret() : Bytes{},
                        server_hello, hello_hash.view(), signing, transcript, secrets);
}

}  // namespace

Task server13(Handshake& handshake, const ClientHello& hello, Bytes message) {
  // ClientHello: parameters. A ticket may spare the key exchange; if it does not, a group in common without a share of
  // it costs one more round trip, for which nothing stays here.
  KeyExchange exchange(NamedGroup::none);
  Transcript transcript(crypto::HashId::sha256);
  std::expected<Agreed, Error> agreed = begin(handshake, hello, exchange, transcript);
  if (!agreed) co_return agreed.error();
  Resumption resumption;
  Error error = Error::none;
  if (!agreed->needs_retry || agreed->may_spare_exchange)
    error = resume(handshake, hello, message, *agreed, resumption, transcript);
  else
    error = take_or_skip_early_data(handshake, hello, *agreed->suite, true, resumption, transcript);
  if (error == Error::none && agreed->needs_retry) error = agreed->no_group;
  if (error != Error::none) co_return error;
  if (agreed->needs_retry) {
    handshake.give_way();
    co_return send_retry_request(handshake, *agreed, hello, message);
  }

  // ServerHello to Finished.
  Secrets13 secrets;
  {
    Task flight = answer(handshake, *agreed, exchange, resumption, transcript, secrets);
    error = co_await flight;
    if (error != Error::none) co_return error;
  }

  // EndOfEarlyData, after the early data.
  if (handshake.takes_early_data()) {
    const Message end = co_await handshake.message(Waiting::end_of_early_data, HandshakeType::end_of_early_data);
    error = take_end_of_early_data(handshake, end, *agreed->suite, secrets.client_handshake.records, transcript);
    if (error != Error::none) co_return error;
  }

  // Certificate and CertificateVerify of the client, when they were asked for. "Servers which are authenticating with a
  // PSK MUST NOT send the CertificateRequest message" (RFC 8446 4.3.2).
  if (!resumption && !handshake.config().certificate_request.empty()) {
    Task authentication = authenticate_client13(handshake, transcript);
    error = co_await authentication;
    if (error != Error::none) co_return error;
  }

  // Finished of the client: only now is the peer known to hold the keys.
  const Message finished = co_await handshake.message(Waiting::client_finished, HandshakeType::finished);
  error = check_finished13(finished, secrets.client_handshake.finished, transcript);
  if (error != Error::none) co_return error;
  error = handshake.start_reading(agreed->suite->aead, std::move(secrets.client_application));
  if (error != Error::none) co_return error;
  if (!secrets.exporter.empty()) handshake.keep_exporter(Exporter(std::move(secrets.exporter)));

  // NewSessionTicket: the client may come back without all that.
  if (!secrets.master || handshake.write_closed()) co_return Error::none;
  transcript.add(finished.whole);
  error = send_tickets(handshake, *agreed->suite, agreed->ticket_scope, resumption,
                       secrets.master->resumption(transcript.digest().view()));
  co_return error;
}

}  // namespace handsel::tls
