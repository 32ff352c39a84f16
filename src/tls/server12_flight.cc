#include "tls/server12_flight.h"

#include <algorithm>

#include "tls/config.h"
#include "tls/messages/extensions.h"
#include "tls/messages/finished.h"
#include "tls/messages/key_exchange12.h"
#include "tls/messages/server_hello.h"
#include "tls/resumption.h"

namespace handsel::tls {
namespace {

/// "DOWNGRD" and 1: tells a client that speaks TLS 1.3 that somebody made us fall back (RFC 8446 4.1.3).
constexpr std::array<std::uint8_t, 8> kDowngradeSentinel = {0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0x01};

/// A session that is taken up again keeps its suite and needs neither group nor certificate. The client's id comes back
/// to tell it so (RFC 5077 3.4).
void take_session(Agreed12& agreed, const ClientHello& hello, Resumption12 resumption) {
  agreed.suite = resumption.suite;
  agreed.group = {};
  agreed.credential = {};
  agreed.issues_ticket = false;  // the old one stays good, and its session no longer than it was
  agreed.issues_session_id = false;
  agreed.resumed_master = std::move(resumption.master);
  agreed.resumed_session = resumption.session;
  agreed.session_id_bytes = static_cast<std::uint8_t>(hello.session_id.size());
  std::ranges::copy(hello.session_id, agreed.session_id.begin());
}

/// Answers only what was asked (RFC 5246 7.4.1.4).
Bytes write_server_hello(MutableBytes out, Handshake& handshake, const Agreed12& agreed) {
  std::array<std::uint8_t, 320> block;
  Writer extensions(block);
  if (agreed.renegotiation_info) {
    auto extension = open_extension(extensions, ExtensionType::renegotiation_info);
    extensions.u8(0);  // the first handshake of the connection (RFC 5746 3.6)
  }
  if (const std::uint16_t limit = handshake.record_size_limit(); limit != 0) write_record_size_limit(extensions, limit);
  if (agreed.staples && !agreed.resumed()) write_empty_extension(extensions, ExtensionType::status_request);
  if (agreed.extended_master_secret) write_empty_extension(extensions, ExtensionType::extended_master_secret);
  if (agreed.point_formats && !agreed.suite->rsa_key_exchange) {
    auto extension = open_extension(extensions, ExtensionType::ec_point_formats);
    extensions.u8(1);
    extensions.u8(0);  // uncompressed (RFC 8422 5.1.2)
  }
  if (agreed.issues_ticket) write_empty_extension(extensions, ExtensionType::session_ticket);
  // "When resuming a session, the server MUST NOT include a server_name extension" (RFC 6066 3).
  if (!agreed.resumed() && !handshake.server_name().empty())
    write_empty_extension(extensions, ExtensionType::server_name);
  if (const std::string_view protocol = handshake.alpn(); !protocol.empty())
    write_protocol_names(extensions, {&protocol, 1});

  Writer writer(out);
  ServerHello hello;
  hello.random = agreed.server_random;
  hello.session_id = Bytes(agreed.session_id).first(agreed.session_id_bytes);
  hello.suite = agreed.suite->id;
  hello.has_extensions = extensions.size() != 0;
  hello.extensions = extensions.written();
  hello.emit(writer);
  return writer.written();
}

}  // namespace

std::expected<Agreed12, Error> agree12(Handshake& handshake, const ClientHello& hello) {
  const std::expected<Choice12, Error> choice = negotiate12(hello, handshake.config());
  if (!choice) return std::unexpected(choice.error());
  std::expected<Resumption12, Error> resumption = take_session12(handshake, hello, choice->server_name);
  if (!resumption) return std::unexpected(resumption.error());
  Agreed12 agreed;
  agreed.suite = choice->suite;
  agreed.group = choice->group;
  agreed.credential = choice->credential;
  agreed.client_version = hello.legacy_version;
  agreed.staples = choice->wants_ocsp &&
                   staples(handshake.config().credentials[choice->credential.credential], handshake.unix_now_ms());
  agreed.extended_master_secret = static_cast<bool>(hello.extended_master_secret);
  agreed.renegotiation_info = hello.renegotiation_info || hello.suites.contains(kRenegotiationScsv);
  agreed.point_formats = static_cast<bool>(hello.ec_point_formats);
  agreed.issues_ticket = wants_ticket12(handshake, hello);
  agreed.issues_session_id = wants_session_id12(handshake, hello);
  if (agreed.issues_session_id) {
    agreed.session_id_bytes = kMaxSessionIdBytes;
    handshake.worker().entropy.fill(agreed.session_id);
  }
  agreed.scope = scope_of(handshake.config(), choice->server_name);
  std::ranges::copy(hello.random, agreed.client_random.begin());
  handshake.worker().entropy.fill(agreed.server_random);
  std::ranges::copy(kDowngradeSentinel, agreed.server_random.end() - kDowngradeSentinel.size());
  handshake.set_credential(choice->credential.credential, choice->credential.name);
  if (resumption->suite != nullptr) take_session(agreed, hello, *std::move(resumption));

  handshake.set_alpn(choice->protocol);
  if (!choice->server_name.empty()) handshake.observe_server_name(choice->server_name);
  if (choice->record_size_limit != 0) handshake.limit_records(choice->record_size_limit, limits::kMaxPlaintext);
  Info& info = handshake.info();
  info.version = static_cast<std::uint16_t>(Version::tls12);
  info.cipher_suite = static_cast<std::uint16_t>(agreed.suite->id);
  info.group = static_cast<std::uint16_t>(agreed.group);
  info.signature_scheme = static_cast<std::uint16_t>(agreed.credential.scheme);
  info.resumed = agreed.resumed();
  return agreed;
}

Error send12(Handshake& handshake, Transcript12& transcript, Bytes message) {
  transcript.add(message);
  return handshake.queue(message);
}

Error send_server_hello12(Handshake& handshake, const Agreed12& agreed, Transcript12& transcript) {
  std::array<std::uint8_t, 448> memory;
  return send12(handshake, transcript, write_server_hello(memory, handshake, agreed));
}

Error send_certificate12(Handshake& handshake, const Agreed12& agreed, Transcript12& transcript) {
  const std::uint16_t index = agreed.credential.credential;
  const Error error = send12(handshake, transcript, handshake.config().certificate_messages12[index]);
  if (error != Error::none || !agreed.staples) return error;
  return send12(handshake, transcript, handshake.config().certificate_statuses12[index]);
}

Error send_hello_done12(Handshake& handshake, Transcript12& transcript) {
  if (const Bytes request = handshake.config().certificate_request12; !request.empty())
    if (const Error error = send12(handshake, transcript, request); error != Error::none) return error;
  std::array<std::uint8_t, kHandshakeHeaderBytes> memory;
  Writer writer(memory);
  emit_server_hello_done(writer);
  const Error error = send12(handshake, transcript, writer.written());
  return error == Error::none ? handshake.flush() : error;
}

MasterSecret12 make_master12(const Agreed12& agreed, Bytes premaster, const Transcript12& transcript) {
  if (agreed.extended_master_secret)
    return MasterSecret12::extended(agreed.suite->hash, premaster, transcript.digest().view());
  return MasterSecret12::plain(agreed.suite->hash, premaster, agreed.client_random, agreed.server_random);
}

Error finish12(Handshake& handshake, const Agreed12& agreed, const MasterSecret12& master, const KeyBlock12& keys,
               Transcript12& transcript) {
  if (agreed.issues_ticket) {
    std::array<std::uint8_t, kNewSessionTicketBytes12> memory;
    const Error error =
        send12(handshake, transcript, write_ticket12(handshake, *agreed.suite, agreed.scope, master, memory));
    if (error != Error::none) return error;
  }
  if (const Error error = handshake.flush(); error != Error::none) return error;
  if (const Error error = handshake.send_change_cipher_spec(); error != Error::none) return error;
  handshake.start_writing12(agreed.suite->aead, keys.server_key.view(), keys.server_iv.view());
  std::array<std::uint8_t, kVerifyDataBytes12> verify_data;
  master.server_finished(transcript.digest().view(), verify_data);
  std::array<std::uint8_t, kHandshakeHeaderBytes + kVerifyDataBytes12> memory;
  Writer writer(memory);
  Finished{verify_data}.emit(writer);
  const Error error = send12(handshake, transcript, writer.written());
  return error == Error::none ? handshake.flush() : error;
}

void keep_exporter12(Handshake& handshake, const Agreed12& agreed, const MasterSecret12& master) {
  if (agreed.extended_master_secret && handshake.keeps_exporter())
    handshake.keep_exporter(Exporter(master, agreed.client_random, agreed.server_random));
}

Error check_client_finished12(const Message& message, const MasterSecret12& master, const Transcript12& transcript) {
  const std::expected<Finished, Error> finished = Finished::parse(message.body, kVerifyDataBytes12);
  if (!finished) return finished.error();
  std::array<std::uint8_t, kVerifyDataBytes12> expected;
  master.client_finished(transcript.digest().view(), expected);
  return equal_constant_time(finished->verify_data, expected) ? Error::none : Error::bad_finished;
}

}  // namespace handsel::tls
