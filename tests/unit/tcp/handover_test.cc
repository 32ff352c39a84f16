/// What stands beside the connection: cookies, ISNs, ports, resets, TIME-WAIT entries.

#include <set>

#include "harness.h"
#include "tcp/cookies.h"
#include "tcp/ports.h"
#include "tcp/reset.h"
#include "tcp/time_wait.h"

namespace handsel::tcp::test {
namespace {

constexpr SipKey kKey = {0x0123456789abcdef, 0xfedcba9876543210};
constexpr SipKey kOtherKey = {1, 2};
const std::array<std::uint8_t, 4> kLocal = {10, 0, 0, 1}, kRemote = {10, 0, 0, 2};
Tuple tuple(std::uint16_t remote_port = 40'000) { return {kLocal, kRemote, 443, remote_port}; }

TEST(Isn, TwoTuplesShareNoOffsetAndTheClockTicksEveryFourMicroseconds) {
  const Instant now{1h};
  const TupleNumbers one = numbers_of(kKey, tuple(1)), two = numbers_of(kKey, tuple(2));
  const SeqNum a = one.initial_sequence(now), b = two.initial_sequence(now);
  EXPECT_NE(a, b);
  EXPECT_EQ(one.initial_sequence(now + 1ms) - a, 250);
  EXPECT_EQ(two.initial_sequence(now + 1ms) - b, 250);
  EXPECT_NE(numbers_of(kOtherKey, tuple(1)).initial_sequence(now), a);
  EXPECT_NE(one.timestamp_offset, two.timestamp_offset);
  EXPECT_NE(numbers_of(kOtherKey, tuple(1)).timestamp_offset, one.timestamp_offset);
  EXPECT_NE(one.timestamp_offset, one.sequence_offset);
}

/// Each end of the tuple, each purpose and what is added count, over both families.
TEST(Isn, EveryPartOfATupleCounts) {
  std::array<std::uint8_t, 16> local{}, remote{};
  local.fill(1);
  remote.fill(2);
  std::set<std::uint64_t> seen;
  std::size_t made = 0;
  for (const std::size_t width : {std::size_t{4}, std::size_t{16}}) {
    const Tuple plain{Bytes(local).first(width), Bytes(remote).first(width), 1, 2};
    const auto add = [&](const Tuple& each, std::uint8_t purpose, std::uint64_t extra) {
      seen.insert(tuple_hash(kKey, purpose, each, extra));
      ++made;
    };
    add(plain, 1, 0);
    add(plain, 2, 0);
    add(plain, 1, 1);
    add({plain.local_address, plain.remote_address, 2, 1}, 1, 0);
    add({plain.remote_address, plain.local_address, 1, 2}, 1, 0);
    for (std::size_t i = 0; i < width; ++i)
      for (auto* address : {&local, &remote}) {
        (*address)[i] ^= 0x80;
        add(plain, 1, 0);
        (*address)[i] ^= 0x80;
      }
  }
  EXPECT_EQ(seen.size(), made);
}

TEST(Reset, AnswersAnAckWithItsNumberAndOthersWithAnAck) {
  TcpHeader segment;
  segment.source_port = 1;
  segment.destination_port = 2;
  segment.seq = SeqNum(100);
  segment.ack = SeqNum(500);
  segment.flags = wire::kAck;
  auto reset = reset_for(segment, 10);
  ASSERT_TRUE(reset);
  EXPECT_EQ(reset->seq, SeqNum(500));
  EXPECT_EQ(reset->flags, wire::kRst);
  EXPECT_EQ(reset->source_port, 2);
  segment.flags = wire::kSyn;
  reset = reset_for(segment, 10);
  EXPECT_EQ(reset->seq, SeqNum(0));
  EXPECT_EQ(reset->ack, SeqNum(111));
  EXPECT_EQ(reset->flags, wire::kRst | wire::kAck);
  segment.flags = wire::kRst;
  EXPECT_FALSE(reset_for(segment, 0));
}

/// A SYN with everything on it, its cookie, and the ACK that returns it.
struct Cookie : testing::Test {
  CookieSecrets secrets{kKey};
  Config config;
  TcpHeader syn, reply, ack;
  Instant now{1h};

  void SetUp() override {
    syn.source_port = 40'000;
    syn.destination_port = 443;
    syn.seq = SeqNum(777);
    syn.flags = wire::kSyn | wire::kEce | wire::kCwr;
    syn.window = 60'000;
    syn.options.mss = 1'410;
    syn.options.window_scale = 9;
    syn.options.sack_permitted = true;
    syn.options.timestamps = wire::TcpTimestamps{12'345, 0};
    config.timestamp_offset = 99'999;
    answer();
  }
  void answer() {
    reply = SynCookies::syn_ack(secrets, tuple(), config, syn, now);
    ack = {};
    ack.seq = reply.ack;
    ack.ack = reply.seq + 1;
    ack.flags = wire::kAck;
    ack.window = 500;
    if (reply.options.timestamps) ack.options.timestamps = wire::TcpTimestamps{12'400, reply.options.timestamps->value};
  }
  auto check() { return SynCookies::check(secrets, tuple(), config, ack, now); }
};

TEST_F(Cookie, BringsBackEveryOptionOfTheSyn) {
  now += 3s;
  const auto found = check();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->iss, reply.seq);
  EXPECT_EQ(found->syn.seq, syn.seq);
  EXPECT_EQ(found->syn.options.mss, 1'400);  // the next lower of the table
  EXPECT_EQ(found->syn.options.window_scale, 9);
  EXPECT_TRUE(found->syn.options.sack_permitted);
  EXPECT_EQ(found->syn.flags, syn.flags);
  EXPECT_EQ(reply.flags, wire::kSyn | wire::kAck | wire::kEce);
}

TEST_F(Cookie, MakesAConnectionThatTakesDataAtOnce) {
  now += 50ms;
  const auto found = check();
  ASSERT_TRUE(found);
  ChunkPool pool(16);
  Connection c(config, pool, found->syn, found->iss, now, Connection::FromCookie{});
  EXPECT_FALSE(c.next_segment(now));
  const Outcome outcome = c.on_segment(ack, pattern(100), 0, now);
  EXPECT_TRUE(outcome.established);
  EXPECT_EQ(c.readable_bytes(), 100u);
  EXPECT_EQ(c.snd_wnd(), 500u << 9);
  EXPECT_TRUE(c.sack_on());
  EXPECT_TRUE(c.ecn_on());
  EXPECT_FALSE(c.rtt().has_sample());
  EXPECT_EQ(c.rtt().rto_us(), 1'000'000u);
}

TEST_F(Cookie, WithoutTheTimestampOnTheAckItsOptionsAreLost) {
  ack.options.timestamps.reset();
  const auto found = check();
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->syn.options.timestamps);
  EXPECT_FALSE(found->syn.options.window_scale);
  EXPECT_FALSE(found->syn.options.sack_permitted);
}

TEST_F(Cookie, ForAPeerWithoutTimestampsOffersNothingThatNeedsThem) {
  syn.options.timestamps.reset();
  answer();
  EXPECT_FALSE(reply.options.window_scale);
  EXPECT_FALSE(reply.options.sack_permitted);
  EXPECT_FALSE(reply.options.timestamps);
  EXPECT_TRUE(check());
}

TEST_F(Cookie, OldOnesAreRefused) {
  now += SynCookies::kStep;
  EXPECT_TRUE(check());
  now += SynCookies::kStep;
  EXPECT_FALSE(check());
}

TEST_F(Cookie, OthersAreRefused) {
  const TcpHeader good = ack;
  ack.ack = good.ack + 1;
  EXPECT_FALSE(check());
  ack = good;
  ack.seq = good.seq + 1;
  EXPECT_FALSE(check());
  EXPECT_FALSE(SynCookies::check(secrets, tuple(40'001), config, good, now));
}

TEST_F(Cookie, OutliveOneRotationOfTheSecretAndNotTwo) {
  secrets.rotate(kOtherKey);
  EXPECT_TRUE(check());
  secrets.rotate({5, 6});
  EXPECT_FALSE(check());
}

TEST_F(Cookie, ItsTimestampIsNeverAheadOfTheClock) {
  for (int i = 0; i < 200; ++i, now += 1ms) {
    answer();
    const std::uint32_t clock =
        static_cast<std::uint32_t>(now.time_since_epoch().count() / 1'000'000) + config.timestamp_offset;
    EXPECT_LE(static_cast<std::int32_t>(reply.options.timestamps->value - clock), 0);
    EXPECT_GE(static_cast<std::int32_t>(reply.options.timestamps->value - clock), -128);
  }
}

TEST(EphemeralPorts, RunThroughTheRangeWithoutRepeating) {
  EphemeralPorts ports(kKey);
  std::set<std::uint16_t> seen;
  for (int i = 0; i < 64'512; ++i) {
    const auto port = ports.pick(tuple(), [](std::uint16_t) { return true; });
    ASSERT_TRUE(port);
    ASSERT_GE(*port, 1'024);
    ASSERT_TRUE(seen.insert(*port).second);
  }
  EXPECT_FALSE(ports.pick(tuple(), [](std::uint16_t) { return false; }));
  EXPECT_EQ(*ports.pick(tuple(), [](std::uint16_t port) { return port == 5'555; }), 5'555);
}

TEST(EphemeralPorts, DestinationsStartElsewhere) {
  EphemeralPorts a(kKey), b(kKey);
  const auto any = [](std::uint16_t) { return true; };
  EXPECT_NE(*a.pick(tuple(1), any), *b.pick(tuple(2), any));
}

std::uint64_t hashed(std::uint16_t port = 40'000) { return tuple_hash(kKey, 6, tuple(port)); }

/// A connection that has just entered time_wait.
struct TimeWait : testing::Test {
  Harness h;
  TimeWaitTable table{4, 60s};

  void wait(std::uint16_t port = 40'000) {
    h.with_timestamps().establish();
    h.c->shutdown_write();
    h.flush();
    h.fin();
    h.flush();
    ASSERT_EQ(h.c->state(), State::time_wait);
    table.insert(hashed(port), *h.c, h.now);
  }
};

TEST_F(TimeWait, AnswersTheFinSentAgainAndWaitsAnew) {
  wait();
  h.advance(30s);
  TcpHeader fin = h.segment();
  fin.seq = h.peer_nxt - 1;
  fin.flags |= wire::kFin;
  const auto verdict = table.on_segment(hashed(), fin, 0, h.now);
  EXPECT_TRUE(verdict.found);
  ASSERT_TRUE(verdict.reply);
  EXPECT_EQ(verdict.reply->ack, h.peer_nxt);
  EXPECT_EQ(verdict.reply->seq, h.c->snd_nxt());
  table.expire(h.now + 31s);
  EXPECT_EQ(table.size(), 1u);
  table.expire(h.now + 60s);
  EXPECT_EQ(table.size(), 0u);
}

TEST_F(TimeWait, IgnoresResets) {
  wait();
  TcpHeader reset = h.segment();
  reset.flags = wire::kRst;
  const auto verdict = table.on_segment(hashed(), reset, 0, h.now);
  EXPECT_TRUE(verdict.found);
  EXPECT_FALSE(verdict.reply);
  reset.seq = h.peer_nxt - 20;
  EXPECT_FALSE(table.on_segment(hashed(), reset, 0, h.now).reply);
  EXPECT_EQ(table.size(), 1u);
}

TEST_F(TimeWait, ReopensForALaterTimestampOnly) {
  wait();
  TcpHeader syn = h.syn;
  syn.options.timestamps = wire::TcpTimestamps{h.peer_ts - 1, 0};
  EXPECT_FALSE(table.on_segment(hashed(), syn, 0, h.now).reopen);
  syn.options.timestamps = wire::TcpTimestamps{h.peer_ts + 1, 0};
  const auto verdict = table.on_segment(hashed(), syn, 0, h.now);
  EXPECT_TRUE(verdict.reopen);
  EXPECT_EQ(verdict.iss_above, h.c->snd_nxt());
  EXPECT_EQ(table.size(), 0u);
}

TEST_F(TimeWait, WithoutALaterTimestampTheLargerNumberDecides) {
  for (const bool stamped : {true, false}) {
    wait();
    TcpHeader syn = h.syn;
    if (stamped)
      syn.options.timestamps = wire::TcpTimestamps{h.peer_ts, 0};
    else
      syn.options.timestamps.reset();
    syn.seq = h.c->rcv_nxt();
    EXPECT_FALSE(table.on_segment(hashed(), syn, 0, h.now).reopen);
    syn.seq = h.c->rcv_nxt() + 1;
    EXPECT_TRUE(table.on_segment(hashed(), syn, 0, h.now).reopen);
  }
}

TEST_F(TimeWait, KnowsNothingOfOtherTuples) {
  wait();
  EXPECT_FALSE(table.on_segment(hashed(40'001), h.segment(), 0, h.now).found);
}

TEST_F(TimeWait, AFullTableForgetsTheOldest) {
  wait(1);
  for (std::uint16_t port = 2; port <= 5; ++port) {
    h.advance(1s);
    table.insert(hashed(port), *h.c, h.now);
  }
  EXPECT_EQ(table.size(), 4u);
  EXPECT_EQ(table.evictions(), 1u);
  EXPECT_FALSE(table.on_segment(hashed(1), h.segment(), 0, h.now).found);
  EXPECT_TRUE(table.on_segment(hashed(2), h.segment(), 0, h.now).found);
  EXPECT_EQ(table.next_deadline(), h.now - 3s + 60s);
  table.expire(h.now - 2s + 60s);
  EXPECT_EQ(table.size(), 2u);
}

TEST_F(TimeWait, GivesTenAnswersAtMost) {
  wait();
  TcpHeader old = h.segment();
  old.seq = h.peer_nxt - 10;
  int answers = 0;
  for (int i = 0; i < 50; ++i) answers += table.on_segment(hashed(), old, 5, h.now).reply ? 1 : 0;
  EXPECT_EQ(answers, 10);
}

TEST(TimeWaitTable, AnEntryCostsFortyEightBytes) { EXPECT_LE(TimeWaitTable::bytes_per_entry(), 48u); }

/// Whatever comes and goes, a table of odd size knows exactly the youngest that fit.
TEST(TimeWaitTable, RemembersTheYoungestThatFit) {
  for (const std::uint32_t capacity : {0u, 1u, 7u, 100u, 1'000u}) {
    Harness h;
    h.establish();
    TimeWaitTable table(capacity, 60s);
    std::deque<std::uint16_t> model;  // the oldest first
    std::mt19937_64 random(capacity);
    for (int step = 0; step < 6'000; ++step) {
      h.advance(1ms);
      const auto port = static_cast<std::uint16_t>(random() % 3'000);
      table.insert(hashed(port), *h.c, h.now);
      std::erase(model, port);
      model.push_back(port);
      if (model.size() > capacity) model.pop_front();
      ASSERT_EQ(table.size(), model.size());
      const auto asked = static_cast<std::uint16_t>(random() % 3'000);
      TcpHeader reset = h.segment();
      reset.flags = wire::kRst;
      ASSERT_EQ(table.on_segment(hashed(asked), reset, 0, h.now).found, std::ranges::find(model, asked) != model.end())
          << capacity << ' ' << step;
    }
    table.expire(h.now + 61s);
    EXPECT_EQ(table.size(), 0u);
    EXPECT_EQ(table.next_deadline(), kNever);
  }
}

/// Full to the last place: nobody is turned away, however the tuples fall on the lines.
TEST(TimeWaitTable, AFullTableHasRoomForAll) {
  Harness h;
  h.establish();
  constexpr std::uint32_t kCapacity = 32'768;
  TimeWaitTable table(kCapacity, 60s);
  for (std::uint32_t i = 0; i < kCapacity; ++i) table.insert(hashed(static_cast<std::uint16_t>(i)), *h.c, h.now);
  EXPECT_EQ(table.size(), kCapacity);
  EXPECT_EQ(table.evictions(), 0u);
  TcpHeader reset = h.segment();
  reset.flags = wire::kRst;
  for (std::uint32_t i = 0; i < kCapacity; ++i)
    ASSERT_TRUE(table.on_segment(hashed(static_cast<std::uint16_t>(i)), reset, 0, h.now).found) << i;
  for (std::uint32_t i = kCapacity; i < 65'536; ++i)
    ASSERT_FALSE(table.on_segment(hashed(static_cast<std::uint16_t>(i)), reset, 0, h.now).found) << i;
}

TEST_F(TimeWait, StrangersHadAllAnswers_TheFinSentAgainIsAnswered) {
  wait();
  TcpHeader stranger = h.segment();
  stranger.seq = h.peer_nxt + 1'000'000;
  for (int i = 0; i < 20; ++i) table.on_segment(hashed(), stranger, 100, h.now);
  ASSERT_FALSE(table.on_segment(hashed(), stranger, 100, h.now).reply);
  TcpHeader fin = h.segment();
  fin.seq = h.peer_nxt - 1;
  fin.flags |= wire::kFin;
  EXPECT_TRUE(table.on_segment(hashed(), fin, 0, h.now).reply);
}

}  // namespace
}  // namespace handsel::tcp::test
