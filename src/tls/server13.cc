#include "tls/server13.h"

#include <array>
#include <cstring>
#include <utility>

#include "tls/config.h"
#include "tls/key_exchange.h"
#include "tls/key_schedule13.h"
#include "tls/messages/certificate.h"
#include "tls/messages/encrypted_extensions.h"
#include "tls/messages/finished.h"
#include "tls/messages/server_hello.h"
#include "tls/negotiate.h"
#include "tls/transcript.h"

namespace handsel::tls {
namespace {

// Long enough for ours: no extension but key_share and supported_versions.
constexpr std::size_t kMaxServerHelloBytes = 192;
constexpr std::size_t kMaxSignatureBytes = 1'024;  // RSA of 8192 bits

/// What of the first ClientHello is still needed after its memory is gone.
struct Agreed {
  const Suite* suite = nullptr;
  NamedGroup group{};
  CredentialChoice credential;
  bool needs_retry = false;
  std::uint8_t session_id_bytes = 0;
  std::array<std::uint8_t, kMaxSessionIdBytes> session_id{};
  std::array<std::uint8_t, 32> constant_part{};  // of a ClientHello that will have to come again

  Bytes echoed_session_id() const { return Bytes(session_id).first(session_id_bytes); }
  /// A client in compatibility mode sends a session id, and waits for our ChangeCipherSpec (RFC 8446 D.4).
  bool compatibility_mode() const { return session_id_bytes != 0; }
};

std::expected<Agreed, Error> agree(Handshake& handshake, const ClientHello& hello, KeyExchange& exchange) {
  const std::expected<Choice13, Error> choice = negotiate13(hello, handshake.config());
  if (!choice) return std::unexpected(choice.error());

  Agreed agreed;
  agreed.suite = choice->suite;
  agreed.group = choice->group.group;
  agreed.credential = choice->credential;
  agreed.needs_retry = choice->group.share.empty();
  agreed.session_id_bytes = static_cast<std::uint8_t>(hello.session_id.size());
  Writer(agreed.session_id).bytes(hello.session_id);
  exchange = KeyExchange(agreed.group);
  if (agreed.needs_retry)
    digest_of_constant_part(hello, agreed.constant_part);
  else if (!exchange.set_peer(choice->group.share))
    return std::unexpected(Error::bad_key_share);

  handshake.set_credential(choice->credential.credential, choice->credential.name);
  handshake.set_alpn(choice->protocol);
  if (!choice->server_name.empty()) handshake.observe_server_name(choice->server_name);
  if (hello.early_data) handshake.expect_rejected_early_data();
  Info& info = handshake.info();
  info.version = static_cast<std::uint16_t>(Version::tls13);
  info.cipher_suite = static_cast<std::uint16_t>(agreed.suite->id);
  info.group = static_cast<std::uint16_t>(agreed.group);
  info.signature_scheme = static_cast<std::uint16_t>(agreed.credential.scheme);
  info.retried = agreed.needs_retry;
  return agreed;
}

/// HelloRetryRequest when the exchange has no share to send yet (RFC 8446 4.1.4), ServerHello else (4.1.3).
Bytes write_server_hello(MutableBytes out, const Agreed& agreed, Bytes random, Bytes share) {
  std::array<std::uint8_t, 128> block;
  Writer extensions(block);
  if (share.empty())
    write_retry_group(extensions, agreed.group);
  else
    write_server_share(extensions, {agreed.group, share});
  write_selected_version(extensions, Version::tls13);

  Writer writer(out);
  ServerHello hello;
  hello.random = random;
  hello.session_id = agreed.echoed_session_id();
  hello.suite = agreed.suite->id;
  hello.has_extensions = true;
  hello.extensions = extensions.written();
  hello.emit(writer);
  return writer.written();
}

Error send_retry_request(Handshake& handshake, const Agreed& agreed, Transcript& transcript) {
  transcript.replace_by_message_hash();
  std::array<std::uint8_t, kMaxServerHelloBytes> memory;
  const Bytes message = write_server_hello(memory, agreed, kRetryRandom, {});
  transcript.add(message);
  if (const Error error = handshake.queue(message); error != Error::none) return error;
  if (const Error error = handshake.flush(); error != Error::none) return error;
  handshake.worker().statistics.handshakes_retried.add();
  return agreed.compatibility_mode() ? handshake.send_change_cipher_spec() : Error::none;
}

/// The second ClientHello: as the first, but with the one share that we asked for (RFC 8446 4.1.2).
Error take_second_hello(Handshake& handshake, const Message& message, const Agreed& agreed, KeyExchange& exchange) {
  if (!handshake.at_boundary()) return Error::straddles_key_change;
  const std::expected<ClientHello, Error> hello = ClientHello::parse(message.body);
  if (!hello) return hello.error();
  std::array<std::uint8_t, 32> constant_part;
  digest_of_constant_part(*hello, constant_part);
  if (constant_part != agreed.constant_part || hello->early_data || hello->cookie) return Error::second_hello_changed;
  if (!hello->key_share) return Error::missing_extension;
  const std::expected<KeyShares, Error> shares = KeyShares::read(*hello->key_share);
  if (!shares) return shares.error();
  const Bytes share = shares->find(agreed.group);
  if (shares->size() != 1 || share.empty()) return Error::second_hello_without_share;
  return exchange.set_peer(share) ? Error::none : Error::bad_key_share;
}

/// What the client asked for and gets: server_name acknowledged (RFC 6066 3), the protocol chosen (RFC 7301 3.1).
Bytes write_encrypted_extensions(MutableBytes out, Handshake& handshake) {
  std::array<std::uint8_t, 300> block;
  Writer extensions(block);
  if (!handshake.server_name().empty()) write_empty_extension(extensions, ExtensionType::server_name);
  if (const std::string_view protocol = handshake.alpn(); !protocol.empty())
    write_protocol_names(extensions, {&protocol, 1});
  Writer writer(out);
  EncryptedExtensions message;
  message.extensions = extensions.written();
  message.emit(writer);
  return writer.written();
}

/// A CertificateVerify in the making: what is signed, and room for the signature.
struct Signing {
  std::array<std::uint8_t, crypto::kMaxDigestBytes> digest{};
  std::array<std::uint8_t, kMaxSignatureBytes> signature{};

  crypto::Operation operation(const Credential& credential, SignatureScheme scheme, Bytes transcript_hash) {
    const crypto::HashId hash =
        scheme == SignatureScheme::rsa_pss_rsae_sha384 ? crypto::HashId::sha384 : crypto::HashId::sha256;
    const MutableBytes out = MutableBytes(digest).first(crypto::digest_bytes(hash));
    digest_to_sign(hash, kServerSignatureContext, transcript_hash, out);
    crypto::Operation operation;
    operation.kind =
        credential.kind == CredentialKind::ecdsa_p256 ? crypto::Kind::ecdsa_p256_sign : crypto::Kind::rsa_pss_sign;
    operation.key = credential.key;
    operation.message = out;
    operation.signature = signature;
    return operation;
  }
};

/// Hashes what the signature covers beyond the ServerHello: EncryptedExtensions and Certificate.
void add_certificate_flight(Handshake& handshake, const Agreed& agreed, Transcript& transcript) {
  std::array<std::uint8_t, 320> memory;
  transcript.add(write_encrypted_extensions(memory, handshake));
  transcript.add(handshake.config().certificate_messages[agreed.credential.credential]);
}

/// EncryptedExtensions, Certificate, CertificateVerify and Finished, under the handshake keys.
Error send_protected_flight(Handshake& handshake, const Agreed& agreed, const TrafficSecret& secret, Bytes signature,
                            Transcript& transcript) {
  std::array<std::uint8_t, kMaxSignatureBytes + 16> memory;
  if (const Error error = handshake.queue(write_encrypted_extensions(memory, handshake)); error != Error::none)
    return error;
  const Bytes certificate = handshake.config().certificate_messages[agreed.credential.credential];
  if (const Error error = handshake.queue(certificate); error != Error::none) return error;

  Writer verify(memory);
  CertificateVerify{agreed.credential.scheme, signature}.emit(verify);
  transcript.add(verify.written());
  if (const Error error = handshake.queue(verify.written()); error != Error::none) return error;

  Digest verify_data = transcript.digest();
  secret.finished(verify_data.view(), MutableBytes(verify_data.bytes).first(verify_data.size));
  Writer finished(memory);
  Finished{verify_data.view()}.emit(finished);
  transcript.add(finished.written());
  if (const Error error = handshake.queue(finished.written()); error != Error::none) return error;
  return handshake.flush();
}

/// What is still to come from the client is protected by these.
struct ClientSecrets {
  TrafficSecret handshake;
  TrafficSecret application;
};

/// ServerHello to Finished, as one flight; afterwards we write under the application keys and read under the client's
/// handshake keys. `hello_hash` is the transcript's through the ServerHello; `transcript` stands behind Certificate.
Error answer(Handshake& handshake, const Agreed& agreed, Bytes shared_secret, Bytes server_hello, Bytes hello_hash,
             Bytes signature, Transcript& transcript, ClientSecrets& client) {
  if (const Error error = handshake.queue(server_hello); error != Error::none) return error;
  if (const Error error = handshake.flush(); error != Error::none) return error;
  if (agreed.compatibility_mode() && !agreed.needs_retry)
    if (const Error error = handshake.send_change_cipher_spec(); error != Error::none) return error;

  const crypto::AeadId aead = agreed.suite->aead;
  HandshakeSecret secret = EarlySecret(agreed.suite->hash).handshake(shared_secret);
  const TrafficSecret server = secret.server_handshake(hello_hash);
  client.handshake = secret.client_handshake(hello_hash);
  handshake.start_writing(aead, server.clone());
  if (const Error error = send_protected_flight(handshake, agreed, server, signature, transcript); error != Error::none)
    return error;

  const MasterSecret master = std::move(secret).master();
  const Digest through_finished = transcript.digest();
  client.application = master.client_application(through_finished.view());
  handshake.start_writing(aead, master.server_application(through_finished.view()));
  return handshake.start_reading(aead, client.handshake.clone());
}

Error check_finished(const Message& message, const TrafficSecret& secret, const Transcript& transcript) {
  Digest expected = transcript.digest();
  secret.finished(expected.view(), MutableBytes(expected.bytes).first(expected.size));
  const std::expected<Finished, Error> finished = Finished::parse(message.body, expected.size);
  if (!finished) return finished.error();
  return equal_constant_time(finished->verify_data, expected.view()) ? Error::none : Error::bad_finished;
}

}  // namespace

Task server13(Handshake& handshake, const ClientHello& hello, Bytes message) {
  // ClientHello: parameters. A group in common without a share of it costs one more round trip.
  KeyExchange exchange(NamedGroup::none);
  const std::expected<Agreed, Error> agreed = agree(handshake, hello, exchange);
  if (!agreed) co_return agreed.error();
  Transcript transcript(agreed->suite->hash);
  transcript.add(message);
  if (agreed->needs_retry) {
    if (const Error error = send_retry_request(handshake, *agreed, transcript); error != Error::none) co_return error;
    const Message second = co_await handshake.message(Waiting::second_client_hello, HandshakeType::client_hello);
    const Error error = take_second_hello(handshake, second, *agreed, exchange);
    if (error != Error::none) co_return error;
    transcript.add(second.whole);
  }

  // ServerHello: our share.
  crypto::Operation generation = exchange.generation(handshake.worker().entropy);
  co_await handshake.operations(Waiting::key_generation, generation);
  std::array<std::uint8_t, kRandomBytes> random;
  handshake.worker().entropy.fill(random);
  std::array<std::uint8_t, kMaxServerHelloBytes> server_hello_memory;
  const Bytes server_hello = write_server_hello(server_hello_memory, *agreed, random, exchange.share());
  transcript.add(server_hello);
  const Digest hello_hash = transcript.digest();

  // CertificateVerify covers nothing secret: its signature and the shared secret are computed side by side.
  add_certificate_flight(handshake, *agreed, transcript);
  const Credential& credential = handshake.config().credentials[agreed->credential.credential];
  Signing signing;
  crypto::Operation signature = signing.operation(credential, agreed->credential.scheme, transcript.digest().view());
  crypto::Operation agreement = exchange.agreement();
  co_await handshake.operations(Waiting::shared_secret_and_signature, agreement, &signature);

  ClientSecrets client;
  Error error = answer(handshake, *agreed, exchange.shared_secret(), server_hello, hello_hash.view(),
                       Bytes(signing.signature).first(signature.signature_bytes), transcript, client);
  if (error != Error::none) co_return error;

  // Finished of the client: only now is the peer known to hold the keys.
  const Message finished = co_await handshake.message(Waiting::client_finished, HandshakeType::finished);
  error = check_finished(finished, client.handshake, transcript);
  if (error != Error::none) co_return error;
  error = handshake.start_reading(agreed->suite->aead, std::move(client.application));
  co_return error;
}

}  // namespace handsel::tls
