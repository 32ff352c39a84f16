/// A server session, of TLS 1.3 or 1.2, driven by arbitrary records and arbitrary crypto results. Encryption is off
/// (the AEAD copies), so that mutations reach what lies under it.
///
/// Input: one byte of flags, one of crypto results, then records. Flag 1: an honest handshake comes first; 2: data is
/// sent at the end; 4: closed at the end; 8: clients are asked for certificates; 16: RSA key exchange is spoken, and
/// tickets are taken; 32: what the stage computes is no zeros.

#include "tls/key_schedule13.h"
#include "tls/messages/finished.h"
#include "tls/transcript.h"
#include "tls_configs.h"

namespace {

using namespace handsel;
using namespace handsel::tls;
using namespace handsel::fuzz;

ServerConfig make_config(bool asks, bool more) {
  ServerConfig draft;
  Credential credential;
  credential.key.value = 0;
  credential.chain = {Buffer(600, 0x30)};
  credential.names = {"example.test"};
  draft.credentials = {credential};
  credential.kind = CredentialKind::rsa;
  draft.credentials.push_back(credential);
  draft.records_per_key = 3;
  draft.min_version = Version::tls12;
  if (asks) {
    draft.client_certificates = ClientCertificates::request;
    draft.client_trust = Certificates::get().trust;
  }
  if (more) {
    draft.rsa_key_exchange = true;
    draft.ticket_keys = ticket_keys();
    draft.alpn = {"h2"};
  }
  return checked(std::move(draft));
}

const ServerConfig& config(std::uint8_t flags) {
  static const std::array made = {make_config(false, false), make_config(true, false), make_config(false, true),
                                  make_config(true, true)};
  return made[flags >> 3 & 3];
}

/// The handshake messages that the server has sent, with the layers around them taken off.
Buffer messages_in(Bytes records) {
  Buffer messages;
  while (!records.empty()) {
    const std::size_t bytes = load_be16(&records[3]);
    const Bytes body = records.subspan(kRecordHeaderBytes, bytes);
    if (records[0] == 22) messages.insert(messages.end(), body.begin(), body.end());
    if (records[0] == 23) messages.insert(messages.end(), body.begin(), body.end() - 17);
    records = records.subspan(kRecordHeaderBytes + bytes);
  }
  return messages;
}

// A ClientHello for TLS_AES_128_GCM_SHA256, X25519 and ECDSA P-256, as one record.
Buffer plain_hello() {
  Buffer body = {3, 3};
  body.resize(2 + kRandomBytes, 7);
  const Buffer rest = {0, 0, 2,  0x13, 1,  1, 0, 0, 64, 0, 43, 0, 3,  2, 3,  4, 0,  10, 0,  4, 0,
                       2, 0, 29, 0,    13, 0, 4, 0, 2,  4, 3,  0, 51, 0, 38, 0, 36, 0,  29, 0, 32};
  body.insert(body.end(), rest.begin(), rest.end());
  body.resize(body.size() + 32, 9);
  const std::size_t extensions = body.size() - (2 + kRandomBytes + 1 + 4 + 2 + 2);
  store_be16(&body[2 + kRandomBytes + 1 + 4 + 2], static_cast<std::uint16_t>(extensions));
  Buffer record = {
      22, 3, 1, 0, static_cast<std::uint8_t>(body.size() + 4), 1, 0, 0, static_cast<std::uint8_t>(body.size())};
  record.insert(record.end(), body.begin(), body.end());
  return record;
}

/// Goes through an honest handshake without a certificate of the client's, so that what follows meets a connected
/// session. The client's empty Certificate goes in front of its Finished where one was asked for.
void connect(End& server, bool asked) {
  const Buffer hello = plain_hello();
  server.feed(hello);
  Buffer flight = messages_in(server.take_output());
  Transcript transcript(crypto::HashId::sha256);
  transcript.add(Bytes(hello).subspan(kRecordHeaderBytes));
  const std::size_t server_hello = kHandshakeHeaderBytes + load_be24(&flight[1]);
  transcript.add(Bytes(flight).first(server_hello));
  const Digest hello_hash = transcript.digest();
  transcript.add(Bytes(flight).subspan(server_hello));
  const std::array<std::uint8_t, 32> shared{};
  const HandshakeSecret secret = EarlySecret(crypto::HashId::sha256).handshake(shared);
  Buffer content;
  if (asked) content = {11, 0, 0, 4, 0, 0, 0, 0};
  transcript.add(content);
  Digest verify_data = transcript.digest();
  secret.client_handshake(hello_hash.view()).finished(verify_data.view(), MutableBytes(verify_data.bytes).first(32));
  content.insert(content.end(), {20, 0, 0, 32});
  content.insert(content.end(), verify_data.view().begin(), verify_data.view().end());
  content.push_back(22);
  content.resize(content.size() + 16, 0);
  Buffer record = {23, 3, 3, 0, static_cast<std::uint8_t>(content.size())};
  record.insert(record.end(), content.begin(), content.end());
  server.feed(record);
  require(server.connected());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint8_t flags = data[0];
  Results results;
  Worker worker(results);
  {
    End server(worker, config(flags));
    if ((flags & 1) != 0) connect(server, (flags & 8) != 0);
    results.statuses = data[1];
    if ((flags & 32) != 0) results.output = data[1] | 1;
    server.feed(Bytes{data, size}.subspan(2));
    if ((flags & 2) != 0) server.session.send(Bytes{data, size}, server);
    if ((flags & 4) != 0) server.session.close(server);
  }
  worker.check_empty();
  return 0;
}
