#include "tls/server13_flight.h"

#include <cassert>
#include <utility>

#include "tls/finished13.h"
#include "tls/messages/certificate.h"
#include "tls/messages/encrypted_extensions.h"
#include "tls/messages/extensions.h"
#include "tls/messages/pre_shared_key.h"
#include "tls/messages/server_hello.h"

namespace handsel::tls {
namespace {

/// What the client asked for and gets: server_name acknowledged (RFC 6066 3), the protocol chosen (RFC 7301 3.1),
/// our record_size_limit (RFC 8449 4).
Bytes write_encrypted_extensions(MutableBytes out, Handshake& handshake) {
  std::array<std::uint8_t, 300> block;
  Writer extensions(block);
  if (const std::uint16_t limit = handshake.record_size_limit(); limit != 0) write_record_size_limit(extensions, limit);
  if (handshake.info().early_data == EarlyData::accepted) write_empty_extension(extensions, ExtensionType::early_data);
  if (!handshake.server_name().empty()) write_empty_extension(extensions, ExtensionType::server_name);
  if (const std::string_view protocol = handshake.alpn(); !protocol.empty())
    write_protocol_names(extensions, {&protocol, 1});
  Writer writer(out);
  EncryptedExtensions message;
  message.extensions = extensions.written();
  message.emit(writer);
  return writer.written();
}

/// EncryptedExtensions to Finished, under the handshake keys.
Error send_protected(Handshake& handshake, const Agreed& agreed, const FinishedKey& key, const Signing& signing,
                     Transcript& transcript) {
  std::array<std::uint8_t, kMaxSignatureBytes + 16> memory;
  if (const Error error = handshake.queue(write_encrypted_extensions(memory, handshake)); error != Error::none)
    return error;
  if (signing.signature_bytes != 0) {
    if (const Bytes request = handshake.config().certificate_request; !request.empty())
      if (const Error error = handshake.queue(request); error != Error::none) return error;
    const Bytes certificate = agreed.certificate_message(handshake.config());
    if (const Error error = handshake.queue(certificate); error != Error::none) return error;
    Writer verify(memory);
    CertificateVerify{agreed.credential->scheme, signing.signature()}.emit(verify);
    transcript.add(verify.written());
    if (const Error error = handshake.queue(verify.written()); error != Error::none) return error;
  }
  const Bytes finished = write_finished13(memory, key, transcript);
  if (const Error error = handshake.queue(finished); error != Error::none) return error;
  return handshake.flush();
}

/// Both forms of ServerHello.
Bytes write_hello(MutableBytes out, const Agreed& agreed, Bytes random, Bytes extensions) {
  Writer writer(out);
  ServerHello hello;
  hello.random = random;
  hello.session_id = agreed.echoed_session_id();
  hello.suite = agreed.suite->id;
  hello.has_extensions = true;
  hello.extensions = extensions;
  hello.emit(writer);
  assert(writer.ok());
  return writer.written();
}

}  // namespace

Bytes write_retry_request(MutableBytes out, const Agreed& agreed, Bytes cookie) {
  std::array<std::uint8_t, kMaxRetryExtensionsBytes> block;
  Writer extensions(block);
  write_retry_group(extensions, agreed.group);
  write_selected_version(extensions, Version::tls13);
  write_cookie(extensions, cookie);
  assert(extensions.ok());
  return write_hello(out, agreed, kRetryRandom, extensions.written());
}

Bytes write_server_hello(MutableBytes out, const Agreed& agreed, Bytes random, Bytes share,
                         const Resumption& resumption) {
  std::array<std::uint8_t, kMaxServerHelloExtensionsBytes> block;
  Writer extensions(block);
  if (agreed.group != NamedGroup::none) write_server_share(extensions, {agreed.group, share});
  write_selected_version(extensions, Version::tls13);
  if (resumption) write_selected_psk(extensions, resumption.index);
  assert(extensions.ok());
  return write_hello(out, agreed, random, extensions.written());
}

void add_to_be_signed(Handshake& handshake, const Agreed& agreed, bool with_certificate, Transcript& transcript) {
  std::array<std::uint8_t, 320> memory;
  transcript.add(write_encrypted_extensions(memory, handshake));
  if (!with_certificate) return;
  transcript.add(handshake.config().certificate_request);
  transcript.add(agreed.certificate_message(handshake.config()));
}

Error send_flight(Handshake& handshake, const Agreed& agreed, EarlySecret early, Bytes shared_secret,
                  Bytes server_hello, Bytes hello_hash, const Signing& signing, Transcript& transcript,
                  Secrets13& secrets) {
  if (const Error error = handshake.queue(server_hello); error != Error::none) return error;
  if (const Error error = handshake.flush(); error != Error::none) return error;
  if (agreed.compatibility_mode() && !handshake.info().retried)
    if (const Error error = handshake.send_change_cipher_spec(); error != Error::none) return error;

  const crypto::AeadId aead = agreed.suite->aead;
  HandshakeSecret secret = std::move(early).handshake(shared_secret);
  BothHandshakeKeys keys = secret.keys(aead, hello_hash);
  secrets.client_handshake = std::move(keys.client);
  handshake.start_writing(aead, keys.server.records);
  if (const Error error = send_protected(handshake, agreed, keys.server.finished, signing, transcript);
      error != Error::none)
    return error;

  MasterSecret master = std::move(secret).master();
  const Digest through_finished = transcript.digest();
  TrafficSecrets traffic = master.application(through_finished.view());
  secrets.client_application = std::move(traffic.client);
  handshake.start_writing(aead, std::move(traffic.server));
  if (handshake.keeps_exporter()) secrets.exporter = master.exporter(through_finished.view());
  if (agreed.wants_tickets) secrets.master.emplace(std::move(master));
  if (handshake.takes_early_data()) {
    handshake.allow_early_answer();
    return Error::none;
  }
  return handshake.start_reading(aead, secrets.client_handshake.records);
}

}  // namespace handsel::tls
