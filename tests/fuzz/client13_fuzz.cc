/// A client session, of TLS 1.3 or 1.2, driven by arbitrary records and arbitrary crypto results. Encryption is off
/// (the AEAD copies), so that mutations reach what lies under it.
///
/// Input: one byte of flags, one of crypto results, then records. Flag 1: TLS 1.2 alone is offered; 2: a session is in
/// the cache; 4: two shares; 8: data is sent at the end; 16: closed at the end; 32: an honest handshake with our own
/// server comes first.

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "crypto/certificate.h"
#include "tls/client_config.h"
#include "tls/config.h"
#include "tls/session.h"
#include "tls/session_cache.h"
#include "tls/worker_context.h"
#include "tls_fuzz.h"

namespace {

using namespace handsel;
using namespace handsel::tls;
using handsel::fuzz::CopyingAead;
using handsel::fuzz::require;
using handsel::fuzz::Zeros;
using Buffer = std::vector<std::uint8_t>;

/// Gives zeros for every result, and the statuses that the input asks for. A signature to be checked is left as it is.
struct Results {
  std::uint8_t bits = 0;
  static void run(void* context, std::span<crypto::Operation* const> operations) {
    auto& results = *static_cast<Results*>(context);
    for (crypto::Operation* operation : operations) {
      for (const MutableBytes out : {operation->public_key, operation->shared_secret})
        std::ranges::fill(out, std::uint8_t{0});
      operation->signature_bytes = operation->signature.size() / 2;
      constexpr std::array kStatuses = {crypto::Status::done, crypto::Status::invalid_input, crypto::Status::failed};
      operation->status = kStatuses[results.bits % 4 < 3 ? results.bits % 4 : 0];
      results.bits = static_cast<std::uint8_t>(results.bits >> 2);
    }
  }
};

std::uint64_t no_cycles() { return 0; }

/// One end, a client's or an honest server's.
struct End final : RecordSink {
  template <class Config>
  End(Results& results, const Config& config)
      : stage(kernels(results), {}, no_cycles),
        frames(std::make_unique<FramePool>(2, 1)),
        worker{stage, aead, entropy, *frames, statistics, 1'000'000, &sessions},
        session(worker, config, nullptr, 1, Instant{}) {}
  static crypto::KernelTable kernels(Results& results) {
    crypto::KernelTable table;
    table.fill({"any", 2, Results::run, &results});
    return table;
  }
  bool write_record(Bytes record) override {
    require(record.size() <= limits::kMaxRecordBytes);
    if (output.size() > 1 << 20) output.clear();
    output.insert(output.end(), record.begin(), record.end());
    return true;
  }
  void compute() {
    while (stage.waiting() != 0) {
      stage.flush(Instant{});
      while (crypto::Operation* operation = stage.take_completed())
        session.on_operation_done(*operation, *this, Instant{});
    }
  }
  void start() {
    session.connect(*this, Instant{});
    compute();
  }
  /// Takes records off the stream until it ends or the session does.
  void feed(Bytes stream) {
    while (stream.size() >= kRecordHeaderBytes && session.wants_record()) {
      const Bytes header = stream.first(kRecordHeaderBytes);
      const auto bytes = session.record_bytes(header);
      if (!bytes) {
        require(session.on_bad_header(header, *this, Instant{}).failed);
        return;
      }
      require(*bytes <= limits::kMaxRecordBytes);
      if (*bytes > stream.size()) return;
      Buffer record(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(*bytes));
      stream = stream.subspan(*bytes);
      const Received received = session.on_record(record, *this, Instant{});
      require(received.failed == (session.phase() == Phase::failed));
      require(!received.failed || session.failure());
      compute();
    }
  }

  Zeros entropy;
  CopyingAead aead;
  crypto::Stage stage;
  std::unique_ptr<FramePool> frames;
  Statistics statistics;
  SessionCache sessions{{4, 2, 2}};
  WorkerContext worker;
  Buffer output;
  Session session;
};

const ServerConfig& server_config() {
  static const ServerConfig made = [] {
    crypto::KeyStore keys;
    const std::array<std::string, 1> names = {"example.test"};
    const auto signed_by_itself = crypto::make_self_signed(keys, {crypto::KeyAlgorithm::p256, 256}, names, 1, 1'000);
    require(signed_by_itself.has_value());
    Credential credential;
    credential.key.value = 0;
    credential.chain = signed_by_itself->chain.der;
    credential.names = {"example.test"};
    ServerConfig draft;
    draft.credentials = {credential};
    draft.min_version = Version::tls12;
    return *prepared(draft);
  }();
  return made;
}

/// Goes through an honest handshake, so that what follows meets a connected session.
void connect(End& client) {
  Results done;
  End server(done, server_config());
  for (int i = 0; i < 4; ++i) {
    server.feed(std::exchange(client.output, {}));
    client.feed(std::exchange(server.output, {}));
  }
  require(client.session.phase() == Phase::connected);
}

ClientConfig make_config(bool only_tls12, bool two_shares) {
  ClientConfig draft;
  draft.server_name = "example.test";
  draft.verification = Verification::none;
  draft.alpn = {"h2", "http/1.1"};
  draft.shares = two_shares ? 2 : 1;
  draft.records_per_key = 3;
  if (only_tls12) draft.max_version = Version::tls12;
  Credential credential;
  credential.key.value = 0;
  credential.chain = {Buffer(600, 0x30)};
  draft.credential = credential;
  return *prepared(draft);
}

const ClientConfig& config(std::uint8_t flags) {
  static const std::array made = {make_config(false, false), make_config(true, false), make_config(false, true),
                                  make_config(true, true)};
  return made[(flags & 1) | (flags & 4) >> 1];
}

void remember(SessionCache& sessions, const ClientConfig& config, Version version) {
  SessionCache::Room room = sessions.open();
  room->scope = config.session_scope;
  room->version = version;
  room->suite =
      version == Version::tls13 ? CipherSuite::aes_128_gcm_sha256 : CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256;
  room->extended_master_secret = true;
  room->expires_unix_ms = 2'000'000;
  room->secret.fill(version == Version::tls13 ? 32 : 48);
  room->set_ticket(Buffer(64, 7));
  room.keep();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint8_t flags = data[0];
  Results results;
  End client(results, config(flags));
  if ((flags & 2) != 0) remember(client.sessions, config(flags), (flags & 1) != 0 ? Version::tls12 : Version::tls13);
  client.start();
  if ((flags & 32) != 0) connect(client);
  results.bits = data[1];
  client.feed(Bytes{data, size}.subspan(2));
  if ((flags & 8) != 0) client.session.send(Bytes{data, size}, client);
  if ((flags & 16) != 0) client.session.close(client);
  if (client.session.phase() != Phase::handshaking) {
    require(client.frames->blocks_taken() == 0 && client.frames->longs_taken() == 0);
    require(client.sessions.taken_out() == 0);
  }
  return 0;
}
