#include "meeting.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "client_authority.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

constexpr const char* kProtocol = "http/1.1";
constexpr std::uint64_t kRecordsPerKey = 3;
constexpr std::size_t kEarlyBytes = 700;

const crypto::Issued& server_certificate(CredentialKind kind) {
  const LibsslCertificates& all = LibsslCertificates::get();
  if (kind == CredentialKind::ecdsa_p256) return all.ecdsa;
  if (kind == CredentialKind::ecdsa_p384) return all.ecdsa_p384;
  return kind == CredentialKind::ed25519 ? all.ed25519 : all.rsa;
}

/// A client's certificate is of the server's kind.
const crypto::Issued& certificate_of_client(CredentialKind kind) {
  static const std::array<crypto::Issued, 4> made = {client_certificate({}), client_certificate({.curve = nullptr}),
                                                     client_certificate({.curve = "P-384"}),
                                                     client_certificate({.curve = "ED25519"})};
  return made[static_cast<std::size_t>(kind)];
}

const Credential& credential_of(Side side, CredentialKind kind) {
  static const std::array<std::vector<Credential>, 2> made = [] {
    std::array<std::vector<Credential>, 2> both;
    for (std::size_t i = 0; i < 4; ++i) {
      const auto each = static_cast<CredentialKind>(i);
      both[0].push_back(client_credential(server_certificate(each)));
      both[0].back().names = {"example.test"};
      both[1].push_back(client_credential(certificate_of_client(each)));
    }
    return both;
  }();
  return made[static_cast<std::size_t>(side)][static_cast<std::size_t>(kind)];
}

void show(SSL* ssl, const crypto::Issued& issued) {
  STACK_OF(X509)* const chain = sk_X509_new_null();
  sk_X509_push(chain, LibsslCertificates::get().authority.intermediate().x509.get());
  EXPECT_EQ(SSL_use_cert_and_key(ssl, issued.x509.get(), issued.pkey.get(), chain, 1), 1);
  sk_X509_free(chain);
}

std::string all_groups() {
  std::string names;
  for (const GroupRow& row : group_rows()) names += (names.empty() ? "" : ":") + std::string(row.name);
  return names;
}

/// The one scheme; beside it one for the suite, without which OpenSSL's client would not begin.
std::string offered_schemes(const Combination& combination) {
  std::string schemes = combination.signing->name;
  if (combination.is_tls13()) return schemes;
  return schemes + (combination.suite->suite.authentication == Authentication::rsa ? ":RSA+SHA512" : ":ECDSA+SHA512");
}

std::vector<NamedGroup> group_numbers() {
  std::vector<NamedGroup> numbers;
  for (const GroupRow& row : group_rows()) numbers.push_back(row.group);
  return numbers;
}

std::shared_ptr<const TicketKeys> ticket_keys() {
  crypto::SystemEntropy entropy;
  static const std::shared_ptr<const TicketKeys> keys = TicketKeys::random(entropy);
  return keys;
}

ServerConfig server_config(const Combination& combination) {
  ServerConfig draft;
  draft.credentials = {credential_of(Side::server, combination.signing->kind)};
  draft.alpn = {kProtocol};
  draft.groups = group_numbers();
  if (combination.restricting == Side::server) draft.groups = {combination.group->group};
  if (combination.is_tls13()) draft.suites = {combination.suite->suite.id};
  draft.min_version = Version::tls12;
  draft.rsa_key_exchange = combination.suite->suite.rsa_key_exchange;
  draft.records_per_key = combination.is_tls13() ? kRecordsPerKey : limits::kKeyUpdateRecords;
  if (combination.resumption == Resumption::ticket || combination.resumption == Resumption::early)
    draft.ticket_keys = ticket_keys();
  if (combination.resumption == Resumption::early) draft.max_early_data = kEarlyBytes;
  if (combination.proof != ClientProof::not_asked) {
    draft.client_certificates =
        combination.client_shows_certificate() ? ClientCertificates::require : ClientCertificates::request;
    draft.client_trust = LibsslCertificates::get().trust;
  }
  return *prepared(std::move(draft));
}

ClientConfig client_config(const Combination& combination) {
  ClientConfig draft;
  draft.server_name = "example.test";
  draft.trust = LibsslCertificates::get().trust;
  draft.alpn = {"h2", kProtocol};
  draft.groups = group_numbers();
  if (combination.restricting == Side::client) draft.groups = {combination.group->group};
  draft.resume_sessions = combination.resumption != Resumption::none;
  draft.early_data = combination.resumption == Resumption::early;
  draft.records_per_key = combination.is_tls13() ? kRecordsPerKey : limits::kKeyUpdateRecords;
  if (combination.proof == ClientProof::given)
    draft.credential = credential_of(Side::client, combination.signing->kind);
  return *prepared(std::move(draft));
}

int choose_protocol_of_libssl(SSL*, const unsigned char** out, unsigned char* bytes, const unsigned char* in,
                              unsigned in_bytes, void*) {
  static const std::string known = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int result = SSL_select_next_proto(&chosen, bytes, reinterpret_cast<const unsigned char*>(known.data()),
                                           static_cast<unsigned>(known.size()), in, in_bytes);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

Hall::Hall() : server(LibsslCertificates::get().ecdsa) {
  server_world.worker.unix_at_zero_ms = client_world.worker.unix_at_zero_ms;
  server_world.worker.server_sessions = &served;
  X509_STORE* const trusted = SSL_CTX_get_cert_store(client.context());
  X509_STORE_add_cert(trusted, LibsslCertificates::get().authority.root().x509.get());
  X509_STORE_add_cert(SSL_CTX_get_cert_store(server.context()), LibsslCertificates::get().authority.root().x509.get());
  SSL_CTX_set_alpn_select_cb(server.context(), choose_protocol_of_libssl, nullptr);
}

Meeting::Meeting(Hall& hall, const Combination& combination, std::uint32_t seed)
    : hall_(hall),
      combination_(combination),
      guard_(64, hall.server_world.entropy),
      to_theirs_(combination.cut, seed),
      to_ours_(combination.cut, seed + 1),
      seed_(seed) {
  if (combination.ours == Side::server)
    server_config_ = server_config(combination);
  else
    client_config_ = client_config(combination);
  sessions_.emplace(SessionCache::Sizes{8, 2, 4});
  hall.client_world.worker.client_sessions = &*sessions_;
  hall.server_world.worker.replay_guard = &guard_;
}

Meeting::~Meeting() {
  hall_.client_world.worker.client_sessions = &hall_.client_world.sessions;
  hall_.server_world.worker.replay_guard = &hall_.server_world.replay_guard;
}

void Meeting::set_up_client(SSL* ssl) {
  const Combination& each = combination_;
  SSL_set_min_proto_version(ssl, static_cast<int>(each.version()));
  SSL_set_max_proto_version(ssl, static_cast<int>(each.version()));
  EXPECT_EQ(each.is_tls13() ? SSL_set_ciphersuites(ssl, each.suite->name) : SSL_set_cipher_list(ssl, each.suite->name),
            1);
  const std::string groups = each.restricting == Side::client ? each.group->name : all_groups();
  EXPECT_EQ(SSL_set1_groups_list(ssl, groups.c_str()), 1);
  EXPECT_EQ(SSL_set1_sigalgs_list(ssl, offered_schemes(each).c_str()), 1);
  SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  SSL_set1_host(ssl, "example.test");
  static const std::string offered = "\x02h2\x08http/1.1";
  SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(offered.data()),
                      static_cast<unsigned>(offered.size()));
  if (!each.extended_master_secret) SSL_set_options(ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET);
  if (each.resumption == Resumption::session_id) SSL_set_options(ssl, SSL_OP_NO_TICKET);
  if (each.proof == ClientProof::given) show(ssl, certificate_of_client(each.signing->kind));
}

void Meeting::set_up_server(SSL* ssl) {
  const Combination& each = combination_;
  SSL_set_min_proto_version(ssl, static_cast<int>(each.version()));
  SSL_set_max_proto_version(ssl, static_cast<int>(each.version()));
  EXPECT_EQ(each.is_tls13() ? SSL_set_ciphersuites(ssl, each.suite->name) : SSL_set_cipher_list(ssl, each.suite->name),
            1);
  const std::string groups = each.restricting == Side::server ? each.group->name : all_groups();
  EXPECT_EQ(SSL_set1_groups_list(ssl, groups.c_str()), 1);
  EXPECT_EQ(SSL_set1_sigalgs_list(ssl, each.signing->name), 1);
  show(ssl, server_certificate(each.signing->kind));
  if (each.resumption == Resumption::none || each.resumption == Resumption::session_id)
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
  SSL_set_max_early_data(ssl, each.resumption == Resumption::early ? kEarlyBytes : 0);
  if (!each.extended_master_secret) SSL_set_options(ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET);
  if (each.proof != ClientProof::not_asked)
    SSL_set_verify(
        ssl, SSL_VERIFY_PEER | (each.client_shows_certificate() ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE),
        nullptr);
}

void Meeting::set_up_theirs() {
  theirs().next_connection();
  SSL* const ssl = theirs().ssl();
  if (combination_.ours == Side::server)
    set_up_client(ssl);
  else
    set_up_server(ssl);
  if (combination_.cut == Cut::records) SSL_set_max_send_fragment(ssl, 512);
}

void Meeting::connect(bool again) {
  set_up_theirs();
  if (session_) {
    EXPECT_EQ(SSL_set_session(theirs().ssl(), session_.get()), 1);
  }
  to_theirs_ = Cutter(combination_.cut, seed_);
  to_ours_ = Cutter(combination_.cut, seed_ + 1);
  if (combination_.ours == Side::server) {
    ours_ = std::make_unique<ServerEnd>(hall_.server_world, server_config_);
  } else {
    auto client = std::make_unique<ClientEnd>(hall_.client_world, client_config_);
    client->start();
    ours_ = std::move(client);
  }
  if (again && combination_.resumption == Resumption::early) send_early_data();
  exchange();
}

void Meeting::send_early_data() {
  const Buffer data = pattern(kEarlyBytes);
  early_.clear();
  if (combination_.ours == Side::client) {
    EXPECT_TRUE(ours_->session().send_early(data, *ours_));
    hears_early_ = true;
    return;
  }
  std::size_t written = 0;
  EXPECT_EQ(SSL_write_early_data(theirs().ssl(), data.data(), data.size(), &written), 1);
}

/// What OpenSSL's server is sent early it gives out before it goes on; true when there is no more.
bool Meeting::hear_early_data() {
  Buffer chunk(16'384);
  std::size_t count = 0;
  int result = 0;
  while ((result = SSL_read_early_data(theirs().ssl(), chunk.data(), chunk.size(), &count)) ==
         SSL_READ_EARLY_DATA_SUCCESS)
    append(early_, Bytes(chunk).first(count));
  return result == SSL_READ_EARLY_DATA_FINISH;
}

void Meeting::run_theirs() {
  if (hears_early_) hears_early_ = !hear_early_data();
  if (!hears_early_) theirs().run();
}

void Meeting::exchange() {
  for (;;) {
    const Buffer to_theirs = ours_->take_output();
    to_theirs_.carry(to_theirs, [this](Bytes piece) {
      theirs().give(piece);
      run_theirs();
    });
    if (to_theirs.empty()) run_theirs();
    const Buffer to_ours = theirs().take_output();
    to_ours_.carry(to_ours, [this](Bytes piece) {
      ours_->receive(piece);
      ours_->settle();
    });
    if (to_theirs.empty() && to_ours.empty()) return;
  }
}

void Meeting::expect_agreement() {
  const bool twice = combination_.resumption != Resumption::none;
  for (int round = 0; round < (twice ? 2 : 1); ++round) {
    connect(round == 1);
    ASSERT_TRUE(ours_->connected) << name_of(ours_->session().failure().error) << ", alert "
                                  << name_of(ours_->session().failure().alert);
    ASSERT_TRUE(theirs().connected());
    expect_same_view(round == 1 && combination_.resumes());
    if (round == 1 && combination_.resumption == Resumption::early) expect_early_data();
    expect_data_both_ways();
    if (combination_.is_tls13()) expect_keys_updated();
    if (twice && combination_.ours == Side::server) session_.reset(SSL_get1_session(theirs().ssl()));
    expect_closed();
    for (World* world : {&hall_.server_world, static_cast<World*>(&hall_.client_world)}) {
      EXPECT_EQ(world->frames.blocks_taken(), 0u);
      EXPECT_EQ(world->frames.longs_taken(), 0u);
      EXPECT_EQ(world->stage.waiting(), 0u);
    }
  }
}

void Meeting::expect_same_view(bool resumed) {
  SSL* const ssl = theirs().ssl();
  const Info& info = ours_->session().info();
  EXPECT_EQ(SSL_version(ssl), info.version);
  EXPECT_EQ(info.version, static_cast<std::uint16_t>(combination_.version()));
  EXPECT_EQ(SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl)), info.cipher_suite);
  EXPECT_EQ(info.cipher_suite, static_cast<std::uint16_t>(combination_.suite->suite.id));
  EXPECT_EQ(SSL_session_reused(ssl) == 1, info.resumed);
  EXPECT_EQ(info.resumed, resumed);
  EXPECT_EQ(info.retried, combination_.retries());
  const bool exchanges_shares = combination_.is_tls13() || (!resumed && !combination_.suite->suite.rsa_key_exchange);
  EXPECT_EQ(info.group, exchanges_shares ? static_cast<std::uint16_t>(combination_.group->group) : 0);
  if (exchanges_shares) {
    EXPECT_EQ(SSL_get_negotiated_group(ssl), combination_.group->nid);
  }
  if (!combination_.is_tls13()) {
    EXPECT_EQ(SSL_get_extms_support(ssl), combination_.extended_master_secret ? 1 : 0);
    EXPECT_EQ(SSL_get_secure_renegotiation_support(ssl), 1);
  }
  const unsigned char* protocol = nullptr;
  unsigned protocol_bytes = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &protocol_bytes);
  EXPECT_EQ(as_text({protocol, protocol_bytes}), kProtocol);
  EXPECT_EQ(ours_->session().alpn(), kProtocol);
  EXPECT_EQ(ours_->session().server_name(), "example.test");
  if (!resumed && !combination_.suite->suite.rsa_key_exchange) expect_same_signature();
  expect_client_known();
}

void Meeting::expect_same_signature() {
  const SigningRow& signing = *combination_.signing;
  SSL* const ssl = theirs().ssl();
  EXPECT_EQ(ours_->session().info().signature_scheme, static_cast<std::uint16_t>(signing.scheme));
  int key = 0, hash = 0;
  if (combination_.ours == Side::server) {
    EXPECT_EQ(SSL_get_peer_signature_type_nid(ssl, &key), 1);
    EXPECT_EQ(SSL_get_peer_signature_nid(ssl, &hash), 1);
    EXPECT_EQ(SSL_get_verify_result(ssl), X509_V_OK);
  } else {
    EXPECT_EQ(SSL_get_signature_type_nid(ssl, &key), 1);
    EXPECT_EQ(SSL_get_signature_nid(ssl, &hash), 1);
  }
  const auto kind_of_key = [](int nid) { return nid == NID_rsassaPss ? NID_rsaEncryption : nid; };
  EXPECT_EQ(kind_of_key(key), kind_of_key(signing.key_nid));
  EXPECT_EQ(hash, signing.hash_nid);
}

void Meeting::expect_client_known() {
  const bool known = combination_.client_shows_certificate();
  if (combination_.ours == Side::server) {
    EXPECT_EQ(ours_->session().info().client_authenticated, known);
    return;
  }
  X509* const seen = SSL_get0_peer_certificate(theirs().ssl());
  ASSERT_EQ(seen != nullptr, known);
  if (known) {
    EXPECT_EQ(X509_cmp(seen, certificate_of_client(combination_.signing->kind).x509.get()), 0);
  }
}

void Meeting::expect_early_data() {
  const bool taken = combination_.takes_early_data();
  EXPECT_EQ(ours_->session().info().early_data, taken ? EarlyData::accepted : EarlyData::rejected);
  EXPECT_EQ(SSL_get_early_data_status(theirs().ssl()), taken ? SSL_EARLY_DATA_ACCEPTED : SSL_EARLY_DATA_REJECTED);
  const Buffer& came = combination_.ours == Side::server ? ours_->early_plaintext : early_;
  EXPECT_TRUE(came == (taken ? pattern(kEarlyBytes) : Buffer{})) << came.size() << " bytes came";
}

void Meeting::expect_data_both_ways() {
  const Buffer data = pattern(combination_.cut == Cut::whole ? 20'000 : 600);
  theirs().plaintext.clear();
  ours_->plaintext.clear();
  ASSERT_TRUE(ours_->session().send(data, *ours_));
  exchange();
  EXPECT_TRUE(theirs().plaintext == data);
  std::size_t written = 0;
  ASSERT_EQ(SSL_write_ex(theirs().ssl(), data.data(), data.size(), &written), 1);
  exchange();
  EXPECT_TRUE(ours_->plaintext == data);
}

// Both change their keys: theirs when told to, ours after every few records.
void Meeting::expect_keys_updated() {
  World& world = combination_.ours == Side::server ? hall_.server_world : hall_.client_world;
  const std::uint64_t in = world.statistics.key_updates_in.get(), out = world.statistics.key_updates_out.get();
  theirs().plaintext.clear();
  ours_->plaintext.clear();
  for (const int kind : {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
    ASSERT_EQ(SSL_key_update(theirs().ssl(), kind), 1);
    ASSERT_EQ(SSL_write(theirs().ssl(), "x", 1), 1);
    exchange();
    for (std::uint64_t i = 0; i <= kRecordsPerKey; ++i) ours_->send("y");
    exchange();
  }
  EXPECT_EQ(as_text(ours_->plaintext), "xx");
  EXPECT_EQ(as_text(theirs().plaintext), "yyyyyyyy");
  EXPECT_EQ(world.statistics.key_updates_in.get(), in + 2);
  EXPECT_GE(world.statistics.key_updates_out.get(), out + 3);
}

void Meeting::expect_closed() {
  SSL* const ssl = theirs().ssl();
  EXPECT_EQ(SSL_shutdown(ssl), 0);
  exchange();
  EXPECT_TRUE(ours_->peer_closed);
  ours_->session().close(*ours_);
  exchange();
  EXPECT_EQ(SSL_shutdown(ssl), 1);
  EXPECT_EQ(ours_->session().phase(), Phase::closed);
}

int Meeting::refusal_between_libssl_ends() {
  hall_.client.next_connection();
  hall_.server.next_connection();
  set_up_client(hall_.client.ssl());
  set_up_server(hall_.server.ssl());
  for (;;) {
    hall_.client.run();
    const Buffer to_server = hall_.client.take_output();
    hall_.server.give(to_server);
    hall_.server.run();
    const Buffer to_client = hall_.server.take_output();
    hall_.client.give(to_client);
    if (to_server.empty() && to_client.empty()) break;
  }
  EXPECT_FALSE(hall_.client.connected() || hall_.server.connected());
  return hall_.client.alert_received;
}

void Meeting::expect_refusal() {
  connect(false);
  EXPECT_FALSE(ours_->connected);
  EXPECT_FALSE(theirs().connected());
  const Failure failure = ours_->session().failure();
  const bool from_us = combination_.ours == Side::server;
  EXPECT_EQ(failure.error == Error::alert_received, !from_us) << name_of(failure.error);
  const int told = from_us ? theirs().alert_received : static_cast<int>(failure.alert);
  int libssl_tells = refusal_between_libssl_ends();
  // A server of OpenSSL's that has no certificate for TLS 1.3 says that it does not speak it; RFC 8446 4.4.2.2 has
  // handshake_failure for this.
  if (from_us && combination_.is_tls13() && libssl_tells == SSL_AD_PROTOCOL_VERSION)
    libssl_tells = SSL_AD_HANDSHAKE_FAILURE;
  EXPECT_EQ(told, libssl_tells);
}

}  // namespace handsel::tls::test
