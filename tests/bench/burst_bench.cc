/// What banks buy when a burst of TLS 1.3 handshakes meets a worker that was idle: X25519, ECDSA P-256, over memory.
/// The worker is simulated in virtual time, which is the processor time that its own work takes, pass by pass: receive
/// what has arrived, let the sessions and the stage work, and when nothing came, fill banks or wait for the next
/// arrival. The clients are sessions of ours; they cost no virtual time, and answer one round trip later. The same
/// worker without banks is measured in turns with it; where no kernel has lanes there are no banks, and both are alike.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "base/limits.h"
#include "crypto/stage.h"
#include "harness.h"
#include "test_world.h"
#include "tls/client_config.h"

namespace {

using namespace handsel;
using namespace handsel::bench;
using tls::test::Buffer;

constexpr std::size_t kHandshakes = 10'000;
constexpr std::size_t kBank = limits::kDefaultBank;
constexpr std::uint64_t kRoundTripNs = 200'000;
constexpr double kLoad = 0.9;  // of what the worker without banks can take

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "%s failed\n", what);
  std::exit(1);
}

/// Of this thread: what others do on a busy machine does not count.
std::uint64_t processor_ns() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

Instant instant(std::uint64_t ns) { return Instant{std::chrono::nanoseconds(ns)}; }

/// One end of a connection.
class End final : public tls::RecordSink {
 public:
  bool write_record(Bytes record) override {
    tls::test::append(output, record);
    return true;
  }
  template <class Config>
  void open(tls::WorkerContext& worker, const Config& config, std::uint64_t owner) {
    session.emplace(worker, config, nullptr, owner, Instant{});
  }
  void listen(Buffer& bytes, Instant now) {
    std::size_t at = 0;
    while (at < bytes.size() && session->wants_record()) {
      const auto length = session->record_bytes(Bytes(bytes).subspan(at, tls::kRecordHeaderBytes));
      if (!length) give_up("a record's header");
      note(session->on_record(MutableBytes(bytes).subspan(at, *length), *this, now));
      at += *length;
    }
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
  }
  void note(const tls::Received& received) {
    if (received.failed) give_up("a handshake");
    connected = connected || received.connected_now;
  }

  std::optional<tls::Session> session;
  Buffer output;
  bool connected = false;
  bool answered = false;  ///< a client's: its Finished is under way
};

/// What sessions of one side share. A bank of nothing is none.
struct Side {
  explicit Side(std::size_t bank)
      : backend(crypto::make_backend(*crypto::choose_kernels(), tls::test::Certificates::get().keys, entropy, bank)),
        stage(backend->kernels(), {}, ticks),
        aead(crypto::make_aead()),
        frames(kHandshakes, 1),
        worker(new tls::WorkerContext{stage, *aead, entropy, frames, statistics}) {}
  /// Hands every result that is ready to whom it belongs; true when there were any.
  bool hand_in(std::vector<End>& ends, Instant now) {
    bool any = false;
    while (crypto::Operation* const operation = stage.take_completed()) {
      End& end = ends[operation->owner];
      end.note(end.session->on_operation_done(*operation, end, now));
      any = true;
    }
    return any;
  }

  crypto::SystemEntropy entropy;
  std::unique_ptr<crypto::Backend> backend;
  crypto::Stage stage;
  std::unique_ptr<crypto::Aead> aead;
  tls::FramePool frames;
  tls::Statistics statistics;
  std::unique_ptr<tls::WorkerContext> worker;
};

/// Bytes that a connection's server will find at that time.
struct Arrival {
  std::uint64_t at_ns;
  std::uint32_t connection;
};

struct Outcome {
  double per_second;
  double p50_us;
  double p99_us;
  double filling_ticks;  ///< before the burst, for what one handshake took of the one before; 0 without banks
};

/// A worker and the clients that its burst is made of.
class Burst {
 public:
  Burst(Side& server, Side& client) : server_(server), client_(client) {
    tls::ServerConfig server_draft;
    server_draft.credentials = {tls::test::Certificates::get().ecdsa};
    server_config_ = *tls::prepared(std::move(server_draft));
    tls::ClientConfig client_draft;
    client_draft.groups = {tls::NamedGroup::x25519};
    client_draft.verification = tls::Verification::none;
    client_draft.min_version = tls::Version::tls13;
    client_config_ = *tls::prepared(std::move(client_draft));
  }

  /// The hellos arrive at these times, the first at zero; before that the worker was idle for long.
  Outcome run(const std::vector<std::uint64_t>& hellos) {
    prepare(hellos);
    const double filling_ticks = fill();
    while (latencies_.size() < hellos.size()) pass();
    std::ranges::sort(latencies_);
    const auto below = [&](double part) {
      return static_cast<double>(latencies_[static_cast<std::size_t>(part * static_cast<double>(hellos.size() - 1))]) /
             1e3;
    };
    return {static_cast<double>(hellos.size()) * 1e9 / static_cast<double>(now_), below(0.5), below(0.99),
            filling_ticks};
  }

 private:
  // Until no bank has room.
  double fill() {
    const crypto::BankStatistics* pairs = server_.stage.bank_statistics(crypto::Kind::x25519_keygen);
    if (pairs == nullptr) return 0;
    const std::uint64_t filled = pairs->filled.get();
    const std::uint64_t start = processor_ns();
    while (server_.stage.fill_banks()) {
    }
    const auto handshakes = static_cast<double>(std::max<std::uint64_t>(pairs->filled.get() - filled, 1));
    return static_cast<double>(processor_ns() - start) * ticks_per_second() / 1e9 / handshakes;
  }
  void prepare(const std::vector<std::uint64_t>& hellos) {
    now_ = 0;
    hellos_.clear();
    finisheds_.clear();
    latencies_.clear();
    begun_ = hellos;
    servers_ = std::vector<End>(hellos.size());
    clients_ = std::vector<End>(hellos.size());
    for (std::uint32_t i = 0; i < hellos.size(); ++i) {
      servers_[i].output.reserve(2'048);
      servers_[i].open(*server_.worker, server_config_, i);
      clients_[i].open(*client_.worker, client_config_, i);
      clients_[i].note(clients_[i].session->connect(clients_[i], Instant{}));
      client_.stage.run_due(Instant{});
      client_.hand_in(clients_, Instant{});
      hellos_.push_back({hellos[i], i});
    }
    settle_clients();
  }
  void settle_clients() {
    do client_.stage.flush(Instant{});
    while (client_.hand_in(clients_, Instant{}));
  }

  /// The next that has arrived.
  std::optional<std::uint32_t> receive() {
    std::deque<Arrival>& from =
        finisheds_.empty() || (!hellos_.empty() && hellos_.front().at_ns <= finisheds_.front().at_ns) ? hellos_
                                                                                                      : finisheds_;
    if (from.empty() || from.front().at_ns > now_) return std::nullopt;
    const std::uint32_t connection = from.front().connection;
    from.pop_front();
    return connection;
  }

  void pass() {
    burst_.clear();
    while (burst_.size() < limits::kBurst) {
      const auto connection = receive();
      if (!connection) break;
      burst_.push_back(*connection);
    }
    const bool worked = !burst_.empty() || server_.stage.waiting() != 0;
    const std::uint64_t start = processor_ns();
    const Instant now = instant(now_);
    for (const std::uint32_t connection : burst_) servers_[connection].listen(clients_[connection].output, now);
    if (burst_.empty())
      server_.stage.flush(now);
    else
      server_.stage.run_due(now);
    touched_ = burst_;
    while (crypto::Operation* const operation = server_.stage.take_completed()) {
      touched_.push_back(static_cast<std::uint32_t>(operation->owner));  // the operation goes with what resumes
      End& end = servers_[operation->owner];
      end.note(end.session->on_operation_done(*operation, end, now));
    }
    const bool filled = !worked && server_.stage.fill_banks();
    now_ += processor_ns() - start;
    if (!worked && !filled) now_ = std::max(now_, next_arrival());
    hand_over();
  }
  std::uint64_t next_arrival() const {
    std::uint64_t next = ~std::uint64_t{0};
    if (!hellos_.empty()) next = hellos_.front().at_ns;
    if (!finisheds_.empty()) next = std::min(next, finisheds_.front().at_ns);
    if (next == ~std::uint64_t{0}) give_up("the schedule");
    return next;
  }

  /// Not timed: what the pass brought about, and what clients say to it.
  void hand_over() {
    for (const std::uint32_t connection : touched_) {
      if (!servers_[connection].connected || !servers_[connection].session) continue;
      latencies_.push_back(now_ - begun_[connection] - kRoundTripNs);
      servers_[connection].session.reset();
      clients_[connection].session.reset();
    }
    bool speaking = true;
    while (speaking) {
      speaking = false;
      for (const std::uint32_t connection : touched_) {
        if (servers_[connection].output.empty() || !clients_[connection].session) continue;
        clients_[connection].listen(servers_[connection].output, Instant{});
        speaking = true;
      }
      settle_clients();
    }
    for (const std::uint32_t connection : touched_) {
      if (!clients_[connection].connected || clients_[connection].answered) continue;
      clients_[connection].answered = true;
      finisheds_.push_back({now_ + kRoundTripNs, connection});
    }
  }

  Side& server_;
  Side& client_;
  tls::ServerConfig server_config_;
  tls::ClientConfig client_config_;
  std::vector<End> servers_;
  std::vector<End> clients_;
  std::vector<std::uint64_t> begun_;
  std::deque<Arrival> hellos_;
  std::deque<Arrival> finisheds_;
  std::vector<std::uint32_t> burst_;
  std::vector<std::uint32_t> touched_;
  std::vector<std::uint64_t> latencies_;
  std::uint64_t now_ = 0;
};

std::vector<std::uint64_t> all_at_once(std::size_t count) { return std::vector<std::uint64_t>(count, 0); }

/// Strangers come without regard to each other: gaps are exponential.
std::vector<std::uint64_t> at_rate(std::size_t count, double per_second) {
  std::mt19937_64 random(20'261'124);
  std::exponential_distribution<double> gap(per_second);
  std::vector<std::uint64_t> times;
  double at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    times.push_back(static_cast<std::uint64_t>(at * 1e9));
    at += gap(random);
  }
  return times;
}

/// Each figure of a run, with banks and without.
struct Figures {
  std::vector<double> with, without;
};

Figure figure(const char* name, const char* unit, const char* better, const Figures& figures) {
  const auto [least, most] = std::ranges::minmax(figures.with);
  return {.name = name,
          .value = median(figures.with),
          .unit = unit,
          .better = better,
          .peer = "without banks",
          .peer_value = median(figures.without),
          .runs = static_cast<int>(figures.with.size()),
          .minimum = least,
          .maximum = most};
}

}  // namespace

int main(int count, char** values) {
  Report report("burst", count, values);
  if (report.wanted("burst/")) {
    const std::size_t handshakes = report.quick() ? kHandshakes / 50 : kHandshakes;
    Side with_banks(kBank);
    Side without_banks(0);
    Side clients(0);
    Burst banked(with_banks, clients);
    Burst plain(without_banks, clients);
    Figures throughput, median_latency, p99, alone;
    std::vector<double> filling;
    for (int run = -1; run < report.runs(); ++run) {
      const auto burst = all_at_once(handshakes);
      const Outcome plain_burst = plain.run(burst);
      const Outcome banked_burst = banked.run(burst);
      const auto busy = at_rate(handshakes, kLoad * plain_burst.per_second);
      const Outcome plain_busy = plain.run(busy);
      const Outcome banked_busy = banked.run(busy);
      const auto quiet = at_rate(handshakes / 20, plain_burst.per_second / 100);
      const Outcome plain_quiet = plain.run(quiet);
      const Outcome banked_quiet = banked.run(quiet);
      if (run < 0) continue;  // caches and tables are warm now
      throughput.with.push_back(banked_burst.per_second);
      throughput.without.push_back(plain_burst.per_second);
      median_latency.with.push_back(banked_busy.p50_us);
      median_latency.without.push_back(plain_busy.p50_us);
      p99.with.push_back(banked_busy.p99_us);
      p99.without.push_back(plain_busy.p99_us);
      alone.with.push_back(banked_quiet.p50_us);
      alone.without.push_back(plain_quiet.p50_us);
      filling.push_back(banked_busy.filling_ticks);
    }
    report.add(figure("burst/handshakes-banked", "per s", "higher", throughput));
    report.add(figure("burst/p50-banked", "us", "lower", median_latency));
    report.add(figure("burst/p99-banked", "us", "lower", p99));
    report.add(figure("burst/alone-banked", "us", "lower", alone));
    report.add({.name = "burst/bank-entry"}, filling, {});
  }
  return report.finish();
}
