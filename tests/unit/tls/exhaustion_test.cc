// What a handshake takes runs out, at every point where it takes some: a failure with a name, counted, and nothing
// stays.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "client_end.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

struct Flow {
  const char* name;
  Version version;
  bool retried;
  bool resumed;
  bool server;  ///< whose resources run out
};
void PrintTo(const Flow& flow, std::ostream* out) { *out << flow.name; }

/// A client and a server at the start of a handshake of this flow.
class Ends {
 public:
  explicit Ends(const Flow& flow, const Instruments& instruments = {})
      : flow_(flow),
        client_world(flow.server ? Instruments{} : instruments),
        server_world(flow.server ? instruments : Instruments{}) {
    ServerConfig server_draft = World::default_config();
    server_draft.min_version = Version::tls12;
    server_draft.ticket_keys = TicketKeys::random(server_world.entropy);
    if (flow.retried) server_draft.groups = {NamedGroup::secp256r1};
    ClientConfig client_draft = default_client();
    client_draft.max_version = flow.version;
    server_config_ = *prepared(server_draft);
    client_config_ = *prepared(client_draft);
    server_world.worker.unix_at_zero_ms = client_world.worker.unix_at_zero_ms;
    begin();
    if (flow.resumed) {
      client->start();
      exchange(*client, *server);
      EXPECT_TRUE(client->connected);
      begin();
    }
  }
  SessionEnd& victim() { return flow_.server ? static_cast<SessionEnd&>(*server) : *client; }
  World& victims_world() { return flow_.server ? server_world : client_world; }
  void connect() {
    client->start();
    exchange(*client, *server);
  }

 private:
  void begin() {
    client.reset();
    server.reset();
    client = std::make_unique<ClientEnd>(client_world, client_config_);
    server = std::make_unique<ServerEnd>(server_world, server_config_);
  }

  Flow flow_;
  ServerConfig server_config_;
  ClientConfig client_config_;

 public:
  ClientWorld client_world;
  World server_world;
  std::unique_ptr<ClientEnd> client;
  std::unique_ptr<ServerEnd> server;
};

/// The victim has failed by this name, and was counted once under it; when both are gone nothing is left of them.
void expect_failure(Ends& ends, Error error) {
  EXPECT_EQ(name_of(ends.victim().session().failure().error), name_of(error));
  EXPECT_EQ(ends.victims_world().statistics.handshakes_failed[static_cast<std::size_t>(error)].get(), 1u);
  ends.client.reset();
  ends.server.reset();
  for (World* world : {static_cast<World*>(&ends.client_world), &ends.server_world}) {
    EXPECT_EQ(world->frames.blocks_taken(), 0u);
    EXPECT_EQ(world->frames.longs_taken(), 0u);
    EXPECT_EQ(world->stage.waiting(), 0u);
    EXPECT_EQ(world->stage.take_completed(), nullptr);
    EXPECT_EQ(world->exporters.size(), 0u);
  }
  EXPECT_EQ(ends.client_world.sessions.taken_out(), 0u);
  EXPECT_EQ(ends.client_world.sessions.pending_count(), 0u);
}

bool sent(const SessionEnd& end, Alert alert) {
  return std::ranges::any_of(end.notes.entries, [alert](const Notes::Entry& entry) {
    return entry.direction == Observer::Direction::sent && entry.content_type == 21 &&
           entry.message_type == static_cast<std::uint8_t>(alert);
  });
}

class Exhaustion : public testing::TestWithParam<Flow> {};

// A record that found no room is missing from the sequence: room for the next one, or for an alert, comes too late.
TEST_P(Exhaustion, sink_is_full_at_each_record) {
  std::size_t records = 0;
  for (;; ++records) {
    ASSERT_LT(records, 20u);
    Ends ends(GetParam());
    ends.victim().writes_left = records;
    ends.connect();
    if (!ends.victim().failed) {
      EXPECT_TRUE(ends.victim().connected);
      break;
    }
    const auto alerts = std::ranges::count(ends.victim().notes.entries, 21, &Notes::Entry::content_type);
    EXPECT_EQ(alerts, 0);
    expect_failure(ends, Error::send_queue_full);
  }
  EXPECT_GE(records, 3u);
}

/// Kernels of which one operation fails.
struct Faulty {
  crypto::KernelTable inner;
  std::size_t left = ~std::size_t{0};  ///< operations before that one
  bool failed = false;

  Instruments instruments() {
    Instruments made;
    made.kernels = [this](const crypto::KernelTable& table) {
      inner = table;
      crypto::KernelTable outer;
      outer.fill({"faulty", 1, run, this});
      return outer;
    };
    return made;
  }
  static void run(void* context, std::span<crypto::Operation* const> operations) {
    auto& faulty = *static_cast<Faulty*>(context);
    for (crypto::Operation* operation : operations) {
      const crypto::Kernel& kernel = faulty.inner[static_cast<std::size_t>(operation->kind)];
      kernel.run(kernel.context, {&operation, 1});
      if (faulty.left-- != 0) continue;
      operation->status = crypto::Status::failed;
      faulty.failed = true;
    }
  }
};

TEST_P(Exhaustion, each_operation_fails) {
  std::size_t operations = 0;
  for (;; ++operations) {
    ASSERT_LT(operations, 20u);
    Faulty faulty;
    Ends ends(GetParam(), faulty.instruments());
    faulty.left = operations;
    ends.connect();
    if (!faulty.failed) {
      EXPECT_TRUE(ends.victim().connected);
      break;
    }
    EXPECT_FALSE(ends.victim().connected);
    EXPECT_TRUE(sent(ends.victim(), Alert::internal_error));
    expect_failure(ends, Error::crypto_failed);
  }
  EXPECT_GE(operations, GetParam().resumed && GetParam().version == Version::tls12 ? 0u : 2u);
}

/// Drives a handshake one step at a time; at one of the victim's steps every queue of its stage is full.
class Stepping {
 public:
  Stepping(Ends& ends, std::size_t full_at) : ends_(ends), left_(full_at) {}
  /// Whether that step was reached.
  bool run() {
    step(*ends_.client, [&] { ends_.client->session().connect(*ends_.client, Instant{}); });
    compute(*ends_.client, ends_.client_world);
    for (bool moves = true; moves;) {
      moves = false;
      moves |= carry(*ends_.client, *ends_.server, ends_.server_world);
      moves |= carry(*ends_.server, *ends_.client, ends_.client_world);
    }
    return reached_;
  }

 private:
  static bool handshaking(SessionEnd& end) { return end.session().phase() == Phase::handshaking; }

  template <class Act>
  void step(SessionEnd& end, Act&& act) {
    if (&end != &ends_.victim() || left_-- != 0) return act();
    reached_ = true;
    crypto::Stage& stage = ends_.victims_world().stage;
    std::array<crypto::Operation, crypto::kKinds> fillers;
    for (std::size_t kind = 0; kind < fillers.size(); ++kind) {
      fillers[kind].kind = static_cast<crypto::Kind>(kind);
      EXPECT_TRUE(stage.submit(fillers[kind], Instant{}));
    }
    act();
    for (crypto::Operation& filler : fillers) EXPECT_TRUE(stage.cancel(filler));
  }
  bool carry(SessionEnd& from, SessionEnd& to, World& world) {
    const Buffer bytes = from.take_output();
    if (bytes.empty()) return false;
    step(to, [&] { to.receive(bytes); });
    compute(to, world);
    return true;
  }
  void compute(SessionEnd& end, World& world) {
    while (handshaking(end) && world.stage.waiting() != 0) {
      world.stage.flush(Instant{});
      step(end, [&] {
        while (crypto::Operation* operation = handshaking(end) ? world.stage.take_completed() : nullptr)
          end.session().on_operation_done(*operation, end, Instant{});
      });
      // Records that came meanwhile; not while the next operation stands in the queue that is to be filled.
      if (world.stage.waiting() == 0) step(end, [&] { end.receive({}); });
    }
  }

  Ends& ends_;
  std::size_t left_;
  bool reached_ = false;
};

TEST_P(Exhaustion, stage_is_full_at_each_operation) {
  Instruments instruments;
  instruments.stage.queue_bound = 1;
  std::size_t refusals = 0;
  for (std::size_t full_at = 0;; ++full_at) {
    ASSERT_LT(full_at, 60u);
    Ends ends(GetParam(), instruments);
    const bool reached = Stepping(ends, full_at).run();
    if (ends.victim().session().phase() == Phase::connected) {
      if (!reached) break;
      continue;  // nothing was submitted at that step
    }
    ++refusals;
    EXPECT_TRUE(sent(ends.victim(), Alert::internal_error));
    std::uint64_t counted = 0;
    for (std::size_t kind = 0; kind < crypto::kKinds; ++kind)
      counted += ends.victims_world().stage.statistics(static_cast<crypto::Kind>(kind)).refused.get();
    EXPECT_TRUE(counted == 1 || counted == 2) << counted;  // two may be submitted at once
    expect_failure(ends, Error::crypto_queue_full);
  }
  EXPECT_GE(refusals, GetParam().resumed && GetParam().version == Version::tls12 ? 0u : 2u);
}

/// Refuses what it is told to, and keeps what it was asked.
struct TestAdmission final : Admission {
  Error admit(std::uint64_t, bool resumes, Instant) override {
    asked.push_back(resumes);
    if (answer == Error::none) ++in_progress;
    return answer;
  }
  void on_ended(bool) override { --in_progress; }

  Error answer = Error::none;
  std::vector<bool> asked;
  int in_progress = 0;
};

// Before any operation is submitted, and between two ClientHellos not at all.
TEST_P(Exhaustion, budget_is_spent_before_public_key_work) {
  TestAdmission admission;
  Ends ends(GetParam());
  ends.victims_world().worker.admission = &admission;
  std::uint64_t operations = 0;
  const auto count = [&] {
    std::uint64_t sum = 0;
    for (std::size_t kind = 0; kind < crypto::kKinds; ++kind)
      sum += ends.victims_world().stage.statistics(static_cast<crypto::Kind>(kind)).operations.get();
    return sum;
  };
  operations = count();
  admission.answer = Error::budget_rate;
  ends.connect();
  if (!GetParam().server) {
    EXPECT_TRUE(admission.asked.empty());
    EXPECT_TRUE(ends.client->connected);
    return;
  }
  EXPECT_EQ(admission.asked, std::vector<bool>{GetParam().resumed});
  EXPECT_EQ(count(), operations);
  EXPECT_TRUE(sent(ends.victim(), Alert::internal_error));
  expect_failure(ends, Error::budget_rate);
}

TEST_P(Exhaustion, admitted_handshake_is_given_back_when_it_ends_or_is_torn_off) {
  TestAdmission admission;
  {
    Ends ends(GetParam());
    ends.victims_world().worker.admission = &admission;
    ends.connect();
    EXPECT_TRUE(ends.victim().connected);
    EXPECT_EQ(admission.in_progress, 0);
  }
  Ends ends(GetParam());
  ends.victims_world().worker.admission = &admission;
  ends.victim().writes_left = 2;
  ends.connect();
  EXPECT_EQ(admission.in_progress, 0);
}

INSTANTIATE_TEST_SUITE_P(Flows, Exhaustion,
                         testing::Values(Flow{"client13", Version::tls13, false, false, false},
                                         Flow{"server13", Version::tls13, false, false, true},
                                         Flow{"client13_retried", Version::tls13, true, false, false},
                                         Flow{"server13_retried", Version::tls13, true, false, true},
                                         Flow{"client13_resumed", Version::tls13, false, true, false},
                                         Flow{"server13_resumed", Version::tls13, false, true, true},
                                         Flow{"client12", Version::tls12, false, false, false},
                                         Flow{"server12", Version::tls12, false, false, true},
                                         Flow{"client12_resumed", Version::tls12, false, true, false},
                                         Flow{"server12_resumed", Version::tls12, false, true, true}),
                         [](const testing::TestParamInfo<Flow>& row) { return std::string(row.param.name); });

TEST(ClientExhaustion, long_message_in_pieces_without_a_long_buffer_left) {
  for (const Version version : {Version::tls12, Version::tls13}) {
    ServerConfig server = World::default_config();
    server.min_version = Version::tls12;
    // Longer than a record: it comes in two.
    for (Credential& credential : server.credentials) credential.chain.emplace_back(limits::kMaxPlaintext, 0x30);
    ClientConfig client = default_client();
    client.max_version = version;
    client.verification = Verification::none;
    ClientAndServer pair(client, server);
    std::vector<MutableBytes> longs;
    for (MutableBytes each = pair.client_world.frames.take_long(); !each.empty();
         each = pair.client_world.frames.take_long())
      longs.push_back(each);
    pair.connect();
    EXPECT_EQ(name_of(pair.client.session().failure().error), "no_handshake_memory");
    EXPECT_TRUE(sent(pair.client, Alert::internal_error));
    EXPECT_EQ(pair.client_world.frames.blocks_taken(), 0u);
    for (MutableBytes each : longs) pair.client_world.frames.give_long(each);

    ClientAndServer with_room(client, server);
    with_room.connect();
    EXPECT_TRUE(with_room.client.connected) << name_of(with_room.client.session().failure().error);
    EXPECT_EQ(with_room.client_world.frames.longs_taken(), 0u);
  }
}

}  // namespace
}  // namespace handsel::tls::test
