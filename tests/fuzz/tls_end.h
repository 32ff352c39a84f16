#pragma once
/// One end of a TLS connection for fuzz targets, over crypto results that the input decides.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "crypto/stage.h"
#include "tls/exporter.h"
#include "tls/session.h"
#include "tls/worker_context.h"
#include "tls_fuzz.h"

namespace handsel::fuzz {

using Buffer = std::vector<std::uint8_t>;

inline constexpr std::int64_t kNowUnix = 1'000'000;  ///< seconds; it stays so

/// Stands for every kernel. A signature that is to be checked is left as it is.
struct Results {
  std::uint8_t statuses = 0;  ///< two bits an operation: done, invalid input, failed, done; then all are done
  std::uint8_t output = 0;    ///< what every output consists of: ends that share it agree on secrets
  bool any_refused = false;

  static void run(void* context, std::span<crypto::Operation* const> operations) {
    auto& results = *static_cast<Results*>(context);
    for (crypto::Operation* operation : operations) results.compute(*operation);
  }

 private:
  void compute(crypto::Operation& operation) {
    constexpr std::array kStatuses = {crypto::Status::done, crypto::Status::invalid_input, crypto::Status::failed,
                                      crypto::Status::done};
    std::ranges::fill(operation.public_key, output);
    std::ranges::fill(operation.shared_secret, output);
    if (!crypto::checks_signature(operation.kind) && !operation.signature.empty()) {
      std::ranges::fill(operation.signature, output);
      operation.signature_bytes = output == 0 ? operation.signature.size() / 2 : output % operation.signature.size();
    }
    operation.status = kStatuses[statuses % 4];
    any_refused = any_refused || operation.status != crypto::Status::done;
    statuses = static_cast<std::uint8_t>(statuses >> 2);
  }
};

/// A worker of its own.
struct Worker {
  explicit Worker(Results& outcome)
      : results(outcome),
        stage(kernels(outcome), {}, [] { return std::uint64_t{0}; }),
        context{stage,     aead,       entropy, frames,       statistics, kNowUnix * 1'000,
                &sessions, &exporters, &served, &replay_guard} {}
  static crypto::KernelTable kernels(Results& outcome) {
    crypto::KernelTable table;
    table.fill({"any", 2, Results::run, &outcome});
    return table;
  }
  /// Nothing may be left when the ends are gone.
  void check_empty() {
    require(frames.blocks_taken() == 0 && frames.longs_taken() == 0);
    require(stage.waiting() == 0 && stage.take_completed() == nullptr);
    require(sessions.taken_out() == 0 && sessions.pending_count() == 0 && exporters.size() == 0);
  }

  Results& results;
  Zeros entropy;
  CopyingAead aead;
  crypto::Stage stage;
  tls::FramePool frames{2, 1};  // a client that is sent a cookie keeps it in a second block
  tls::Statistics statistics;
  static constexpr tls::SessionCache::Sizes kSessions{4, 2, 2};
  tls::SessionCache sessions{kSessions};
  Slab<tls::Exporter> exporters{1};
  tls::ServerSessions served{2};
  tls::ReplayGuard replay_guard{8, entropy};
  tls::WorkerContext context;
};

class End final : public tls::RecordSink {
 public:
  template <class Config>
  End(Worker& worker, const Config& config) : session(worker.context, config, nullptr, 1, Instant{}), worker_(worker) {}

  bool write_record(Bytes record) override {
    require(record.size() <= limits::kMaxRecordBytes);
    if (output_.size() > 1 << 20) output_.clear();
    output_.insert(output_.end(), record.begin(), record.end());
    return true;
  }
  Buffer take_output() { return std::exchange(output_, {}); }

  /// A client's first step.
  void start() {
    note(session.connect(*this, Instant{}));
    compute();
  }
  /// The stream's next bytes: records are taken as far as they are whole and the session wants them.
  void feed(Bytes bytes) {
    unread_.insert(unread_.end(), bytes.begin(), bytes.end());
    Bytes rest = unread_;
    while (rest.size() >= tls::kRecordHeaderBytes && session.wants_record()) {
      const Bytes header = rest.first(tls::kRecordHeaderBytes);
      const auto whole = session.record_bytes(header);
      if (!whole) {
        require(session.on_bad_header(header, *this, Instant{}).failed);
        break;
      }
      require(*whole <= limits::kMaxRecordBytes);
      if (*whole > rest.size()) break;
      Buffer record(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(*whole));
      rest = rest.subspan(*whole);
      note(session.on_record(record, *this, Instant{}));
      compute();
    }
    unread_.erase(unread_.begin(), unread_.end() - static_cast<std::ptrdiff_t>(rest.size()));
    check();
  }
  bool connected() const { return session.phase() == tls::Phase::connected; }
  bool was_connected() const { return was_connected_; }
  bool failed() const { return session.phase() == tls::Phase::failed; }

  tls::Session session;
  Buffer plaintext;

 private:
  void note(const tls::Received& received) {
    plaintext.insert(plaintext.end(), received.plaintext.begin(), received.plaintext.end());
    require(received.failed == failed());
    require(!received.failed || session.failure());
    require(!received.early || session.info().early_data == tls::EarlyData::accepted);
    was_connected_ = was_connected_ || received.connected_now;
  }
  void compute() {
    while (worker_.stage.waiting() != 0) {
      worker_.stage.flush(Instant{});
      while (crypto::Operation* operation = worker_.stage.take_completed())
        note(session.on_operation_done(*operation, *this, Instant{}));
    }
  }
  /// A check that has failed is never passed over, and what a handshake took is given back when it is over.
  void check() const {
    require(!(was_connected_ && worker_.results.any_refused));
    if (session.phase() != tls::Phase::handshaking)
      require(worker_.frames.blocks_taken() == 0 && worker_.frames.longs_taken() == 0);
  }

  Worker& worker_;
  Buffer unread_;
  Buffer output_;
  bool was_connected_ = false;
};

}  // namespace handsel::fuzz
