// A load driver over TLS: what it agrees on, resumes, verifies, and how failures are counted.

#include <cstring>

#include "load_rig.h"
#include "tls/ticket.h"
#include "unit/service/fake_stream.h"

namespace handsel::engine {
namespace {

using service::LoadFailure;
using Kind = service::LoadScript::Kind;

constexpr std::uint16_t kHttps = 443;

class LoadOverTls : public LoadRig {
 protected:
  void SetUp() override {
    LoadRig::SetUp();
    config.opens_tls = true;
    config.client_sessions = {.sessions = 64, .sessions_per_scope = 64, .connections = 64};
    plan.port = kHttps;
    plan.script.kind = Kind::http;
    plan.script.target = "/bytes/20000";
    plan.script.verify = true;
    client.server_name = "handsel.test";
    client.verification = tls::Verification::none;
    const std::array<std::string, 1> names = {"handsel.test"};
    const auto made = crypto::make_self_signed(keys, {crypto::KeyAlgorithm::p256, 256}, names, 30, 0);
    server.credentials.push_back({made->key, tls::CredentialKind::ecdsa_p256, made->chain.der, made->chain.dns_names});
    server.min_version = tls::Version::tls12;
    server.ticket_keys = tls::TicketKeys::random(entropy);
  }
  void start(flow::Service& chosen) {
    plan.tls.full = finished(false);
    if (plan.tls.resume > 0) plan.tls.resuming = finished(true);
    secured.push_back(
        {std::nullopt, kHttps, std::make_shared<const tls::ServerConfig>(*tls::prepared(server)), &chosen});
    LoadRig::start();
  }
  const tls::Statistics& tls() const { return shard->tls_statistics(); }

  tls::ServerConfig server;
  tls::ClientConfig client;

 private:
  std::shared_ptr<const tls::ClientConfig> finished(bool offer) {
    client.resume_sessions = plan.tls.resume > 0;
    client.offer_sessions = offer;
    return std::make_shared<const tls::ClientConfig>(*tls::prepared(client));
  }
};

TEST_F(LoadOverTls, requests_are_answered_byte_by_byte) {
  plan.script.requests = 3;
  plan.total = 4;
  plan.connections = 2;
  start(http);
  run();
  EXPECT_TRUE(result().good());
  EXPECT_EQ(result().requests, 12u);
  EXPECT_EQ(result().bytes_received, 12u * 20'000);
  EXPECT_EQ(result().connect.count, 4u);
  EXPECT_EQ(result().handshake.count, 4u);
  EXPECT_EQ(tls().handshakes_completed.get(), 4u);
  EXPECT_EQ(tls().handshakes_resumed.get(), 0u);
  EXPECT_EQ(tls().tickets_kept.get(), 0u);  // none is wanted
  expect_settled();
}

class LoadResumes : public LoadOverTls, public ::testing::WithParamInterface<tls::Version> {};

TEST_P(LoadResumes, as_many_as_asked_for) {
  client.max_version = GetParam();
  plan.tls.resume = 0.25;
  plan.total = 40;
  start(http);
  run();
  EXPECT_TRUE(result().good());
  EXPECT_EQ(tls().handshakes_completed.get(), 40u);
  EXPECT_EQ(tls().handshakes_resumed.get(), 10u);
}

TEST_P(LoadResumes, all_but_the_first) {
  client.max_version = GetParam();
  plan.tls.resume = 1;
  plan.total = 20;
  plan.script.kind = Kind::connect;  // tickets of TLS 1.3 come behind the handshake, when we have closed already
  start(http);
  run();
  EXPECT_TRUE(result().good());
  EXPECT_EQ(tls().handshakes_resumed.get(), 19u);
  expect_settled();
}

INSTANTIATE_TEST_SUITE_P(Versions, LoadResumes, ::testing::Values(tls::Version::tls12, tls::Version::tls13),
                         [](const auto& each) { return each.param == tls::Version::tls12 ? "Tls12" : "Tls13"; });

TEST_F(LoadOverTls, server_that_is_not_the_pinned_one_fails_the_handshake) {
  client.verification = tls::Verification::pinned;
  client.pins = {crypto::KeyPin{}};
  plan.total = 3;
  start(http);
  run();
  EXPECT_EQ(failures(result(), LoadFailure::handshake), 3u);
  EXPECT_EQ(result().opened, 0u);
  EXPECT_EQ(tls().handshakes_failed[static_cast<std::size_t>(tls::Error::wrong_pin)].get(), 3u);
  expect_settled();
}

TEST_F(LoadOverTls, server_that_never_answers_the_hello_fails_the_handshake) {
  plan.port = kMute;
  plan.total = 1;
  start(http);
  run();
  EXPECT_EQ(failures(result(), LoadFailure::handshake), 1u);
  EXPECT_EQ(tls().handshakes_abandoned.get(), 1u);
  expect_settled();
}

TEST_F(LoadOverTls, handshake_that_the_end_of_the_run_cuts_is_nobodys_failure) {
  plan.port = kMute;
  start(http);
  turn();
  driver->stop();
  turn();
  EXPECT_EQ(result().cut, 1u);
  EXPECT_EQ(result().failed, 0u);
  expect_settled();
}

// The server of TLS 1.3 judges a client's certificate when the client is connected already, and maybe has closed.
TEST_F(LoadOverTls, refusal_of_our_certificate_is_a_failure_of_tls_though_all_seemed_done) {
  const auto vouched =
      crypto::make_self_signed(keys, {crypto::KeyAlgorithm::p256, 256}, std::array<std::string, 1>{"ca.test"}, 30, 0);
  server.client_certificates = tls::ClientCertificates::require;
  server.client_trust = *crypto::TrustStore::from_pem(crypto::to_pem(vouched->chain));
  plan.script.kind = Kind::connect;
  plan.total = 2;
  start(http);
  run();
  EXPECT_EQ(result().opened, 2u);
  EXPECT_EQ(failures(result(), LoadFailure::tls_failed), 2u);
  expect_settled();
}

// The end of a body without a length, and no close_notify: somebody in between may have cut it short.
class LoadTruncated : public ::testing::Test, private service::LoadClient::Owner {
 protected:
  void body_ends(bool truncated) {
    const service::LoadState begun;
    std::memcpy(stream.state().data(), &begun, sizeof begun);
    client.on_open(stream);
    client.on_data(stream, as_bytes("HTTP/1.1 200 OK\r\n\r\npart"));
    client.on_peer_closed(stream, truncated);
    client.on_closed(stream);
  }

  service::LoadStatistics statistics;
  service::LoadClient client{{.kind = Kind::http}, statistics, *this};
  service::FakeStream stream;

 private:
  void on_progress(std::uint32_t, Instant) override {}
  void on_hold(std::uint32_t) override {}
  void on_end(std::uint32_t, Instant) override {}
};

TEST_F(LoadTruncated, body_that_a_bare_fin_ends_is_not_taken_for_whole) {
  body_ends(true);
  EXPECT_EQ(statistics.failures[static_cast<std::size_t>(LoadFailure::truncated)].get(), 1u);
  EXPECT_EQ(statistics.requests.get(), 0u);
}

TEST_F(LoadTruncated, body_that_close_notify_ends_is_whole) {
  body_ends(false);
  EXPECT_EQ(statistics.completed.get(), 1u);
  EXPECT_EQ(statistics.requests.get(), 1u);
}

}  // namespace
}  // namespace handsel::engine
