/// Early data from a connection of ours to a listener: at once to a service that wants it so, else after the handshake.

#include "two_shards.h"

namespace handsel::flow {
namespace {

class EarlyData : public TwoShards {
 protected:
  void SetUp() override {
    TwoShards::SetUp();
    config.opens_tls = true;
    server_tls.ticket_keys = tls::TicketKeys::random(entropy);
    server_tls.max_early_data = 1'000;
    tls::ClientConfig draft;
    draft.server_name = "handsel.test";
    draft.verification = tls::Verification::none;
    draft.early_data = true;
    tls = std::make_unique<const tls::ClientConfig>(*tls::prepared(draft));
    start();
    connect();
    ASSERT_EQ(client.opened, 1);
    shard->cut(client.id, now);
    exchange();
    client.received.clear();
    service.received.clear();
    client.early = "early";
  }
  void connect() {
    Target target = to(kTls);
    target.endpoint.tls_client = tls.get();
    ASSERT_TRUE(shard->connect(target, now));
    exchange();
  }
  std::uint64_t accepted() { return peer->tls_statistics().early_data_accepted.get(); }

  std::unique_ptr<const tls::ClientConfig> tls;
};

TEST_F(EarlyData, waits_for_the_handshake_when_the_service_does_not_want_it_early) {
  connect();
  EXPECT_EQ(accepted(), 1u);
  EXPECT_EQ(service.opened, 2);
  EXPECT_EQ(service.opened_early, 0);
  EXPECT_EQ(service.unopened_data, 0);
  EXPECT_EQ(service.received, "early");
  EXPECT_EQ(client.received, "early");
  EXPECT_EQ(client.tls.early_data, tls::EarlyData::accepted);
}

TEST_F(EarlyData, opens_a_service_that_wants_it_early_and_only_once) {
  service.takes_early = true;
  client.greeting = ", late";
  connect();
  EXPECT_EQ(accepted(), 1u);
  EXPECT_EQ(service.opened, 2);
  EXPECT_EQ(service.opened_early, 1);
  EXPECT_EQ(service.received, "early, late");
  EXPECT_EQ(client.received, "early, late");
}

TEST_F(EarlyData, service_that_takes_nothing_yet_gets_it_later_and_the_handshake_is_not_held_up) {
  service.willing = false;
  connect();
  EXPECT_EQ(client.opened, 2);
  EXPECT_EQ(service.received, "");
  service.willing = true;
  client.late = "!";
  ASSERT_TRUE(shard->wake(client.id, now));
  exchange();
  EXPECT_EQ(service.received, "early!");
}

TEST_F(EarlyData, client_hears_that_it_was_for_nothing_when_the_server_was_started_anew) {
  restart_peer();
  connect();
  EXPECT_EQ(client.tls.early_data, tls::EarlyData::rejected);
  EXPECT_EQ(service.received, "");
  constexpr auto kWhy = static_cast<std::size_t>(tls::EarlyDataRefusal::other_worker);
  EXPECT_EQ(peer->tls_statistics().early_data_refused[kWhy].get(), 1u);
}

TEST_F(EarlyData, that_was_held_goes_with_a_connection_that_is_cut) {
  client.early = std::string(900, 'e');
  connect();
  EXPECT_EQ(service.received.size(), 900u);
  shard->cut(client.id, now);
  exchange();
  let_pass(std::chrono::seconds(30));
  EXPECT_EQ(peer->chunks_available(), config.limits.chunks);
  EXPECT_EQ(peer->flows(), 0u);
}

}  // namespace
}  // namespace handsel::flow
