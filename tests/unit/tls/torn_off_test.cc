// Handshakes torn off, or starved, at every step of every road, on either side: nothing stays behind, and the counters
// tell what became of each.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "client_authority.h"
#include "libssl_client.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

constexpr std::size_t kQueueBound = 2;

/// A way through the handshake, seen from our end.
struct Road {
  const char* name;
  bool ours_is_client = false;
  Version version{};
  bool retried = false;
  bool resumed = false;
  bool client_certificate = false;
  const char* suite12 = "ECDHE-ECDSA-AES128-GCM-SHA256";
};
void PrintTo(const Road& road, std::ostream* out) { *out << road.name; }

ServerConfig server_config(const Road& road) {
  ServerConfig draft = World::default_config();
  draft.min_version = Version::tls12;
  draft.rsa_key_exchange = true;
  crypto::SystemEntropy entropy;
  if (road.resumed) draft.ticket_keys = TicketKeys::random(entropy);
  if (road.client_certificate) {
    draft.client_certificates = ClientCertificates::require;
    draft.client_trust = LibsslCertificates::get().trust;
  }
  return *prepared(std::move(draft));
}

ClientConfig client_config(const Road& road) {
  ClientConfig draft = libssl_trusting_client();
  draft.max_version = road.version;
  draft.resume_sessions = road.resumed;
  if (road.client_certificate) draft.credential = client_credential(client_certificate({}));
  return *prepared(std::move(draft));
}

/// Our end and OpenSSL's, and the handshake between them in steps: a record taken, a batch computed, one result handed
/// in.
class Walk {
 public:
  explicit Walk(const Road& road)
      : road_(road),
        world_({.stage = {.queue_bound = kQueueBound}}),
        server_config_(server_config(road)),
        client_config_(client_config(road)),
        libssl_server_(LibsslCertificates::get().ecdsa) {
    const int version = static_cast<int>(road.version);
    const char* const groups = road.retried ? (road.ours_is_client ? "P-256" : "P-521:P-256") : "X25519:P-256";
    SSL_CTX_set_max_proto_version(theirs().context(), version);
    SSL_CTX_set_cipher_list(theirs().context(), road.suite12);
    SSL_CTX_set1_groups_list(theirs().context(), groups);
    if (road.client_certificate && road.ours_is_client)
      SSL_CTX_set_verify(theirs().context(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    if (road.client_certificate && !road.ours_is_client) {
      const crypto::Issued shown = client_certificate({});
      SSL_CTX_use_cert_and_key(theirs().context(), shown.x509.get(), shown.pkey.get(), nullptr, 1);
      SSL_CTX_add1_chain_cert(theirs().context(), LibsslCertificates::get().authority.intermediate().x509.get());
    }
    if (road.resumed && !road.ours_is_client) {
      begin();
      while (step()) {
      }
      session_.reset(SSL_get1_session(libssl_client_.ssl()));
    }
  }

  LibsslEnd& theirs() { return road_.ours_is_client ? static_cast<LibsslEnd&>(libssl_server_) : libssl_client_; }
  SessionEnd& ours() { return *ours_; }
  ClientWorld& world() { return world_; }

  /// A new connection, of which nothing has happened.
  void begin() {
    if (road_.resumed && road_.ours_is_client) {  // each session is used once
      begin_plainly();
      while (step()) {
      }
    }
    begin_plainly();
  }

  /// False when there is nothing more to do.
  bool step(std::optional<crypto::Status> result = {}) {
    if (road_.ours_is_client && !std::exchange(begun_, true)) {
      static_cast<ClientEnd&>(*ours_).begin();
      return true;
    }
    if (world_.stage.waiting() != strangers_.size()) {
      world_.stage.flush(Instant{});
      return true;
    }
    if (ours_->hand_in_one(result)) return true;
    if (incoming_.empty()) {
      theirs().give(ours_->take_output());
      theirs().run();
      incoming_ = theirs().take_output();
    }
    if (incoming_.empty() || !ours_->session().wants_record()) return false;
    const auto whole = static_cast<std::ptrdiff_t>(kRecordHeaderBytes + load_be16(&incoming_[3]));
    const Buffer record(incoming_.begin(), incoming_.begin() + whole);
    incoming_.erase(incoming_.begin(), incoming_.begin() + whole);
    ours_->receive(record);
    return true;
  }

  /// Fills every queue of the stage, unless work of ours waits there.
  void fill_stage() {
    if (world_.stage.waiting() != 0) return;
    strangers_.resize(crypto::kKinds * kQueueBound);
    for (std::size_t i = 0; i < strangers_.size(); ++i) {
      strangers_[i].kind = static_cast<crypto::Kind>(i / kQueueBound);
      EXPECT_TRUE(world_.stage.submit(strangers_[i], Instant{}));
    }
  }
  void empty_stage() {
    for (crypto::Operation& each : strangers_) EXPECT_TRUE(world_.stage.cancel(each));
    strangers_.clear();
  }
  void take_pool() {
    while (void* block = world_.frames.take_block()) blocks_.push_back(block);
    for (MutableBytes piece; !(piece = world_.frames.take_long()).empty();) longs_.push_back(piece);
  }
  void give_pool_back() {
    for (void* block : std::exchange(blocks_, {})) world_.frames.give_block(block);
    for (const MutableBytes piece : std::exchange(longs_, {})) world_.frames.give_long(piece);
  }

  /// The end of a connection: its session goes, connected or not.
  void abandon() { ours_.reset(); }

  void expect_nothing_left() {
    EXPECT_EQ(world_.frames.blocks_taken(), 0u);
    EXPECT_EQ(world_.frames.longs_taken(), 0u);
    EXPECT_EQ(world_.stage.waiting(), 0u);
    EXPECT_EQ(world_.stage.take_completed(), nullptr);
    EXPECT_EQ(world_.sessions.taken_out(), 0u);
    EXPECT_EQ(world_.sessions.pending_count(), 0u);
    const Statistics& counted = world_.statistics;
    const std::uint64_t failed =
        std::accumulate(counted.handshakes_failed.begin(), counted.handshakes_failed.end(), std::uint64_t{0},
                        [](std::uint64_t sum, const Counter& each) { return sum + each.get(); });
    EXPECT_EQ(counted.handshakes_started.get(),
              counted.handshakes_completed.get() + counted.handshakes_abandoned.get() + failed);
  }

 private:
  void begin_plainly() {
    theirs().next_connection();
    incoming_.clear();
    begun_ = false;
    ours_.reset();
    if (session_) {  // a copy, because one whose connection breaks is not resumed again
      const SavedSession copy(SSL_SESSION_dup(session_.get()));
      SSL_set_session(theirs().ssl(), copy.get());
    }
    if (road_.ours_is_client)
      ours_ = std::make_unique<ClientEnd>(world_, client_config_);
    else
      ours_ = std::make_unique<ServerEnd>(world_, server_config_);
  }

  const Road& road_;
  ClientWorld world_;
  ServerConfig server_config_;
  ClientConfig client_config_;
  LibsslClient libssl_client_;
  LibsslServer libssl_server_;
  SavedSession session_;
  std::unique_ptr<SessionEnd> ours_;
  Buffer incoming_;
  std::vector<crypto::Operation> strangers_;
  std::vector<void*> blocks_;
  std::vector<MutableBytes> longs_;
  bool begun_ = false;
};

/// What tears it off. For a session a peer that is gone, a deadline, a RST and a reset of the flow are one: its owner
/// destroys it.
struct Tear {
  const char* name;
  void (*act)(SessionEnd&);
};
constexpr std::array kTears = {
    Tear{"destroyed", [](SessionEnd& ours) { ours.destroy(); }},
    Tear{"closed by us", [](SessionEnd& ours) { ours.session().close(ours); }},
    Tear{"close_notify", [](SessionEnd& ours) { ours.receive(Buffer{21, 3, 3, 0, 2, 1, 0}); }},
    Tear{"fatal alert", [](SessionEnd& ours) { ours.receive(Buffer{21, 3, 3, 0, 2, 2, 40}); }},
    Tear{"no TLS", [](SessionEnd& ours) { ours.receive(Buffer{99, 9, 9, 9, 9}); }},
};

/// What is missing, or goes wrong, for the length of one step.
struct Want {
  const char* name;
  std::initializer_list<Error> errors;  ///< what may come of it, where anything does
  bool (*step)(Walk&);
};
const std::array kWants = {
    Want{"stage full",
         {Error::crypto_queue_full},
         [](Walk& walk) {
           walk.fill_stage();
           const bool more = walk.step();
           walk.empty_stage();
           return more;
         }},
    Want{"pool empty",
         {Error::no_handshake_memory},
         [](Walk& walk) {
           walk.take_pool();
           const bool more = walk.step();
           walk.give_pool_back();
           return more;
         }},
    Want{"send queue full",
         {Error::send_queue_full},
         [](Walk& walk) {
           walk.ours().sink_room = 0;
           const bool more = walk.step();
           walk.ours().sink_room = ~std::size_t{0};
           return more;
         }},
    Want{"operation failed", {Error::crypto_failed}, [](Walk& walk) { return walk.step(crypto::Status::failed); }},
    Want{"operation refused its input",
         {Error::bad_key_share, Error::bad_signature, Error::malformed_message},
         [](Walk& walk) { return walk.step(crypto::Status::invalid_input); }},
};

class TornOff : public testing::TestWithParam<Road> {};

TEST_P(TornOff, at_any_step_leaves_nothing) {
  Walk walk(GetParam());
  for (const Tear& tear : kTears) {
    std::size_t steps = 0;
    for (bool complete = false; !complete; ++steps) {
      ASSERT_LT(steps, 60u);
      SCOPED_TRACE(testing::Message() << tear.name << " after " << steps << " steps");
      walk.begin();
      for (std::size_t i = 0; i < steps && !complete; ++i) complete = !walk.step();
      if (complete) break;
      tear.act(walk.ours());
      walk.abandon();
      walk.expect_nothing_left();
    }
    EXPECT_TRUE(walk.ours().connected) << tear.name << ": " << name_of(walk.ours().session().failure().error);
    EXPECT_EQ(walk.ours().session().info().resumed, GetParam().resumed);
    EXPECT_EQ(walk.ours().session().info().retried, GetParam().retried);
    EXPECT_GT(steps, 3u);
  }
}

TEST_P(TornOff, by_what_is_missing_at_any_step_fails_under_its_name) {
  Walk walk(GetParam());
  for (const Want& want : kWants) {
    std::size_t failed = 0;
    bool complete = false;
    for (std::size_t steps = 0; !complete; ++steps) {
      ASSERT_LT(steps, 60u);
      SCOPED_TRACE(testing::Message() << want.name << " after " << steps << " steps");
      walk.begin();
      for (std::size_t taken = 0; taken < steps && !complete; ++taken) complete = !walk.step();
      want.step(walk);
      while (walk.step()) {
      }
      if (walk.ours().failed) {
        const Error error = walk.ours().session().failure().error;
        EXPECT_NE(std::ranges::find(want.errors, error), want.errors.end()) << name_of(error);
        ++failed;
      } else {
        EXPECT_TRUE(walk.ours().connected);
      }
      walk.abandon();
      walk.expect_nothing_left();
    }
    // A resumed handshake of TLS 1.2 has no operations.
    const bool has_operations = GetParam().version == Version::tls13 || !GetParam().resumed;
    const bool is_about_operations = &want != &kWants[1] && &want != &kWants[2];
    EXPECT_EQ(failed > 0, has_operations || !is_about_operations) << want.name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Roads, TornOff,
    testing::Values(
        Road{"server_tls13", false, Version::tls13},
        Road{.name = "server_tls13_retried", .version = Version::tls13, .retried = true},
        Road{.name = "server_tls13_resumed", .version = Version::tls13, .resumed = true},
        Road{.name = "server_tls13_resumed_retried", .version = Version::tls13, .retried = true, .resumed = true},
        Road{.name = "server_tls13_client_certificate", .version = Version::tls13, .client_certificate = true},
        Road{.name = "server_tls12", .version = Version::tls12},
        Road{.name = "server_tls12_rsa", .version = Version::tls12, .suite12 = "AES128-GCM-SHA256"},
        Road{.name = "server_tls12_resumed", .version = Version::tls12, .resumed = true},
        Road{.name = "server_tls12_client_certificate", .version = Version::tls12, .client_certificate = true},
        Road{"client_tls13", true, Version::tls13}, Road{"client_tls13_retried", true, Version::tls13, true},
        Road{"client_tls13_resumed", true, Version::tls13, false, true},
        Road{"client_tls13_resumed_retried", true, Version::tls13, true, true},
        Road{"client_tls13_client_certificate", true, Version::tls13, false, false, true},
        Road{"client_tls12", true, Version::tls12}, Road{"client_tls12_resumed", true, Version::tls12, false, true},
        Road{"client_tls12_client_certificate", true, Version::tls12, false, false, true}),
    [](const testing::TestParamInfo<Road>& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace handsel::tls::test
