#include "tls/server12.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tls/client_authentication.h"
#include "tls/config.h"
#include "tls/key_exchange.h"
#include "tls/key_schedule12.h"
#include "tls/messages/extensions.h"
#include "tls/messages/finished.h"
#include "tls/messages/key_exchange12.h"
#include "tls/messages/server_hello.h"
#include "tls/negotiate.h"
#include "tls/signing.h"

namespace handsel::tls {
namespace {

/// What of the ClientHello is still needed after its memory is gone, and our own random.
struct Agreed12 {
  const Suite* suite = nullptr;
  NamedGroup group{};
  CredentialChoice credential;
  bool extended_master_secret = false;
  bool renegotiation_info = false;
  bool point_formats = false;
  std::array<std::uint8_t, kRandomBytes> client_random{};
  std::array<std::uint8_t, kRandomBytes> server_random{};
};

/// "DOWNGRD" and 1: tells a client that speaks TLS 1.3 that somebody made us fall back (RFC 8446 4.1.3).
constexpr std::array<std::uint8_t, 8> kDowngradeSentinel = {0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0x01};

std::expected<Agreed12, Error> agree(Handshake& handshake, const ClientHello& hello) {
  const std::expected<Choice12, Error> choice = negotiate12(hello, handshake.config());
  if (!choice) return std::unexpected(choice.error());
  Agreed12 agreed;
  agreed.suite = choice->suite;
  agreed.group = choice->group;
  agreed.credential = choice->credential;
  agreed.extended_master_secret = static_cast<bool>(hello.extended_master_secret);
  agreed.renegotiation_info = hello.renegotiation_info || hello.suites.contains(kRenegotiationScsv);
  agreed.point_formats = static_cast<bool>(hello.ec_point_formats);
  std::ranges::copy(hello.random, agreed.client_random.begin());
  handshake.worker().entropy.fill(agreed.server_random);
  std::ranges::copy(kDowngradeSentinel, agreed.server_random.end() - kDowngradeSentinel.size());

  handshake.set_credential(choice->credential.credential, choice->credential.name);
  handshake.set_alpn(choice->protocol);
  if (!choice->server_name.empty()) handshake.observe_server_name(choice->server_name);
  Info& info = handshake.info();
  info.version = static_cast<std::uint16_t>(Version::tls12);
  info.cipher_suite = static_cast<std::uint16_t>(agreed.suite->id);
  info.group = static_cast<std::uint16_t>(agreed.group);
  info.signature_scheme = static_cast<std::uint16_t>(agreed.credential.scheme);
  return agreed;
}

/// Answers only what was asked (RFC 5246 7.4.1.4).
Bytes write_server_hello12(MutableBytes out, Handshake& handshake, const Agreed12& agreed) {
  std::array<std::uint8_t, 320> block;
  Writer extensions(block);
  if (agreed.renegotiation_info) {
    auto extension = open_extension(extensions, ExtensionType::renegotiation_info);
    extensions.u8(0);  // the first handshake of the connection (RFC 5746 3.6)
  }
  if (agreed.extended_master_secret) write_empty_extension(extensions, ExtensionType::extended_master_secret);
  if (agreed.point_formats) {
    auto extension = open_extension(extensions, ExtensionType::ec_point_formats);
    extensions.u8(1);
    extensions.u8(0);  // uncompressed (RFC 8422 5.1.2)
  }
  if (!handshake.server_name().empty()) write_empty_extension(extensions, ExtensionType::server_name);
  if (const std::string_view protocol = handshake.alpn(); !protocol.empty())
    write_protocol_names(extensions, {&protocol, 1});

  Writer writer(out);
  ServerHello hello;
  hello.random = agreed.server_random;
  hello.suite = agreed.suite->id;
  hello.has_extensions = extensions.size() != 0;
  hello.extensions = extensions.written();
  hello.emit(writer);
  return writer.written();
}

/// Signs both randoms and the parameters (RFC 8422 5.4).
crypto::Operation sign_parameters(Handshake& handshake, const Agreed12& agreed, Bytes share, Signing& signing) {
  std::array<std::uint8_t, kMaxSignedBytes> memory;
  Writer content(memory);
  content.bytes(agreed.client_random);
  content.bytes(agreed.server_random);
  ServerKeyExchange{agreed.group, share, {}, {}}.emit_parameters(content);
  const Credential& credential = handshake.config().credentials[agreed.credential.credential];
  return signing.operation(credential, agreed.credential.scheme, content.written());
}

Error send(Handshake& handshake, Transcript12& transcript, Bytes message) {
  transcript.add(message);
  return handshake.queue(message);
}

/// ServerHello, Certificate, ServerKeyExchange, CertificateRequest if the client is asked, ServerHelloDone.
Error send_flight12(Handshake& handshake, const Agreed12& agreed, Bytes share, Bytes signature,
                    Transcript12& transcript) {
  std::array<std::uint8_t, kMaxSignatureBytes + 128> memory;
  Error error = send(handshake, transcript, write_server_hello12(memory, handshake, agreed));
  if (error != Error::none) return error;
  error = send(handshake, transcript, handshake.config().certificate_messages12[agreed.credential.credential]);
  if (error != Error::none) return error;
  Writer exchange(memory);
  ServerKeyExchange{agreed.group, share, agreed.credential.scheme, signature}.emit(exchange);
  error = send(handshake, transcript, exchange.written());
  if (error != Error::none) return error;
  if (const Bytes request = handshake.config().certificate_request12; !request.empty()) {
    error = send(handshake, transcript, request);
    if (error != Error::none) return error;
  }
  Writer done(memory);
  emit_server_hello_done(done);
  error = send(handshake, transcript, done.written());
  return error == Error::none ? handshake.flush() : error;
}

MasterSecret12 make_master(const Agreed12& agreed, Bytes premaster, const Transcript12& transcript) {
  if (agreed.extended_master_secret)
    return MasterSecret12::extended(agreed.suite->hash, premaster, transcript.digest().view());
  return MasterSecret12::plain(agreed.suite->hash, premaster, agreed.client_random, agreed.server_random);
}

Error check_finished(const Message& message, const MasterSecret12& master, const Transcript12& transcript) {
  const std::expected<Finished, Error> finished = Finished::parse(message.body, kVerifyDataBytes12);
  if (!finished) return finished.error();
  std::array<std::uint8_t, kVerifyDataBytes12> expected;
  master.client_finished(transcript.digest().view(), expected);
  return equal_constant_time(finished->verify_data, expected) ? Error::none : Error::bad_finished;
}

/// ChangeCipherSpec, then Finished under our key.
Error finish(Handshake& handshake, const Agreed12& agreed, const MasterSecret12& master, const KeyBlock12& keys,
             const Transcript12& transcript) {
  if (const Error error = handshake.send_change_cipher_spec(); error != Error::none) return error;
  handshake.start_writing12(agreed.suite->aead, keys.server_key.view(), keys.server_iv.view());
  std::array<std::uint8_t, kVerifyDataBytes12> verify_data;
  master.server_finished(transcript.digest().view(), verify_data);
  std::array<std::uint8_t, kHandshakeHeaderBytes + kVerifyDataBytes12> memory;
  Writer writer(memory);
  Finished{verify_data}.emit(writer);
  if (const Error error = handshake.queue(writer.written()); error != Error::none) return error;
  return handshake.flush();
}

/// ServerHello to ServerHelloDone, with our share, signed. What it needs of memory is gone when the client answers.
Task answer(Handshake& handshake, const Agreed12& agreed, KeyExchange& exchange, Transcript12& transcript) {
  crypto::Operation generation = exchange.generation(handshake.worker().entropy);
  co_await handshake.operations(Waiting::key_generation, generation);
  Signing signing;
  crypto::Operation signature = sign_parameters(handshake, agreed, exchange.share(), signing);
  co_await handshake.operations(Waiting::signature, signature);
  co_return send_flight12(handshake, agreed, exchange.share(),
                          Bytes(signing.signature).first(signature.signature_bytes), transcript);
}

}  // namespace

Task server12(Handshake& handshake, const ClientHello& hello, Bytes message) {
  // ClientHello: parameters.
  handshake.expect_change_cipher_spec_as_message();
  const std::expected<Agreed12, Error> agreed = agree(handshake, hello);
  if (!agreed) co_return agreed.error();
  const bool asks_client = !handshake.config().certificate_request12.empty();
  Transcript12 transcript(agreed->suite->hash, asks_client);
  transcript.add(message);

  // ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone.
  KeyExchange exchange(agreed->group);
  Error error = Error::none;
  {
    Task flight = answer(handshake, *agreed, exchange, transcript);
    error = co_await flight;
    if (error != Error::none) co_return error;
  }

  // Certificate of the client, when it was asked for.
  crypto::PublicKey client_key;
  if (asks_client) {
    const Message certificate = co_await handshake.message(Waiting::client_certificate, HandshakeType::certificate);
    error = take_client_certificate12(handshake, certificate, client_key);
    if (error != Error::none) co_return error;
    transcript.add(certificate.whole);
  }

  // ClientKeyExchange: the client's share.
  const Message key_exchange =
      co_await handshake.message(Waiting::client_key_exchange, HandshakeType::client_key_exchange);
  transcript.add(key_exchange.whole);
  const std::expected<ClientKeyExchange, Error> theirs = ClientKeyExchange::parse(key_exchange.body);
  if (!theirs) co_return theirs.error();
  if (!exchange.set_peer(theirs->share)) co_return Error::bad_key_share;
  crypto::Operation agreement = exchange.agreement();
  co_await handshake.operations(Waiting::shared_secret, agreement);
  const MasterSecret12 master = make_master(*agreed, exchange.shared_secret(), transcript);
  const KeyBlock12 keys = master.key_block(agreed->suite->aead, agreed->client_random, agreed->server_random);

  // CertificateVerify, of a client that has shown a certificate.
  if (client_key) {
    Task verification = verify_client12(handshake, std::move(client_key), transcript);
    error = co_await verification;
    if (error != Error::none) co_return error;
  }

  // ChangeCipherSpec, Finished; then ours.
  co_await handshake.change_cipher_spec(Waiting::client_change_cipher_spec);
  error = handshake.start_reading12(agreed->suite->aead, keys.client_key.view(), keys.client_iv.view());
  if (error != Error::none) co_return error;
  const Message finished = co_await handshake.message(Waiting::client_finished, HandshakeType::finished);
  error = check_finished(finished, master, transcript);
  if (error != Error::none) co_return error;
  if (!handshake.at_boundary()) co_return Error::straddles_key_change;
  transcript.add(finished.whole);
  error = finish(handshake, *agreed, master, keys, transcript);
  co_return error;
}

}  // namespace handsel::tls
