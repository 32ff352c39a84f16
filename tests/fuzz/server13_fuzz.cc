/// A server session, of TLS 1.3 or 1.2, driven by arbitrary records and arbitrary crypto results. Encryption is off
/// (the AEAD copies), so that mutations reach what lies under it.
///
/// Input: one byte of flags, one of crypto results, then records.

#include <algorithm>
#include <array>
#include <vector>

#include "tls/config.h"
#include "tls/key_schedule13.h"
#include "tls/messages/finished.h"
#include "tls/session.h"
#include "tls/transcript.h"
#include "tls/worker_context.h"
#include "tls_fuzz.h"

namespace {

using namespace handsel;
using namespace handsel::tls;
using handsel::fuzz::CopyingAead;
using handsel::fuzz::require;
using handsel::fuzz::Zeros;
using Buffer = std::vector<std::uint8_t>;

/// Gives zeros for every result, and the statuses that the input asks for.
struct Results {
  std::uint8_t bits = 0;
  static void run(void* context, std::span<crypto::Operation* const> operations) {
    auto& results = *static_cast<Results*>(context);
    for (crypto::Operation* operation : operations) {
      for (const MutableBytes out : {operation->public_key, operation->shared_secret, operation->signature})
        std::ranges::fill(out, std::uint8_t{0});
      operation->signature_bytes = operation->signature.size() / 2;
      constexpr std::array kStatuses = {crypto::Status::done, crypto::Status::invalid_input, crypto::Status::failed};
      operation->status = kStatuses[results.bits % 4 < 3 ? results.bits % 4 : 0];
      results.bits = static_cast<std::uint8_t>(results.bits >> 2);
    }
  }
};

std::uint64_t no_cycles() { return 0; }

struct Server final : RecordSink {
  Server(Results& results, const ServerConfig& config)
      : stage(kernels(results), {}, no_cycles),
        worker{stage, aead, entropy, frames, statistics},
        session(worker, config, nullptr, 1, Instant{}) {}
  static crypto::KernelTable kernels(Results& results) {
    crypto::KernelTable table;
    table.fill({"any", 2, Results::run, &results});
    return table;
  }
  bool write_record(Bytes record) override {
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
      if (output.size() > 1 << 20) output.clear();
    }
  }

  Zeros entropy;
  CopyingAead aead;
  crypto::Stage stage;
  FramePool frames{1, 1};
  Statistics statistics;
  WorkerContext worker;
  Buffer output;
  Session session;
};

const ServerConfig& config() {
  static const ServerConfig made = [] {
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
    return *prepared(draft);
  }();
  return made;
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

/// Goes through an honest handshake, so that what follows meets a connected session.
void connect(Server& server) {
  const Buffer hello = plain_hello();
  server.feed(hello);
  Buffer flight = messages_in(server.output);
  Transcript transcript(crypto::HashId::sha256);
  transcript.add(Bytes(hello).subspan(kRecordHeaderBytes));
  const std::size_t server_hello = kHandshakeHeaderBytes + load_be24(&flight[1]);
  transcript.add(Bytes(flight).first(server_hello));
  const Digest hello_hash = transcript.digest();
  transcript.add(Bytes(flight).subspan(server_hello));
  const std::array<std::uint8_t, 32> shared{};
  const HandshakeSecret secret = EarlySecret(crypto::HashId::sha256).handshake(shared);
  Digest verify_data = transcript.digest();
  secret.client_handshake(hello_hash.view()).finished(verify_data.view(), MutableBytes(verify_data.bytes).first(32));
  Buffer record = {23, 3, 3, 0, 4 + 32 + 17, 20, 0, 0, 32};
  record.insert(record.end(), verify_data.view().begin(), verify_data.view().end());
  record.push_back(22);
  record.resize(record.size() + 16, 0);
  server.feed(record);
  require(server.session.phase() == Phase::connected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  Results results;
  Server server(results, config());
  if ((data[0] & 1) != 0) connect(server);
  results.bits = data[1];
  server.feed(Bytes{data, size}.subspan(2));
  if ((data[0] & 2) != 0) server.session.send(Bytes{data, size}, server);
  if ((data[0] & 4) != 0) server.session.close(server);
  const Phase phase = server.session.phase();
  if (phase != Phase::handshaking) require(server.frames.blocks_taken() == 0 && server.frames.longs_taken() == 0);
  return 0;
}
