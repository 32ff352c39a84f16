/// A client session, of TLS 1.3 or 1.2, driven by arbitrary records and arbitrary crypto results. Encryption is off
/// (the AEAD copies), so that mutations reach what lies under it.
///
/// Input: one byte of flags, one of crypto results, then records. Flag 1: TLS 1.2 alone is offered; 2: a session is in
/// the cache; 4: two shares; 8: data is sent at the end; 16: closed at the end; 32: an honest handshake with our own
/// server comes first; 64: what the stage computes is no zeros; 128: records are padded, early data is sent where there
/// is a session of TLS 1.3, and one of TLS 1.2 has no ticket but an id, 32 times 5.

#include "tls_configs.h"

namespace {

using namespace handsel;
using namespace handsel::tls;
using namespace handsel::fuzz;

const ServerConfig& server_config() {
  static const ServerConfig made = [] {
    ServerConfig draft;
    draft.credentials = {credential_of(Certificates::get().ecdsa, CredentialKind::ecdsa_p256)};
    draft.min_version = Version::tls12;
    return checked(std::move(draft));
  }();
  return made;
}

/// Goes through an honest handshake, so that what follows meets a connected session.
void connect(End& client) {
  Results done;
  Worker worker(done);
  End server(worker, server_config());
  for (int i = 0; i < 4; ++i) {
    server.feed(client.take_output());
    client.feed(server.take_output());
  }
  require(client.connected());
}

ClientConfig make_config(std::uint8_t flags) {
  ClientConfig draft;
  draft.server_name = "example.test";
  draft.verification = Verification::none;
  draft.alpn = {"h2", "http/1.1"};
  draft.shares = (flags & 4) != 0 ? 2 : 1;
  draft.records_per_key = 3;
  if ((flags & 1) != 0) draft.max_version = Version::tls12;
  if ((flags & 128) != 0) {
    draft.early_data = true;
    draft.record_padding = kPadding;
  }
  Credential credential;
  credential.key.value = 0;
  credential.chain = {Buffer(600, 0x30)};
  draft.credential = credential;
  return checked(std::move(draft));
}

const ClientConfig& config(std::uint8_t flags) {
  return cached<ClientConfig>(static_cast<std::uint8_t>(flags & (1 | 4 | 128)), make_config);
}

void remember(SessionCache& sessions, const ClientConfig& config, Version version, bool by_id) {
  SessionCache::Room room = sessions.open();
  room->scope = config.session_scope;
  room->version = version;
  room->suite =
      version == Version::tls13 ? CipherSuite::aes_128_gcm_sha256 : CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256;
  room->extended_master_secret = true;
  room->expires_unix_ms = 2'000 * kNowUnix;
  room->secret.fill(version == Version::tls13 ? 32 : 48);
  room->max_early_data = kMaxEarlyData;
  room->alpn = 0;
  if (by_id && version == Version::tls12) {
    room->session_id_bytes = kMaxSessionIdBytes;
    room->session_id.fill(5);
  } else {
    room->set_ticket(Buffer(64, 7));
  }
  room.keep();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint8_t flags = data[0];
  Results results;
  Worker worker(results);
  const Version version = (flags & 1) != 0 ? Version::tls12 : Version::tls13;
  if ((flags & 2) != 0) remember(worker.sessions, config(flags), version, (flags & 128) != 0);
  {
    End client(worker, config(flags));
    client.start();
    if ((flags & 32) != 0)
      connect(client);
    else if (client.session.early_room() != 0)
      client.session.send_early(as_bytes("in haste"), client);
    results.statuses = data[1];
    if ((flags & 64) != 0) results.output = data[1] | 1;
    client.feed(Bytes{data, size}.subspan(2));
    if ((flags & 8) != 0) client.session.send(Bytes{data, size}, client);
    if ((flags & 16) != 0) client.session.close(client);
  }
  worker.check_empty();
  return 0;
}
