/// TLS on connections that a shard opens: both ends are ours here; strangers' are in the interop tests.

#include "two_shards.h"

namespace handsel::flow {
namespace {

class ConnectTls : public TwoShards {
 protected:
  void SetUp() override {
    TwoShards::SetUp();
    config.opens_tls = true;
    draft.server_name = "handsel.test";
    draft.verification = tls::Verification::none;
  }
  Target over_tls() {
    tls = std::make_unique<const tls::ClientConfig>(*tls::prepared(draft));
    Target target = to(kTls);
    target.endpoint.tls_client = tls.get();
    return target;
  }

  tls::ClientConfig draft;
  std::unique_ptr<const tls::ClientConfig> tls;
};

TEST_F(ConnectTls, opens_when_the_handshake_is_complete_and_talks) {
  start();
  client.greeting = "secret";
  client.close_after = 6;
  ASSERT_TRUE(shard->connect(over_tls(), now));
  exchange();
  EXPECT_EQ(client.opened, 1);
  EXPECT_EQ(client.tls.version, 0x0304);
  EXPECT_EQ(client.received, "secret");
  EXPECT_EQ(client.closed, 1);
  EXPECT_EQ(shard->flows(), 0u);
  EXPECT_EQ(shard->handshakes_in_progress(), 0u);
}

TEST_F(ConnectTls, half_close_still_hears_the_answer) {
  start();
  client.greeting = "question";
  client.finish_at_once = true;
  ASSERT_TRUE(shard->connect(over_tls(), now));
  exchange();
  EXPECT_EQ(client.received, "question");
  EXPECT_EQ(client.closed, 1);
  EXPECT_EQ(client.end, tcp::End::closed);
}

TEST_F(ConnectTls, certificate_that_nobody_trusts_fails_the_open) {
  draft.verification = tls::Verification::pinned;
  draft.pins = {crypto::KeyPin{}};
  start();
  ASSERT_TRUE(shard->connect(over_tls(), now));
  exchange();
  let_pass(std::chrono::seconds(1));
  EXPECT_EQ(client.failures, std::vector{OpenFailure::handshake});
  EXPECT_EQ(client.opened + client.closed, 0);
  EXPECT_EQ(tcp().opens_without_tls.get(), 1u);
  EXPECT_EQ(service.opened, service.closed);
}

TEST_F(ConnectTls, server_that_never_answers_the_hello_is_given_up) {
  start();
  Target target = over_tls();
  target.port = kPlain;  // echoes the ClientHello, at first nothing
  service.willing = false;
  ASSERT_TRUE(shard->connect(target, now));
  let_pass(config.limits.handshake_timeout + std::chrono::seconds(1));
  EXPECT_EQ(client.failures, std::vector{OpenFailure::handshake});
  EXPECT_EQ(tcp().handshake_timeouts.get(), 1u);
  EXPECT_EQ(shard->flows(), 0u);
}

}  // namespace
}  // namespace handsel::flow
