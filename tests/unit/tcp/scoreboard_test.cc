#include "tcp/scoreboard.h"

#include <random>

#include "harness.h"

namespace handsel::tcp::test {
namespace {

wire::TcpOptions blocks(std::vector<wire::SackBlock> list) {
  wire::TcpOptions options;
  for (const auto& block : list) options.sack[options.sack_count++] = block;
  return options;
}

/// Sums of the lists, against a walk over all records.
void check_invariants(const Scoreboard& board, ChunkPool& pool) {
  if (board.empty()) return;
  const Flight& flight = board.flight(pool);
  std::uint32_t in_flight = 0, lost = 0, sacked = 0, count = 0, sacked_records = 0;
  for (RecordRef ref = board.first(pool); ref != kNoRecord; ref = board.after(pool, ref), ++count) {
    const TxRecord& record = board.record(pool, ref);
    if (record.is(TxRecord::kSacked)) {
      sacked += record.length;
      ++sacked_records;
    } else {
      (record.is(TxRecord::kLost) ? lost : in_flight) += record.length;
    }
  }
  ASSERT_EQ(count, flight.count);
  ASSERT_EQ(in_flight, flight.in_flight_bytes);
  ASSERT_EQ(lost, flight.lost_bytes);
  ASSERT_EQ(sacked, flight.sacked_bytes);
  ASSERT_EQ(sacked_records, flight.sacked_records);
  std::uint32_t listed = 0;
  std::uint32_t last_us = 0;
  for (RecordRef ref = flight.in_flight.first; ref != kNoRecord; ref = board.record(pool, ref).next) {
    const TxRecord& record = board.record(pool, ref);
    ASSERT_GE(record.sent_us, last_us);
    last_us = record.sent_us;
    listed += record.length;
  }
  ASSERT_EQ(listed, flight.in_flight_bytes);
}

TEST(Scoreboard, WhatIsRevivedStandsBeforeWhatWasSentAgain) {
  ChunkPool pool(8);
  Scoreboard board;
  const SeqNum una(1'000);
  for (std::uint32_t i = 0; i < 5; ++i) board.append(pool, una + 100 * i, 100, 10 + i);
  AckSample sample;
  board.sack(pool, blocks({{una + 300, una + 400}}), 0, una, una + 500, sample);
  board.mark_all_lost(pool);
  board.retransmitted(pool, board.first(pool), 50);
  EXPECT_EQ(board.flight(pool).lost_bytes, 300u);
  board.revive_lost(pool);
  board.revive_lost(pool);
  check_invariants(board, pool);
  EXPECT_EQ(board.flight(pool).lost_bytes, 0u);
  EXPECT_EQ(board.flight(pool).in_flight_bytes, 400u);
  EXPECT_EQ(board.record(pool, board.flight(pool).in_flight.first).begin, una + 100);
  EXPECT_EQ(board.flight(pool).in_flight.last, board.first(pool));
  board.clear(pool);
}

/// Blocks of any place and length over ground that is mostly SACKed: whatever shortcuts are laid, all that a block
/// covers is SACKed, and nothing else.
TEST(Scoreboard, ShortcutsThroughSackedGroundMissNothing) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    ChunkPool pool(64);
    Scoreboard board;
    SeqNum una(0xFFFF'F000), nxt = una;
    std::vector<bool> sacked;
    for (int step = 0; step < 1'500; ++step) {
      if (random() % 2 == 0 || sacked.empty()) {
        if (board.append(pool, nxt, 10, 1)) {
          nxt += 10;
          sacked.push_back(false);
        }
        continue;
      }
      if (random() % 16 == 0) {
        const std::size_t gone = random() % sacked.size();
        sacked.erase(sacked.begin(), sacked.begin() + static_cast<std::ptrdiff_t>(gone));
        una += static_cast<std::uint32_t>(10 * gone);
        AckSample sample;
        board.acknowledge(pool, una, sample);
      }
      const std::size_t from = random() % sacked.size();
      const std::size_t to = std::min(sacked.size(), from + 1 + random() % 40);
      AckSample sample;
      board.sack(pool,
                 blocks({{una + static_cast<std::uint32_t>(10 * from), una + static_cast<std::uint32_t>(10 * to)}}), 0,
                 una, nxt, sample);
      std::fill(sacked.begin() + static_cast<std::ptrdiff_t>(from), sacked.begin() + static_cast<std::ptrdiff_t>(to),
                true);
      std::size_t index = 0;
      for (RecordRef ref = board.first(pool); ref != kNoRecord; ref = board.after(pool, ref), ++index)
        ASSERT_EQ(board.record(pool, ref).is(TxRecord::kSacked), sacked[index]) << seed << ' ' << step << ' ' << index;
      if (random() % 200 == 0) {
        board.forget_sacks(pool);
        std::fill(sacked.begin(), sacked.end(), false);
      }
    }
    board.clear(pool);
    ASSERT_EQ(pool.available(), pool.capacity());
  }
}

TEST(Scoreboard, RandomLivesKeepTheirSums) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    std::mt19937_64 random(seed);
    ChunkPool pool(256);
    Scoreboard board;
    SeqNum una(0xFFFF'0000), nxt = una;
    std::uint32_t now_us = 1;
    for (int step = 0; step < 4'000; ++step) {
      ++now_us;
      const auto in_flight = static_cast<std::uint32_t>(nxt - una);
      switch (random() % 7) {
        case 0:
        case 1:
        case 2: {
          const auto length = static_cast<std::uint16_t>(random() % 1'460 + 1);
          if (board.append(pool, nxt, length, now_us)) nxt += length;
          break;
        }
        case 3: {
          if (in_flight == 0) break;
          AckSample sample;
          una += static_cast<std::uint32_t>(random() % in_flight) + 1;
          board.acknowledge(pool, una, sample);
          board.release_if_done(pool);
          break;
        }
        case 4: {
          if (in_flight < 2) break;
          const SeqNum left = una + static_cast<std::uint32_t>(random() % in_flight);
          const SeqNum right = left + static_cast<std::uint32_t>(random() % static_cast<std::uint32_t>(nxt - left)) + 1;
          AckSample sample;
          board.sack(pool, blocks({{left, right}}), 0, una, nxt, sample);
          break;
        }
        case 5:
          if (board.empty()) break;
          if (const RecordRef ref = board.flight(pool).in_flight.first; ref != kNoRecord) board.mark_lost(pool, ref);
          if (random() % 50 == 0) board.mark_all_lost(pool);
          if (random() % 100 == 0) board.forget_sacks(pool);
          if (random() % 200 == 0) {
            ASSERT_TRUE(board.recut(pool, nxt, 536, now_us));
          }
          break;
        default:
          if (board.empty()) break;
          if (const RecordRef ref = board.flight(pool).lost.first; ref != kNoRecord)
            board.retransmitted(pool, ref, now_us);
          if (random() % 8 == 0) board.retransmitted(pool, board.first(pool), now_us);
          if (random() % 8 == 0) board.retransmitted(pool, board.last(pool), now_us);
      }
      check_invariants(board, pool);
      if (HasFatalFailure()) return;
    }
    board.clear(pool);
    ASSERT_EQ(pool.available(), pool.capacity());
  }
}

TEST(Scoreboard, BlocksThatWereSeenAreNotCountedTwice) {
  ChunkPool pool(64);
  Scoreboard board;
  const SeqNum una(1'000);
  for (std::uint32_t i = 0; i < 100; ++i) board.append(pool, una + 100 * i, 100, i);
  AckSample first, second, third;
  board.sack(pool, blocks({{una + 100, una + 5'000}}), 0, una, una + 10'000, first);
  EXPECT_EQ(first.sacked_bytes, 4'900u);
  board.sack(pool, blocks({{una + 100, una + 5'000}}), 0, una, una + 10'000, second);
  EXPECT_EQ(second.sacked_bytes, 0u);
  board.sack(pool, blocks({{una + 100, una + 5'100}}), 0, una, una + 10'000, third);
  EXPECT_EQ(third.sacked_bytes, 100u);
  board.clear(pool);
}

TEST(Scoreboard, ABlockThatGrowsIntoAHalfCoveredRecordTakesItWhole) {
  ChunkPool pool(64);
  Scoreboard board;
  const SeqNum una(1'000);
  for (std::uint32_t i = 0; i < 4; ++i) board.append(pool, una + 100 * i, 100, i);
  AckSample first, second;
  board.sack(pool, blocks({{una + 100, una + 250}}), 0, una, una + 400, first);
  EXPECT_EQ(first.sacked_bytes, 100u);  // the third record only in part
  board.sack(pool, blocks({{una + 100, una + 400}}), 0, una, una + 400, second);
  EXPECT_EQ(second.sacked_bytes, 200u);
  board.clear(pool);
}

TEST(Scoreboard, AnEmptyPoolRefusesToNoteASegment) {
  ChunkPool pool(0);
  Scoreboard board;
  EXPECT_FALSE(board.append(pool, SeqNum(1), 100, 0));
  EXPECT_TRUE(board.empty());
}

}  // namespace
}  // namespace handsel::tcp::test
