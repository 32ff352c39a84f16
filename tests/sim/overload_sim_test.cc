/// More full handshakes than the budget allows, and clients that come back with a session in the middle of them.

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <vector>

#include "trial.h"

namespace handsel::sim {
namespace {

using std::chrono::milliseconds;

/// What became of a client. Outlives it.
struct Outcome {
  bool connected = false;
  bool resumed = false;
  int alert = 0;  ///< that it was refused with
  Duration took{};
};

/// What libssl's clients share: their context, and the session that the first of them got.
struct Clients {
  Clients() : context(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_set_app_data(context, this);
    SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION* fresh) {
      auto& clients = *static_cast<Clients*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
      if (clients.session != nullptr) return 0;
      clients.session = fresh;
      return 1;
    });
  }
  ~Clients() {
    SSL_SESSION_free(session);
    SSL_CTX_free(context);
  }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  SSL_CTX* context;
  SSL_SESSION* session = nullptr;
};

/// Shakes hands, in full or with the session that there is, and goes.
class Handshake final : public Script {
 public:
  Handshake(Clients& clients, Outcome& outcome, bool resumes, Instant begun)
      : clients_(clients), outcome_(outcome), ssl_(SSL_new(clients.context)), resumes_(resumes), begun_(begun) {
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_tlsext_host_name(ssl_, "handsel.test");
    SSL_set_connect_state(ssl_);
  }
  ~Handshake() override { SSL_free(ssl_); }

  bool step(tcp::Connection& connection, bool, Instant now) override {
    if (resumes_ && !std::exchange(offered_, true)) offer();
    for (Bytes bytes = connection.readable(); !bytes.empty(); bytes = connection.readable()) {
      BIO_write(SSL_get_rbio(ssl_), bytes.data(), static_cast<int>(bytes.size()));
      connection.consume(bytes.size());
    }
    if (!done_) shake(now);
    std::array<char, 4'096> buffer;
    while (BIO_pending(SSL_get_wbio(ssl_)) > 0 && connection.send_room() >= buffer.size()) {
      const int size = BIO_read(SSL_get_wbio(ssl_), buffer.data(), static_cast<int>(buffer.size()));
      connection.write(as_bytes({buffer.data(), static_cast<std::size_t>(size)}));
    }
    return done_ && BIO_pending(SSL_get_wbio(ssl_)) == 0;
  }
  std::string complaint() const override { return {}; }  // the test judges the outcome

 private:
  // A copy: libssl uses a session once.
  void offer() {
    SSL_SESSION* copy = SSL_SESSION_dup(clients_.session);
    SSL_set_session(ssl_, copy);
    SSL_SESSION_free(copy);
  }
  void shake(Instant now) {
    ERR_clear_error();
    std::array<char, 64> nothing;
    const int read = SSL_read(ssl_, nothing.data(), nothing.size());
    if (SSL_get_error(ssl_, read) == SSL_ERROR_SSL) {
      outcome_.alert = ERR_GET_REASON(ERR_get_error()) - SSL_AD_REASON_OFFSET;
      done_ = true;
    } else if (SSL_is_init_finished(ssl_) && (resumes_ || clients_.session != nullptr)) {
      outcome_.connected = true;
      outcome_.resumed = SSL_session_reused(ssl_) == 1;
      SSL_shutdown(ssl_);
      done_ = true;
    }
    if (done_) outcome_.took = now - begun_;
  }

  Clients& clients_;
  Outcome& outcome_;
  SSL* ssl_;
  bool resumes_;
  bool offered_ = false;
  bool done_ = false;
  Instant begun_;
};

constexpr std::uint32_t kRate = 40;
constexpr std::uint16_t kFlood = 160;  // full handshakes within the second: four times the rate
constexpr std::uint16_t kReturning = 20;
constexpr Instant kFloodBegins{std::chrono::seconds(1)};

struct Overload {
  explicit Overload(std::uint64_t seed) : trial(seed, config()), flood(kFlood), returning(kReturning) {
    add(first, false, Instant{});
    for (Outcome& each : flood) add(each, false, kFloodBegins + milliseconds(trial.world().random() % 1'000));
    for (std::size_t i = 0; i < kReturning; ++i) add(returning[i], true, kFloodBegins + milliseconds(50 * i));
  }
  static flow::ShardConfig config() {
    flow::ShardConfig config = server_config();
    config.limits.flows = config.limits.half_open = config.limits.time_wait = 256;
    config.limits.handshakes_per_second = kRate;
    return config;
  }
  void add(Outcome& outcome, bool resumes, Instant at) {
    const ClientConfig config{.id = next_id++, .port = kHttpsPort, .tcp = client_tcp(false), .opens_at = at};
    trial.add_client(config, std::make_unique<Handshake>(clients, outcome, resumes, at), {});
  }

  Clients clients;
  Trial trial;
  Outcome first;
  std::vector<Outcome> flood;
  std::vector<Outcome> returning;
  std::uint16_t next_id = 1;
};

std::uint64_t computed(const crypto::Stage& stage, crypto::Kind kind) {
  const crypto::BankStatistics* bank = stage.bank_statistics(kind);
  return stage.statistics(kind).operations.get() + (bank == nullptr ? 0 : bank->taken.get());
}

TEST(OverloadSim, returning_clients_get_through_a_flood_of_full_handshakes) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE(seed);
    Overload world(seed);
    ASSERT_EQ(world.trial.run(std::chrono::minutes(1)), "");
    ASSERT_TRUE(world.first.connected);
    // Delays of 1 ms each way: TCP's handshake and the flight after it take 4 ms.
    for (const Outcome& each : world.returning) {
      EXPECT_TRUE(each.connected && each.resumed);
      EXPECT_LE(each.took, milliseconds(5));
    }
    std::uint64_t connected = 0;
    std::uint64_t refused = 0;
    for (const Outcome& each : world.flood) {
      connected += each.connected;
      refused += each.alert == SSL_AD_INTERNAL_ERROR;
      EXPECT_LE(each.took, milliseconds(5));  // either way: nobody waits in a queue
    }
    EXPECT_EQ(connected + refused, kFlood);
    EXPECT_GE(refused, kFlood / 2u);
    EXPECT_GE(connected, 10u);

    const flow::AdmissionStatistics& counted = world.trial.shard().admission_statistics();
    EXPECT_EQ(counted.full_admitted.get(), connected + 1);
    EXPECT_EQ(counted.full_refused.get(), refused);
    EXPECT_EQ(counted.resumed_admitted.get(), kReturning);
    EXPECT_EQ(counted.resumed_refused.get(), 0u);
    EXPECT_EQ(counted.full_in_progress.get(), 0u);
    const auto& failed = world.trial.shard().tls_statistics().handshakes_failed;
    EXPECT_EQ(failed[static_cast<std::size_t>(tls::Error::budget_rate)].get(), refused);
    // No public-key work was done for those who were refused; some of the others' came out of a bank.
    const crypto::Stage& stage = world.trial.shard().stage();
    EXPECT_EQ(computed(stage, crypto::Kind::ecdsa_p256_sign), connected + 1);
    EXPECT_EQ(computed(stage, crypto::Kind::x25519_keygen), connected + 1 + kReturning);
  }
}

}  // namespace
}  // namespace handsel::sim
