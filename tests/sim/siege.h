#pragma once
/// A world under attack: an attacker that the test chooses, visitors whose visits are timed, and what the server held
/// at the most.

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "attackers.h"
#include "crowd.h"
#include "libssl_client.h"
#include "scripts.h"
#include "trial.h"

namespace handsel::sim {

/// One visit, from the SYN to the server's last byte, in virtual time. Outlives the visitor.
struct Visit {
  Instant begun;
  std::optional<Duration> took;  ///< nothing as long as it is not over
};

/// Times what another script does.
class Timed final : public Script {
 public:
  Timed(std::unique_ptr<Script> script, Visit& visit) : script_(std::move(script)), visit_(visit) {}
  bool step(tcp::Connection& connection, bool peer_finished, Instant now) override {
    const bool done = script_->step(connection, peer_finished, now);
    if (done && !visit_.took) visit_.took = now - visit_.begun;
    return done;
  }
  Instant wakes_at() const override { return script_->wakes_at(); }
  std::string complaint() const override { return script_->complaint(); }

 private:
  std::unique_ptr<Script> script_;
  Visit& visit_;
};

/// What a shard held when it held most.
class Peak final : public Witness {
 public:
  explicit Peak(const flow::Shard& shard) : shard_(shard) {}
  void after_event(Instant) override {
    flows = std::max(flows, shard_.flows());
    chunks = std::max(chunks, shard_.config().limits.chunks - shard_.chunks_available());
    half_open = std::max(half_open, shard_.statistics().tcp.half_open.get());
    time_wait = std::max(time_wait, shard_.statistics().tcp.time_wait.get());
  }

  std::uint32_t flows = 0;
  std::uint32_t chunks = 0;
  std::uint64_t half_open = 0;
  std::uint64_t time_wait = 0;

 private:
  const flow::Shard& shard_;
};

/// Every path takes 1 ms each way.
struct Siege {
  static constexpr std::uint16_t kAttacker = 1'000;  // attackers' ids begin here
  static constexpr std::uint64_t kBytes = 1'000;     // that a visitor fetches: one segment
  /// What a visit takes when nobody is in the way: two round trips, and one more for TLS.
  static constexpr Duration kCalm = std::chrono::milliseconds(4);
  static constexpr Duration kCalmTls = std::chrono::milliseconds(6);

  explicit Siege(const flow::ShardConfig& config) : trial(1, config), peak(trial.shard()) {
    trial.world().add_witness(peak);
  }

  /// `count` visitors, one `every` so long; over TLS when the port is that of https.
  void visitors(std::uint16_t port, std::uint16_t count, Instant from, Duration every) {
    for (std::uint16_t i = 0; i < count; ++i) {
      std::unique_ptr<Script> fetch;
      if (port == kHttpsPort)
        fetch = std::make_unique<FetchOverTls>(kBytes, "X25519", "TLS_AES_128_GCM_SHA256");
      else
        fetch = std::make_unique<Fetch>(kBytes);
      visitor(port, from + i * every, std::move(fetch));
    }
  }
  Visit& visitor(std::uint16_t port, Instant at, std::unique_ptr<Script> script) {
    Visit& visit = visits.emplace_back(Visit{at, {}});
    trial.add_client({.id = next_visitor++, .port = port, .tcp = client_tcp(false), .opens_at = at},
                     std::make_unique<Timed>(std::move(script), visit), {});
    return visit;
  }
  void flood(Flood::Config config) {
    config.id = next_attacker++;
    trial.add_stranger(config.id, std::make_unique<Flood>(config, trial.world().random()), {});
  }
  Crowd& crowd(Crowd::Config config) {
    config.id = next_attacker++;
    auto made = std::make_unique<Crowd>(config);
    Crowd& crowd = *made;
    trial.add_stranger(config.id, std::move(made), {});
    return crowd;
  }

  Duration longest_visit() const {
    Duration longest{};
    for (const Visit& each : visits) longest = std::max(longest, each.took.value_or(Duration::max()));
    return longest;
  }
  std::uint64_t drops(Drop reason) const { return trial.shard().statistics().drops.get(reason); }
  const flow::TcpStatistics& tcp() const { return trial.shard().statistics().tcp; }

  std::deque<Visit> visits;
  Trial trial;
  Peak peak;
  std::uint16_t next_visitor = 1;
  std::uint16_t next_attacker = kAttacker;
};

}  // namespace handsel::sim
