/// Both ends of a connection, ours, and the input between them: it chooses what they are set up with, changes records
/// on their way and decides what the crypto stage says. Encryption is off, so that every byte can be changed; only the
/// Finished messages stand in the way.
///
/// Input: four bytes of Setup, what each end's operations come to (two bytes: Results::statuses), what they put out
/// (two bytes: Results::output), and edits of five bytes each.

#include <vector>

#include "tls/messages/server_hello.h"
#include "tls_configs.h"

namespace {

using namespace handsel;
using namespace handsel::tls;
using namespace handsel::fuzz;

/// Bits of the configuration.
enum Setup : std::uint32_t {
  kClientTls12 = 1,
  kRetry = 2,  ///< the client's share is not the one that the server wants
  kTwoShares = 4,
  kAsks = 8,         ///< the server asks for a certificate
  kRequires = 16,    ///< and insists
  kShows = 32,       ///< the client has one
  kResumes = 64,     ///< an honest connection has gone before
  kProtocols = 128,  ///< ALPN
  kPieces = 256,     ///< the streams come byte by byte
  kRsa = 512,        ///< the server's certificate
  kServerTls13 = 1'024,
  kIncompatible = 2'048,  ///< no compatibility mode
  kNewKeys = 4'096,       ///< a KeyUpdate after every record
  kVerifies = 8'192,      ///< the client does, the server's certificate
  kStrangers = 16'384,    ///< nobody vouches for the client's certificate; the server's is for another name
  kExports = 32'768,
  kEarly = 65'536,  ///< early data goes and is taken, where a session is resumed
  kPads = 131'072,
};

ServerConfig make_server(std::uint32_t setup) {
  const Certificates& certificates = Certificates::get();
  ServerConfig draft;
  draft.credentials = {(setup & kRsa) != 0 ? credential_of(certificates.rsa, CredentialKind::rsa)
                                           : credential_of(certificates.ecdsa, CredentialKind::ecdsa_p256)};
  draft.groups = {NamedGroup::secp256r1, NamedGroup::x25519};
  draft.min_version = (setup & kServerTls13) != 0 ? Version::tls13 : Version::tls12;
  draft.ticket_keys = ticket_keys();
  draft.exporters = (setup & kExports) != 0;
  if ((setup & kProtocols) != 0) draft.alpn = {"http/1.1"};
  if ((setup & kNewKeys) != 0) draft.records_per_key = 1;
  if ((setup & kEarly) != 0) draft.max_early_data = kMaxEarlyData;
  if ((setup & kPads) != 0) draft.record_padding = kPadding;
  if ((setup & kAsks) != 0) {
    draft.client_certificates = (setup & kRequires) != 0 ? ClientCertificates::require : ClientCertificates::request;
    draft.client_trust =
        (setup & kStrangers) != 0 ? *crypto::TrustStore::from_pem(certificates.rsa.pem()) : certificates.trust;
  }
  return checked(std::move(draft));
}

ClientConfig make_client(std::uint32_t setup) {
  const Certificates& certificates = Certificates::get();
  ClientConfig draft;
  draft.server_name = (setup & kStrangers) != 0 ? "another.test" : "example.test";
  draft.verification = (setup & kVerifies) != 0 ? Verification::chain : Verification::none;
  draft.trust = certificates.trust;
  draft.exporters = (setup & kExports) != 0;
  if ((setup & kProtocols) != 0) draft.alpn = {"h2", "http/1.1"};
  if ((setup & kClientTls12) != 0) draft.max_version = Version::tls12;
  draft.groups = {(setup & kRetry) != 0 ? NamedGroup::secp384r1 : NamedGroup::x25519, NamedGroup::secp256r1};
  if ((setup & kTwoShares) != 0) draft.shares = 2;
  if ((setup & kIncompatible) != 0) draft.compatibility_mode = false;
  if ((setup & kNewKeys) != 0) draft.records_per_key = 1;
  draft.early_data = (setup & kEarly) != 0;
  if ((setup & kPads) != 0) draft.record_padding = kPadding;
  if ((setup & kShows) != 0) draft.credential = credential_of(certificates.client, CredentialKind::ecdsa_p256);
  return checked(std::move(draft));
}

/// Whether an untouched handshake succeeds.
bool suits(std::uint32_t setup) {
  if ((setup & kStrangers) != 0 && (setup & (kVerifies | kAsks)) != 0) return false;
  if ((setup & kClientTls12) != 0 && (setup & kServerTls13) != 0) return false;
  return (setup & (kAsks | kRequires)) != (kAsks | kRequires) || (setup & kShows) != 0;
}

enum class Change : std::uint8_t { flip, set, cut, drop, repeat, insert_empty, insert_alert, insert_spec, split, swap };
constexpr std::uint8_t kChanges = 10;

struct Edit {
  bool to_client = false;
  std::uint8_t record = 0;  ///< which one of this direction, from 0
  Change change{};
  std::uint16_t offset = 0;
  std::uint8_t value = 0;
};
constexpr std::size_t kEditBytes = 5;
constexpr std::size_t kMaxEdits = 16;

std::vector<Edit> read_edits(Bytes input) {
  std::vector<Edit> edits;
  for (; input.size() >= kEditBytes && edits.size() < kMaxEdits; input = input.subspan(kEditBytes))
    edits.push_back({(input[0] & 0x80) != 0, static_cast<std::uint8_t>(input[0] & 0x7f),
                     static_cast<Change>(input[1] % kChanges), load_be16(&input[2]), input[4]});
  return edits;
}

void set_length(Buffer& record) {
  store_be16(&record[3], static_cast<std::uint16_t>(record.size() - kRecordHeaderBytes));
}

Buffer record_of(ContentType type, Buffer content) {
  Buffer record = {static_cast<std::uint8_t>(type), 3, 3, 0, 0};
  record.insert(record.end(), content.begin(), content.end());
  set_length(record);
  return record;
}

/// What becomes of a record under one edit: bytes that go in front of it, and the record itself.
void apply(const Edit& edit, Buffer& record, Buffer& before) {
  const std::size_t at = edit.offset % record.size();
  const auto put = [&](const Buffer& more) { before.insert(before.end(), more.begin(), more.end()); };
  switch (edit.change) {
    case Change::flip:
      record[at] = static_cast<std::uint8_t>(record[at] ^ (edit.value == 0 ? 1 : edit.value));
      break;
    case Change::set:
      record[at] = edit.value;
      break;
    case Change::cut:
      record.resize(std::max(at, kRecordHeaderBytes));
      set_length(record);
      break;
    case Change::drop:
    case Change::swap:  // comes back behind the next one
      record.clear();
      break;
    case Change::repeat:
      put(record);
      break;
    case Change::insert_empty:
      put(record_of(static_cast<ContentType>(20 + edit.value % 4), {}));
      break;
    case Change::insert_alert:
      put(record_of(ContentType::alert, {static_cast<std::uint8_t>(1 + edit.offset % 2), edit.value}));
      break;
    case Change::insert_spec:
      put(record_of(ContentType::change_cipher_spec, {1}));
      break;
    case Change::split:
      if (at > kRecordHeaderBytes) {
        Buffer first(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(at));
        set_length(first);
        put(first);
        record.erase(record.begin() + kRecordHeaderBytes, record.begin() + static_cast<std::ptrdiff_t>(at));
        set_length(record);
      }
      break;
  }
}

/// What its cookie holds is the AEAD's to protect, which does not: the server goes by whatever comes back.
bool is_retry_request(Bytes record) {
  constexpr std::size_t kRandomAt = kRecordHeaderBytes + kHandshakeHeaderBytes + 2;
  return record.size() >= kRandomAt + kRandomBytes &&
         std::ranges::equal(record.subspan(kRandomAt, kRandomBytes), kRetryRandom);
}

/// The way from one end to the other.
class Road {
 public:
  Road(std::vector<Edit> edits, bool to_client, bool pieces)
      : edits_(std::move(edits)), to_client_(to_client), pieces_(pieces) {}

  void carry(Bytes records, End& end) {
    while (!records.empty()) {
      const std::size_t whole = kRecordHeaderBytes + load_be16(&records[3]);
      deliver(through({records.begin(), records.begin() + static_cast<std::ptrdiff_t>(whole)}), end);
      records = records.subspan(whole);
    }
  }
  bool touched() const { return touched_; }
  /// A handshake message in the clear came to other bytes than were sent: a Finished must tell whom it reached.
  bool forged() const { return forged_; }

 private:
  Buffer through(Buffer record) {
    const Buffer sent = record;
    Buffer before;
    Buffer held;
    for (const Edit& edit : edits_) {
      if (edit.to_client != to_client_ || edit.record != count_ || record.empty()) continue;
      touched_ = true;
      if (edit.change == Change::swap) held = record;
      apply(edit, record, before);
    }
    ++count_;
    note_forgery(sent, record, before);
    before.insert(before.end(), record.begin(), record.end());
    const Buffer late = std::exchange(held_, held);
    before.insert(before.end(), late.begin(), late.end());
    return before;
  }
  void note_forgery(const Buffer& sent, const Buffer& record, const Buffer& before) {
    const auto type = static_cast<ContentType>(sent[0]);
    if (type == ContentType::change_cipher_spec) clear_ = false;
    if (type != ContentType::handshake || !clear_ || !before.empty() || record.empty()) return;
    if (is_retry_request(sent)) return;
    forged_ = forged_ ||
              !std::ranges::equal(Bytes(sent).subspan(kRecordHeaderBytes), Bytes(record).subspan(kRecordHeaderBytes));
  }
  void deliver(const Buffer& bytes, End& end) const {
    const std::size_t most = pieces_ ? 1 : bytes.size();
    for (Bytes rest = bytes; !rest.empty();) {
      const Bytes piece = rest.first(std::min(most, rest.size()));
      end.feed(piece);
      rest = rest.subspan(piece.size());
    }
  }

  std::vector<Edit> edits_;
  bool to_client_;
  bool pieces_;
  bool touched_ = false;
  bool forged_ = false;
  bool clear_ = true;  // no ChangeCipherSpec has been sent
  std::size_t count_ = 0;
  Buffer held_;  // of a swap
};

/// Until neither has more to say. An end that answers for ever is a fault.
void converse(End& client, End& server, Road& up, Road& down) {
  for (int round = 0;; ++round) {
    const Buffer to_server = client.take_output();
    up.carry(to_server, server);
    const Buffer to_client = server.take_output();
    down.carry(to_client, client);
    if (to_server.empty() && to_client.empty()) return;
    require(round < 64);
  }
}

/// Whoever is connected has had the other's word that nothing was changed: both are of one opinion, even where the
/// other was never told of it.
void check_agreement(const End& client, const End& server) {
  const Info& ours = client.session.info();
  const Info& theirs = server.session.info();
  require(ours.version == theirs.version && ours.cipher_suite == theirs.cipher_suite && ours.group == theirs.group);
  require(ours.signature_scheme == theirs.signature_scheme && ours.resumed == theirs.resumed);
  require(ours.retried == theirs.retried && client.session.alpn() == server.session.alpn());
  require((ours.early_data == EarlyData::accepted) == (theirs.early_data == EarlyData::accepted));
}

void check_exports(const End& client, const End& server) {
  std::array<std::uint8_t, 16> ours{};
  std::array<std::uint8_t, 16> theirs{};
  require(client.session.export_keying_material("EXPERIMENTAL", {}, ours) ==
          server.session.export_keying_material("EXPERIMENTAL", {}, theirs));
  require(ours == theirs);
}

/// What one says the other hears, or hears that it cannot.
void talk(End& from, End& to, Road& road) {
  const std::size_t before = to.plaintext.size();
  if (!from.session.send(as_bytes("words"), from)) return;
  road.carry(from.take_output(), to);
  if (!to.failed() && !road.touched()) require(to.plaintext.size() == before + 5);
}

constexpr std::string_view kEarlyWords = "in haste";

struct Input {
  std::uint32_t setup = 0;
  Results client;
  Results server;
  std::vector<Edit> edits;
};

void play(const Input& input, Worker& client_worker, Worker& server_worker) {
  const bool pieces = (input.setup & kPieces) != 0;
  Road up(input.edits, false, pieces);
  Road down(input.edits, true, pieces);
  End client(client_worker, cached(input.setup, make_client));
  End server(server_worker, cached(input.setup, make_server));
  client.start();
  if (client.session.early_room() >= kEarlyWords.size())
    require(client.session.send_early(as_bytes(kEarlyWords), client));
  converse(client, server, up, down);
  const bool touched = up.touched() || down.touched();
  const bool refused = client_worker.results.any_refused || server_worker.results.any_refused;
  if (!touched && !refused && input.client.output == input.server.output && suits(input.setup))
    require(client.connected() && server.connected());
  require(!(up.forged() && server.was_connected()) && !(down.forged() && client.was_connected()));
  if (client.was_connected() || server.was_connected()) check_agreement(client, server);
  if (client.connected() && server.connected()) {
    check_exports(client, server);
    talk(client, server, up);
    talk(server, client, down);
  }
  client.session.close(client);
  server.session.close(server);
  converse(client, server, up, down);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeadBytes = 8;
  if (size < kHeadBytes) return 0;
  const Input input{
      load_be32(data), {data[4], data[6]}, {data[5], data[7]}, read_edits({data + kHeadBytes, size - kHeadBytes})};
  Results client_results;
  Results server_results;
  Worker client(client_results);
  Worker server(server_results);
  if ((input.setup & kResumes) != 0) play({input.setup, {}, {}, {}}, client, server);
  client_results = input.client;
  server_results = input.server;
  play(input, client, server);
  client.check_empty();
  server.check_empty();
  return 0;
}
