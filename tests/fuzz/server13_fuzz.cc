/// A server session, of TLS 1.3 or 1.2, driven by arbitrary records and arbitrary crypto results. Encryption is off
/// (the AEAD copies), so that mutations reach what lies under it.
///
/// Input: one byte of flags, one of crypto results, then records. Flag 1: an honest handshake comes first; 2: data is
/// sent at the end; 4: closed at the end; 8: clients are asked for certificates; 16: RSA key exchange is spoken, and
/// tickets are taken; 32: what the stage computes is no zeros; 64: without flag 1, a ClientHello comes first whose
/// early data is accepted; 128: records are padded. A session of TLS 1.2 may be resumed by its id, 32 times 5.

#include "tls/key_schedule13.h"
#include "tls/messages/extensions.h"
#include "tls/messages/finished.h"
#include "tls/messages/pre_shared_key.h"
#include "tls/resumption.h"
#include "tls/server_sessions.h"
#include "tls/transcript.h"
#include "tls_configs.h"

namespace {

using namespace handsel;
using namespace handsel::tls;
using namespace handsel::fuzz;

enum Flag : std::uint8_t {
  kConnects = 1,
  kSends = 2,
  kCloses = 4,
  kAsks = 8,
  kMore = 16,
  kFills = 32,
  kEarly = 64,
  kPads = 128,
};

ServerConfig make_config(std::uint8_t flags) {
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
  if ((flags & kAsks) != 0) {
    draft.client_certificates = ClientCertificates::request;
    draft.client_trust = Certificates::get().trust;
  }
  if ((flags & kMore) != 0) {
    draft.rsa_key_exchange = true;
    draft.alpn = {"h2"};
  }
  if ((flags & (kMore | kEarly)) != 0) draft.ticket_keys = ticket_keys();
  if ((flags & kEarly) != 0) draft.max_early_data = kMaxEarlyData;
  if ((flags & kPads) != 0) draft.record_padding = kPadding;
  return checked(std::move(draft));
}

const ServerConfig& config(std::uint8_t flags) {
  return cached<ServerConfig>(static_cast<std::uint8_t>(flags & (kAsks | kMore | kEarly | kPads)), make_config);
}

void remember(ServerSessions& sessions, const ServerConfig& config) {
  ServedSession session{.config = &config};
  session.id.fill(5);
  session.state.version = Version::tls12;
  session.state.suite = CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256;
  session.state.issued_unix_ms = kNowUnix * 1'000;
  session.state.scope = scope_of(config, "example.test");
  session.state.secret.assign(Buffer(48));
  sessions.keep(std::move(session));
}

/// The handshake messages that the server has sent, with the layers around them taken off.
Buffer messages_in(Bytes records) {
  Buffer messages;
  while (!records.empty()) {
    const std::size_t bytes = load_be16(&records[3]);
    Bytes body = records.subspan(kRecordHeaderBytes, bytes);
    if (records[0] == 22) messages.insert(messages.end(), body.begin(), body.end());
    if (records[0] == 23) {
      while (body.back() == 0) body = body.first(body.size() - 1);  // tag and padding
      messages.insert(messages.end(), body.begin(), body.end() - 1);
    }
    records = records.subspan(kRecordHeaderBytes + bytes);
  }
  return messages;
}

// A ClientHello for TLS_AES_128_GCM_SHA256, X25519 and ECDSA P-256, as one record; `more` extensions are its last.
Buffer plain_hello(const Buffer& more = {}) {
  Buffer body = {3, 3};
  body.resize(2 + kRandomBytes, 7);
  const Buffer rest = {0, 0, 2,  0x13, 1,  1, 0, 0, 64, 0, 43, 0, 3,  2, 3,  4, 0,  10, 0,  4, 0,
                       2, 0, 29, 0,    13, 0, 4, 0, 2,  4, 3,  0, 51, 0, 38, 0, 36, 0,  29, 0, 32};
  body.insert(body.end(), rest.begin(), rest.end());
  body.resize(body.size() + 32, 9);
  body.insert(body.end(), more.begin(), more.end());
  const std::size_t extensions = body.size() - (2 + kRandomBytes + 1 + 4 + 2 + 2);
  store_be16(&body[2 + kRandomBytes + 1 + 4 + 2], static_cast<std::uint16_t>(extensions));
  Buffer record(kRecordHeaderBytes + kHandshakeHeaderBytes);
  record[0] = 22;
  store_be16(&record[1], 0x0301);
  store_be16(&record[3], static_cast<std::uint16_t>(kHandshakeHeaderBytes + body.size()));
  record[kRecordHeaderBytes] = 1;
  store_be16(&record[kRecordHeaderBytes + 2], static_cast<std::uint16_t>(body.size()));
  record.insert(record.end(), body.begin(), body.end());
  return record;
}

/// Offers a ticket and announces early data, which is accepted: what follows is read as that.
void announce_early_data(End& server, Worker& worker, const ServerConfig& config) {
  TicketState state;
  state.version = Version::tls13;
  state.suite = CipherSuite::aes_128_gcm_sha256;
  state.issued_unix_ms = kNowUnix * 1'000;
  state.scope = scope_of(config, "");
  state.max_early_data = kMaxEarlyData;
  state.guard = worker.replay_guard.name();
  state.secret.assign(Buffer(32));
  std::array<std::uint8_t, TicketKeys::kMaxTicketBytes> ticket;
  Buffer more(400);
  Writer writer(more);
  write_empty_extension(writer, ExtensionType::early_data);
  write_psk_modes(writer, std::array{kPskWithDhe});
  write_offered_psk(writer, {ticket_keys()->seal(worker.aead, worker.entropy, state, ticket), state.age_add}, 32);
  more.resize(writer.written().size());

  Buffer hello = plain_hello(more);
  const MutableBytes message = MutableBytes(hello).subspan(kRecordHeaderBytes);
  constexpr std::size_t kBindersBytes = 2 + 1 + 32;
  Transcript transcript(crypto::HashId::sha256);
  transcript.add(message.first(message.size() - kBindersBytes));
  EarlySecret(crypto::HashId::sha256, state.secret.view())
      .resumption_binder()
      .finished(transcript.digest().view(), message.last(32));
  server.feed(hello);
  require(server.session.info().early_data == EarlyData::accepted && !server.failed());
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
  bool kept_more = false;
  {
    remember(worker.served, config(flags));
    End server(worker, config(flags));
    if ((flags & kConnects) != 0)
      connect(server, (flags & kAsks) != 0);
    else if ((flags & kEarly) != 0)
      announce_early_data(server, worker, config(flags));
    results.statuses = data[1];
    if ((flags & kFills) != 0) results.output = data[1] | 1;
    server.feed(Bytes{data, size}.subspan(2));
    if ((flags & kSends) != 0) server.session.send(Bytes{data, size}, server);
    if ((flags & kCloses) != 0) server.session.close(server);
    kept_more = server.was_connected();
  }
  worker.check_empty();
  require(worker.served.size() <= (kept_more ? 2u : 1u));  // a session is kept of no handshake that has failed
  return 0;
}
