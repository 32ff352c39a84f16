/// What a handshake costs the server, from the client's first bytes to its Finished, without sockets: whole, and in TLS
/// 1.3 beside its public-key operations, which leaves parsing, state machine, transcript, key schedule and records.
/// Ours is timed call by call, less the ticks that the stage counted in its kernels where those do not count; libssl's
/// server is timed as a whole, less what libcrypto takes for the same public-key operations in the same run.

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "crypto/stage.h"
#include "harness.h"
#include "libssl_server.h"
#include "test_world.h"
#include "tls/ticket.h"

namespace {

using namespace handsel;
using namespace handsel::bench;

constexpr std::size_t kTogether = 64;  // in lockstep, as in bench-shard: enough to fill lanes

struct Case {
  const char* name;
  Offer offer;
  bool resumes = false;
};

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "%s failed\n", what);
  std::exit(1);
}

// A connection of ours with its libssl client, over memory.
class Connection final : public tls::RecordSink {
 public:
  Connection(SSL_CTX* context, tls::WorkerContext& worker, const tls::ServerConfig& config, std::uint64_t owner)
      : ssl_(over_memory(context)), worker_(worker), config_(config), owner_(owner) {
    SSL_set_connect_state(ssl_);
    output_.reserve(limits::kMaxRecordBytes);
  }
  ~Connection() { free_closed(ssl_); }
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
  bool resumed() const { return session_->info().resumed; }
  SSL* client() const { return ssl_; }

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

// One worker whose stage counts its kernels' ticks, and clients that all offer the same.
class Worker {
 public:
  // `kernels` as for choose_kernels().
  explicit Worker(const Case& what, std::string_view kernels = {})
      : backend_(crypto::make_backend(*crypto::choose_kernels(kernels), tls::test::Certificates::get().keys, entropy_)),
        stage_(backend_->kernels(), {}, ticks),
        aead_(crypto::make_aead()),
        frames_(kTogether, 1),
        context_(new tls::WorkerContext{stage_, *aead_, entropy_, frames_, statistics_}),
        client_(make_client(what.offer)) {
    const tls::test::Certificates& certificates = tls::test::Certificates::get();
    tls::ServerConfig draft;
    draft.credentials = {certificates.ecdsa, certificates.rsa};
    draft.min_version = tls::Version::tls12;
    draft.rsa_key_exchange = true;
    if (what.resumes) {
      draft.ticket_keys = tls::TicketKeys::random(entropy_);
      draft.tickets_per_handshake = 1;
      const tls::ServerConfig issuing = *tls::prepared(draft);
      session_ = issue_ticket(issuing);
    }
    draft.tickets_per_handshake = 0;
    config_ = *tls::prepared(std::move(draft));
  }
  ~Worker() {
    SSL_SESSION_free(session_);
    SSL_CTX_free(client_);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  struct Ticks {
    double all = 0;
    double in_kernels = 0;
  };
  // Of each of so many handshakes in lockstep.
  Ticks run(std::size_t together) {
    std::vector<std::unique_ptr<Connection>> connections;
    for (std::size_t i = 0; i < together; ++i) {
      connections.push_back(std::make_unique<Connection>(client_, *context_, config_, i));
      if (session_ != nullptr) SSL_set_session(connections.back()->client(), session_);
    }
    const std::uint64_t kernels_before = kernel_ticks();
    std::uint64_t spent = 0;
    const auto all_connected = [&] {
      return std::ranges::all_of(connections, [](const auto& each) { return each->connected(); });
    };
    for (int round = 0; round < 4 && !all_connected(); ++round) {
      for (const auto& each : connections) each->client_speaks();
      spent += serve(connections);
    }
    if (!all_connected() || connections[0]->resumed() != (session_ != nullptr)) give_up("connecting as was meant");
    const auto count = static_cast<double>(together);
    return {static_cast<double>(spent) / count, static_cast<double>(kernel_ticks() - kernels_before) / count};
  }

 private:
  std::uint64_t serve(const std::vector<std::unique_ptr<Connection>>& connections) {
    const std::uint64_t start = ticks();
    for (const auto& each : connections) each->server_listens();
    while (stage_.waiting() != 0) {
      stage_.flush(Instant{});
      while (crypto::Operation* operation = stage_.take_completed())
        connections[operation->owner]->operation_done(*operation);
    }
    return ticks() - start;
  }

  SSL_SESSION* issue_ticket(const tls::ServerConfig& config) {
    std::vector<std::unique_ptr<Connection>> one;
    one.push_back(std::make_unique<Connection>(client_, *context_, config, 0));
    for (int round = 0; round < 3; ++round) {
      one[0]->client_speaks();
      serve(one);
    }
    SSL* client = one[0]->client();
    char byte = 0;
    SSL_read(client, &byte, 1);  // the ticket is all that there is to read
    SSL_SESSION* session = SSL_get1_session(client);
    if (SSL_SESSION_is_resumable(session) != 1) give_up("issuing a ticket");
    return session;
  }

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
  SSL_CTX* client_;
  SSL_SESSION* session_ = nullptr;  // what clients resume by, if they do
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
    for (std::size_t i = 0; i < kTogether; ++i) {
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
    return static_cast<double>(ticks() - start) / kTogether;
  }

 private:
  static EVP_PKEY* generate() { return EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"); }

  EVP_PKEY* signer_;
  EVP_PKEY* peer_;
  unsigned char buffer_[128];
  unsigned char digest_[32] = {1};
};

// What a turn of ours and one of libssl's give, in turns.
template <class Ours, class Theirs>
void compare(Report& report, const Task& task, Ours ours, Theirs theirs) {
  std::vector<double> own, other;
  const int turns = report.quick() ? 1 : 3;
  for (int run = -1; run < report.runs() * turns; ++run) {
    const double mine = ours();
    const double peers = theirs();
    if (run < 0) continue;  // caches and tables are warm now
    own.push_back(mine);
    other.push_back(peers);
  }
  report.add(task, own, other);
}

void whole(Report& report, const Case& what) {
  if (!report.wanted(what.name)) return;
  Worker worker(what);
  LibsslServer libssl(what.offer);
  SSL_SESSION* session = what.resumes ? libssl.issue_ticket() : nullptr;
  compare(
      report, {.name = what.name, .peer = "libssl, memory BIOs"}, [&] { return worker.run(kTogether).all; },
      [&] {
        std::uint64_t spent = 0;
        for (std::size_t i = 0; i < kTogether; ++i) spent += libssl.handshake(session);
        return static_cast<double>(spent) / kTogether;
      });
  SSL_SESSION_free(session);
}

void state_only(Report& report, const char* name) {
  if (!report.wanted(name)) return;
  Worker worker({});
  LibsslServer libssl;
  PublicKeyWork public_keys;
  compare(
      report, {.name = name, .peer = "libssl less libcrypto's public-key operations"},
      [&] {
        const Worker::Ticks own = worker.run(kTogether);
        return own.all - own.in_kernels;
      },
      [&] {
        std::uint64_t spent = 0;
        for (std::size_t i = 0; i < kTogether; ++i) spent += libssl.handshake();
        return static_cast<double>(spent) / kTogether - public_keys.run();
      });
}

// Nobody else is there to fill lanes with: the kernels must not make the one handshake wait longer than libcrypto
// would.
void alone(Report& report, const char* name) {
  if (!report.wanted(name)) return;
  Worker chosen({}), scalar({}, "libcrypto");
  const auto turn = [](Worker& worker) {
    double spent = 0;
    for (std::size_t i = 0; i < kTogether; ++i) spent += worker.run(1).all;
    return spent / kTogether;
  };
  compare(
      report, {.name = name, .peer = "ours with libcrypto's kernels"}, [&] { return turn(chosen); },
      [&] { return turn(scalar); });
}

}  // namespace

int main(int count, char** values) {
  Report report("handshake", count, values);
  // P-256 is there because it is the certificate's curve (RFC 8422 5.1.1).
  const Offer ecdhe12{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", "X25519:P-256", "ECDSA+SHA256"};
  const Offer rsa12{TLS1_2_VERSION, "AES128-GCM-SHA256", "X25519", "RSA+SHA256"};
  whole(report, {.name = "handshake/tls13-x25519-ecdsa"});
  state_only(report, "handshake/tls13-state-only");
  whole(report, {.name = "handshake/tls13-psk-dhe", .resumes = true});
  whole(report, {.name = "handshake/tls13-x25519-rsa2048", .offer = {.signature = "RSA-PSS+SHA256"}});
  whole(report, {.name = "handshake/tls12-ecdhe-ecdsa", .offer = ecdhe12});
  whole(report, {.name = "handshake/tls12-rsa", .offer = rsa12});
  alone(report, "handshake/tls13-alone");
  return report.finish();
}
