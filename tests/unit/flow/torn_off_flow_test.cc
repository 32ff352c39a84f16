/// TLS handshakes between two shards, torn off after every frame, every round of the loop and every batch of the
/// crypto stage: by either side's reset, by a peer that is gone, by silence until the deadline. Nothing leaks.

#include <algorithm>
#include <string>
#include <utility>

#include "two_shards.h"

namespace handsel::flow {
namespace {

using std::chrono::seconds;

struct Road {
  const char* name;
  tls::Version version = tls::Version::tls13;
  bool retried = false;
  bool resumed = false;
  bool with_core = false;
};
void PrintTo(const Road& road, std::ostream* out) { *out << road.name; }

class TornOffFlow : public TwoShards, public testing::WithParamInterface<Road> {
 protected:
  void SetUp() override {
    TwoShards::SetUp();
    with_core = GetParam().with_core;
    config.opens_tls = true;
    config.client_sessions = {8, 2, 4};
    tls::ClientConfig draft;
    draft.server_name = "handsel.test";
    draft.verification = tls::Verification::none;
    draft.max_version = GetParam().version;
    draft.resume_sessions = GetParam().resumed;
    client_tls = *tls::prepared(std::move(draft));
    server_tls.min_version = tls::Version::tls12;
    if (GetParam().retried) server_tls.groups = {tls::NamedGroup::secp256r1};
    if (GetParam().resumed) server_tls.ticket_keys = tls::TicketKeys::random(entropy);
    start();
    client.greeting = "hello";
    client.close_after = 5;
  }

  void connect() {
    client.opened = 0;
    client.received.clear();
    Target target = to(kTls);
    target.endpoint.tls_client = &client_tls;
    ASSERT_TRUE(shard->connect(target, now));
  }
  /// One frame delivered, or one round of each loop without the stage, or with it, or one turn of the crypto cores.
  /// False when all is said.
  bool step() {
    if (deliver_one(sink, *peer, peer_sink) || deliver_one(peer_sink, *shard, sink)) return true;
    // Work that waits for lanes to fill keeps a loop busy.
    if (!std::exchange(waited_, true) && turn(false)) return true;
    waited_ = false;
    return turn(true) || turn_cores();
  }
  /// Lets time pass from deadline to deadline until neither has a flow.
  void wait_until_empty(bool frames_arrive) {
    for (int i = 0; i < 400 && shard->flows() + peer->flows() != 0; ++i) {
      now = std::max(now, std::min(shard->next_deadline(), peer->next_deadline()));
      turn(true);
      turn_cores();
      if (frames_arrive) exchange();
      sink.frames.clear();
      peer_sink.frames.clear();
    }
  }
  void expect_nothing_left() {
    // What was asked for by somebody who is gone comes back all the same.
    turn_cores();
    turn(true);
    for (const auto& each : remotes) EXPECT_EQ(each->statistics().away.get(), 0u);
    for (const Shard* each : {shard.get(), peer.get()}) {
      EXPECT_EQ(each->flows(), 0u);
      EXPECT_EQ(each->chunks_available(), config.limits.chunks);
      EXPECT_EQ(each->handshakes_in_progress(), 0u);
      EXPECT_EQ(each->operations_waiting(), 0u);
      EXPECT_EQ(each->statistics().tcp.half_open.get(), 0u);
      EXPECT_EQ(each->statistics().tcp.opening.get(), 0u);
      const tls::Statistics& counted = each->tls_statistics();
      std::uint64_t failed = 0;
      for (const Counter& error : counted.handshakes_failed) failed += error.get();
      EXPECT_EQ(counted.handshakes_started.get(),
                counted.handshakes_completed.get() + counted.handshakes_abandoned.get() + failed);
    }
    EXPECT_EQ(service.opened, service.closed);
  }
  static Handle any_flow(const Shard& from) {
    Handle found;
    from.for_each_flow([&](const Flow& flow) { found = flow.self; });
    return found;
  }

  /// Does `tear` after every step of a connection; counts the steps up to a whole one.
  template <class Tear>
  void at_every_step(Tear&& tear) {
    for (std::size_t steps = 0;; ++steps) {
      ASSERT_LT(steps, 200u);
      SCOPED_TRACE(testing::Message() << "after " << steps << " steps");
      if (GetParam().resumed) {  // a session is good for one attempt
        connect();
        exchange();
        wait_until_empty(true);
      }
      client.failures.clear();
      connect();
      std::size_t taken = 0;
      while (taken < steps && client.opened == 0 && step()) ++taken;
      if (client.opened != 0) {
        EXPECT_EQ(client.tls.resumed, GetParam().resumed);
        EXPECT_EQ(client.tls.retried, GetParam().retried);
        EXPECT_EQ(client.tls.version, static_cast<std::uint16_t>(GetParam().version));
        EXPECT_GT(steps, 5u);
        return;
      }
      tear();
      EXPECT_EQ(client.failures.size() + static_cast<std::size_t>(client.opened), 1u);
      expect_nothing_left();
      if (HasFailure()) return;
    }
  }

  tls::ClientConfig client_tls;

 private:
  bool turn(bool idle) {
    const bool ours = shard->run(now, idle, sink);
    return peer->run(now, idle, peer_sink) || ours;
  }
  bool deliver_one(CaptureSink& from, Shard& to, CaptureSink& answers) {
    if (from.frames.empty()) return false;
    auto frame = std::move(from.frames.front());
    from.frames.erase(from.frames.begin());
    const ReceivedFrame received{frame, false};
    to.on_burst({&received, 1}, now, answers);
    return true;
  }

  bool waited_ = false;
};

TEST_P(TornOffFlow, by_our_reset) {
  at_every_step([this] {
    shard->cut(any_flow(*shard), now);
    exchange();
    wait_until_empty(true);
  });
  EXPECT_GT(tcp().opens_cut.get() + tcp().opens_without_tls.get(), 5u);
  EXPECT_GT(peer->statistics().tcp.connections_reset.get(), 1u);
}

TEST_P(TornOffFlow, by_the_peers_reset) {
  at_every_step([this] {
    if (const Handle flow = any_flow(*peer)) peer->cut(flow, now);
    exchange();
    wait_until_empty(true);
  });
  EXPECT_GT(tcp().connections_reset.get(), 1u);
}

TEST_P(TornOffFlow, by_a_link_that_carries_nothing_more) {
  at_every_step([this] {
    sink.frames.clear();
    peer_sink.frames.clear();
    wait_until_empty(false);
  });
  EXPECT_GT(tcp().handshake_timeouts.get(), 1u);
  EXPECT_GT(peer->statistics().tcp.handshake_timeouts.get(), 1u);
}

TEST_P(TornOffFlow, by_the_end_of_the_shards) {
  for (std::size_t steps = 0; steps < 40; ++steps) {
    connect();
    for (std::size_t i = 0; i < steps; ++i) step();
    shard.reset();
    peer.reset();
    sink.frames.clear();
    peer_sink.frames.clear();
    start();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Roads, TornOffFlow,
    testing::Values(Road{"tls13"}, Road{.name = "tls13_on_a_core", .with_core = true},
                    Road{.name = "tls12_on_a_core", .version = tls::Version::tls12, .with_core = true},
                    Road{.name = "tls13_resumed_on_a_core", .resumed = true, .with_core = true},
                    Road{.name = "tls13_retried", .retried = true}, Road{.name = "tls13_resumed", .resumed = true},
                    Road{.name = "tls12", .version = tls::Version::tls12},
                    Road{.name = "tls12_resumed", .version = tls::Version::tls12, .resumed = true}),
    [](const testing::TestParamInfo<Road>& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace handsel::flow
