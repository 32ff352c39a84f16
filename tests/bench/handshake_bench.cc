/// What a TLS 1.3 handshake costs the server beside its public-key operations: parsing, state machine, transcript, key
/// schedule and records. Ours is timed call by call, less the ticks that the stage counted in its kernels; libssl's
/// server is timed as a whole, less what libcrypto takes for the same public-key operations in the same run.

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "base/limits.h"
#include "crypto/stage.h"
#include "harness.h"
#include "libssl_server.h"
#include "test_world.h"

namespace {

using namespace handsel;
using namespace handsel::bench;

constexpr std::size_t kSessions = 64;  // in lockstep, as in bench-shard: enough to fill lanes

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "%s failed\n", what);
  std::exit(1);
}

// A connection of ours with its libssl client, over memory.
class Connection final : public tls::RecordSink {
 public:
  Connection(SSL_CTX* context, tls::WorkerContext& worker, const tls::ServerConfig& config, std::uint64_t owner)
      : ssl_(SSL_new(context)), worker_(worker), config_(config), owner_(owner) {
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_);
    output_.reserve(limits::kMaxRecordBytes);
  }
  ~Connection() { SSL_free(ssl_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool write_record(Bytes record) override {
    output_.insert(output_.end(), record.begin(), record.end());
    return true;
  }

  // Not timed: the client reads what the server wrote, and says what it has to say.
  void client_speaks() {
    if (!output_.empty()) BIO_write(SSL_get_rbio(ssl_), output_.data(), static_cast<int>(output_.size()));
    output_.clear();
    SSL_do_handshake(ssl_);
    const std::size_t old = input_.size();
    input_.resize(old + BIO_ctrl_pending(SSL_get_wbio(ssl_)));
    if (input_.size() > old && BIO_read(SSL_get_wbio(ssl_), &input_[old], static_cast<int>(input_.size() - old)) <= 0)
      give_up("reading the client's bytes");
  }

  // Timed: the records that the client sent.
  void server_listens() {
    if (!session_) session_.emplace(worker_, config_, nullptr, owner_, Instant{});
    std::size_t at = 0;
    while (at < input_.size() && session_->wants_record()) {
      const auto bytes = session_->record_bytes(Bytes(input_).subspan(at, tls::kRecordHeaderBytes));
      if (!bytes) give_up("a record's header");
      note(session_->on_record(MutableBytes(input_).subspan(at, *bytes), *this, Instant{}));
      at += *bytes;
    }
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  // Timed, too.
  void operation_done(crypto::Operation& operation) { note(session_->on_operation_done(operation, *this, Instant{})); }

  bool connected() const { return connected_; }

 private:
  void note(const tls::Received& received) {
    if (received.failed) give_up("our handshake");
    connected_ = connected_ || received.connected_now;
  }

  SSL* ssl_;
  tls::WorkerContext& worker_;
  const tls::ServerConfig& config_;
  std::uint64_t owner_;
  std::optional<tls::Session> session_;
  std::vector<std::uint8_t> input_;
  std::vector<std::uint8_t> output_;
  bool connected_ = false;
};

// One worker whose stage counts its kernels' ticks.
class Worker {
 public:
  Worker()
      : backend_(crypto::make_backend(*crypto::choose_kernels(), tls::test::Certificates::get().keys, entropy_)),
        stage_(backend_->kernels(), {}, ticks),
        aead_(crypto::make_aead()),
        frames_(kSessions, 1),
        context_(new tls::WorkerContext{stage_, *aead_, entropy_, frames_, statistics_}) {
    tls::ServerConfig draft;
    draft.credentials = {tls::test::Certificates::get().ecdsa};
    config_ = *tls::prepared(std::move(draft));
    client_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(client_, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(client_, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set1_groups_list(client_, "X25519");
  }
  ~Worker() { SSL_CTX_free(client_); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Ticks a handshake.
  double run() {
    std::vector<std::unique_ptr<Connection>> connections;
    for (std::size_t i = 0; i < kSessions; ++i)
      connections.push_back(std::make_unique<Connection>(client_, *context_, config_, i));
    const std::uint64_t in_kernels = kernel_ticks();
    std::uint64_t spent = 0;
    for (int round = 0; round < 2; ++round) {
      for (const auto& each : connections) each->client_speaks();
      const std::uint64_t start = ticks();
      for (const auto& each : connections) each->server_listens();
      while (stage_.waiting() != 0) {
        stage_.flush(Instant{});
        while (crypto::Operation* operation = stage_.take_completed())
          connections[operation->owner]->operation_done(*operation);
      }
      spent += ticks() - start;
    }
    for (const auto& each : connections)
      if (!each->connected()) give_up("connecting");
    return static_cast<double>(spent - (kernel_ticks() - in_kernels)) / kSessions;
  }

 private:
  std::uint64_t kernel_ticks() const {
    std::uint64_t sum = 0;
    for (std::size_t kind = 0; kind < crypto::kKinds; ++kind)
      sum += stage_.statistics(static_cast<crypto::Kind>(kind)).cycles.get();
    return sum;
  }

  crypto::SystemEntropy entropy_;
  std::unique_ptr<crypto::Backend> backend_;
  crypto::Stage stage_;
  std::unique_ptr<crypto::Aead> aead_;
  tls::FramePool frames_;
  tls::Statistics statistics_;
  std::unique_ptr<tls::WorkerContext> context_;
  tls::ServerConfig config_;
  SSL_CTX* client_ = nullptr;
};

// libcrypto's price of what a full handshake needs of public keys: an X25519 pair, its shared secret, one signature.
class PublicKeyWork {
 public:
  PublicKeyWork() : signer_(EVP_EC_gen("P-256")), peer_(generate()) {}
  ~PublicKeyWork() {
    EVP_PKEY_free(signer_);
    EVP_PKEY_free(peer_);
  }
  PublicKeyWork(const PublicKeyWork&) = delete;
  PublicKeyWork& operator=(const PublicKeyWork&) = delete;

  double run() {
    const std::uint64_t start = ticks();
    for (std::size_t i = 0; i < kSessions; ++i) {
      EVP_PKEY* own = generate();
      EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(own, nullptr);
      std::size_t size = sizeof buffer_;
      if (EVP_PKEY_derive_init(context) != 1 || EVP_PKEY_derive_set_peer(context, peer_) != 1 ||
          EVP_PKEY_derive(context, buffer_, &size) != 1)
        give_up("libcrypto's X25519");
      EVP_PKEY_CTX_free(context);
      EVP_PKEY_free(own);
      context = EVP_PKEY_CTX_new(signer_, nullptr);
      size = sizeof buffer_;
      if (EVP_PKEY_sign_init(context) != 1 || EVP_PKEY_sign(context, buffer_, &size, digest_, sizeof digest_) != 1)
        give_up("libcrypto's ECDSA");
      EVP_PKEY_CTX_free(context);
    }
    return static_cast<double>(ticks() - start) / kSessions;
  }

 private:
  static EVP_PKEY* generate() { return EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"); }

  EVP_PKEY* signer_;
  EVP_PKEY* peer_;
  unsigned char buffer_[128];
  unsigned char digest_[32] = {1};
};

}  // namespace

int main(int count, char** values) {
  Report report("handshake", count, values);
  if (report.wanted("handshake/tls13-state-only")) {
    Worker worker;
    LibsslServer libssl;
    PublicKeyWork public_keys;
    std::vector<double> ours, theirs;
    const int turns = report.quick() ? 1 : 3;
    for (int run = -1; run < report.runs() * turns; ++run) {
      const double own = worker.run();
      std::uint64_t whole = 0;
      for (std::size_t i = 0; i < kSessions; ++i) whole += libssl.handshake("X25519", "ECDSA+SHA256");
      const double other = static_cast<double>(whole) / kSessions - public_keys.run();
      if (run < 0) continue;  // caches and tables are warm now
      ours.push_back(own);
      theirs.push_back(other);
    }
    report.add({.name = "handshake/tls13-state-only", .peer = "libssl less libcrypto's public-key operations"}, ours,
               theirs);
  }
  return report.finish();
}
