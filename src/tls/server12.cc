#include "tls/server12.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "tls/client_authentication.h"
#include "tls/config.h"
#include "tls/key_exchange.h"
#include "tls/messages/key_exchange12.h"
#include "tls/server12_flight.h"
#include "tls/signing.h"

namespace handsel::tls {
namespace {

constexpr std::size_t kMaxCiphertextBytes = 1'024;

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

/// What a key exchange comes to.
struct Exchanged {
  std::optional<MasterSecret12> master;
  crypto::PublicKey client_key;  ///< of a client that has shown a certificate
};

/// ServerHello, Certificate, ServerKeyExchange, ServerHelloDone.
Error send_signed_flight(Handshake& handshake, const Agreed12& agreed, Bytes share, Bytes signature,
                         Transcript12& transcript) {
  Error error = send_server_hello12(handshake, agreed, transcript);
  if (error == Error::none) error = send_certificate12(handshake, agreed, transcript);
  if (error != Error::none) return error;
  std::array<std::uint8_t, kMaxSignatureBytes + 128> memory;
  Writer exchange(memory);
  ServerKeyExchange{agreed.group, share, agreed.credential.scheme, signature}.emit(exchange);
  error = send12(handshake, transcript, exchange.written());
  return error == Error::none ? send_hello_done12(handshake, transcript) : error;
}

/// The same flight, with our share made and signed. What this needs of memory is gone when the client answers.
Task answer(Handshake& handshake, const Agreed12& agreed, KeyExchange& exchange, Transcript12& transcript) {
  crypto::Operation generation = exchange.generation(handshake.worker().entropy);
  co_await handshake.operations(Waiting::key_generation, generation);
  const Credential& credential = handshake.config().credentials[agreed.credential.credential];
  Signing signing(handshake, max_signature_bytes(credential.kind));
  if (!signing) co_return Error::no_handshake_memory;
  crypto::Operation signature = sign_parameters(handshake, agreed, exchange.share(), signing);
  co_await handshake.operations(Waiting::signature, signature);
  signing.signature_bytes = signature.signature_bytes;
  co_return send_signed_flight(handshake, agreed, exchange.share(), signing.signature(), transcript);
}

/// Certificate of the client, when it was asked for.
Task take_certificate(Handshake& handshake, Transcript12& transcript, crypto::PublicKey& client_key) {
  if (handshake.config().certificate_request12.empty()) co_return Error::none;
  const Message message = co_await handshake.message(Waiting::client_certificate, HandshakeType::certificate);
  const Error error = take_client_certificate12(handshake, message, client_key);
  if (error == Error::none) transcript.add(message.whole);
  co_return error;
}

/// From ServerHello to ClientKeyExchange with an ephemeral key exchange (RFC 8422 2).
Task exchange_ephemeral(Handshake& handshake, const Agreed12& agreed, Transcript12& transcript, Exchanged& exchanged) {
  KeyExchange exchange(agreed.group);
  {
    Task flight = answer(handshake, agreed, exchange, transcript);
    const Error error = co_await flight;
    if (error != Error::none) co_return error;
  }
  {
    Task certificate = take_certificate(handshake, transcript, exchanged.client_key);
    const Error error = co_await certificate;
    if (error != Error::none) co_return error;
  }

  // ClientKeyExchange: the client's share.
  const Message message = co_await handshake.message(Waiting::client_key_exchange, HandshakeType::client_key_exchange);
  transcript.add(message.whole);
  const std::expected<ClientKeyExchange, Error> theirs = ClientKeyExchange::parse(message.body);
  if (!theirs) co_return theirs.error();
  if (!exchange.set_peer(theirs->share)) co_return Error::bad_key_share;
  crypto::Operation agreement = exchange.agreement();
  co_await handshake.operations(Waiting::shared_secret, agreement);
  exchanged.master.emplace(make_master12(agreed, exchange.shared_secret(), transcript));
  co_return Error::none;
}

/// The same where the client encrypts the premaster secret to our certificate (RFC 5246 7.4.7.1). What is wrong inside
/// shows only in its Finished, later and always alike: whoever could tell the cases apart could decrypt (Bleichenbacher
/// 1998).
Task exchange_rsa(Handshake& handshake, const Agreed12& agreed, Transcript12& transcript, Exchanged& exchanged) {
  // ServerHello, Certificate, ServerHelloDone.
  Error error = send_server_hello12(handshake, agreed, transcript);
  if (error == Error::none) error = send_certificate12(handshake, agreed, transcript);
  if (error == Error::none) error = send_hello_done12(handshake, transcript);
  if (error != Error::none) co_return error;
  {
    Task certificate = take_certificate(handshake, transcript, exchanged.client_key);
    error = co_await certificate;
    if (error != Error::none) co_return error;
  }

  // ClientKeyExchange: the encrypted premaster secret.
  const Message message = co_await handshake.message(Waiting::client_key_exchange, HandshakeType::client_key_exchange);
  transcript.add(message.whole);
  const std::expected<ClientKeyExchangeRsa, Error> theirs = ClientKeyExchangeRsa::parse(message.body);
  if (!theirs) co_return theirs.error();
  std::array<std::uint8_t, kMaxCiphertextBytes> ciphertext;
  if (theirs->encrypted_premaster.size() > ciphertext.size()) co_return Error::malformed_message;
  std::ranges::copy(theirs->encrypted_premaster, ciphertext.begin());
  Secret<48> premaster;
  crypto::Operation decryption;
  decryption.kind = crypto::Kind::rsa_premaster;
  decryption.key = handshake.config().credentials[agreed.credential.credential].key;
  decryption.client_version = static_cast<std::uint16_t>(agreed.client_version);
  decryption.peer_public = Bytes(ciphertext).first(theirs->encrypted_premaster.size());
  decryption.shared_secret = premaster.fill(premaster.capacity());
  co_await handshake.operations(Waiting::shared_secret, decryption);
  exchanged.master.emplace(make_master12(agreed, premaster.view(), transcript));
  co_return Error::none;
}

/// The client's ChangeCipherSpec and Finished.
Task take_client_finished(Handshake& handshake, const Agreed12& agreed, const MasterSecret12& master,
                          const KeyBlock12& keys, Transcript12& transcript) {
  co_await handshake.change_cipher_spec(Waiting::client_change_cipher_spec);
  Error error = handshake.start_reading12(agreed.suite->aead, keys.client_key.view(), keys.client_iv.view());
  if (error != Error::none) co_return error;
  const Message finished = co_await handshake.message(Waiting::client_finished, HandshakeType::finished);
  error = check_client_finished12(finished, master, transcript);
  if (error != Error::none) co_return error;
  transcript.add(finished.whole);
  co_return handshake.at_boundary() ? Error::none : Error::straddles_key_change;
}

/// RFC 5246 7.3, figure 1: the client's Finished comes first.
Task full(Handshake& handshake, const Agreed12& agreed, Transcript12& transcript) {
  Exchanged exchanged;
  {
    Task exchange = agreed.suite->rsa_key_exchange ? exchange_rsa(handshake, agreed, transcript, exchanged)
                                                   : exchange_ephemeral(handshake, agreed, transcript, exchanged);
    const Error error = co_await exchange;
    if (error != Error::none) co_return error;
  }
  // CertificateVerify, of a client that has shown a certificate.
  if (exchanged.client_key) {
    Task verification = verify_client12(handshake, std::move(exchanged.client_key), transcript);
    const Error error = co_await verification;
    if (error != Error::none) co_return error;
  }
  const MasterSecret12& master = *exchanged.master;
  const KeyBlock12 keys = master.key_block(agreed.suite->aead, agreed.client_random, agreed.server_random);
  {
    Task theirs = take_client_finished(handshake, agreed, master, keys, transcript);
    const Error error = co_await theirs;
    if (error != Error::none) co_return error;
  }
  keep_exporter12(handshake, agreed, master);
  const Error error = finish12(handshake, agreed, master, keys, transcript);
  if (error == Error::none && agreed.issues_session_id)
    keep_session12(handshake, *agreed.suite, agreed.scope, master, agreed.session_id);
  co_return error;
}

/// RFC 5246 7.3, figure 2: ours comes first.
Task abbreviated(Handshake& handshake, const Agreed12& agreed, Transcript12& transcript) {
  const MasterSecret12 master = MasterSecret12::resumed(agreed.suite->hash, agreed.resumed_master.view());
  const KeyBlock12 keys = master.key_block(agreed.suite->aead, agreed.client_random, agreed.server_random);
  Error error = send_server_hello12(handshake, agreed, transcript);
  if (error == Error::none) error = finish12(handshake, agreed, master, keys, transcript);
  if (error != Error::none) co_return error;
  Task theirs = take_client_finished(handshake, agreed, master, keys, transcript);
  error = co_await theirs;
  if (error != Error::none) co_return error;
  keep_exporter12(handshake, agreed, master);
  // Only now: a stranger who has seen the id must not be able to have the session forgotten.
  handshake.hold_session_id(agreed.resumed_session);
  co_return Error::none;
}

}  // namespace

Task server12(Handshake& handshake, const ClientHello& hello, Bytes message) {
  handshake.expect_change_cipher_spec_as_message();
  const std::expected<Agreed12, Error> agreed = agree12(handshake, hello);
  if (!agreed) co_return agreed.error();
  if (const Error error = handshake.admit(agreed->resumed()); error != Error::none) co_return error;
  Transcript12 transcript(agreed->suite->hash, !handshake.config().certificate_request12.empty());
  transcript.add(message);
  Task rest = agreed->resumed() ? abbreviated(handshake, *agreed, transcript) : full(handshake, *agreed, transcript);
  const Error error = co_await rest;
  co_return error;
}

}  // namespace handsel::tls
