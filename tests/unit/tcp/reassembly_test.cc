#include "tcp/reassembly.h"

#include <random>

#include "harness.h"

namespace handsel::tcp::test {
namespace {

TEST(Reassembly, AnyOrderOfPiecesYieldsTheStream) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random(seed);
    ChunkPool pool(256);
    Reassembly reassembly;
    ByteQueue queue;
    const SeqNum start(0xFFFF'F000);  // wraps on the way
    SeqNum rcv_nxt = start;
    constexpr std::uint32_t kTotal = 40'000;
    std::vector<std::uint8_t> got;
    int guard = 100'000;
    while (got.size() < kTotal && guard-- > 0) {
      const std::uint32_t base = static_cast<std::uint32_t>(rcv_nxt - start);
      const std::uint32_t from = base + static_cast<std::uint32_t>(random() % 9'000);
      const std::uint32_t count =
          std::min<std::uint32_t>(static_cast<std::uint32_t>(random() % 1'460) + 1, kTotal - std::min(from, kTotal));
      if (count == 0) continue;
      wire::SackBlock duplicate;
      reassembly.insert(pool, start + from, pattern(count, from), duplicate);
      ASSERT_TRUE(duplicate.left <= duplicate.right);
      rcv_nxt = reassembly.drain(pool, rcv_nxt, queue);
      std::vector<std::uint8_t> piece(queue.size());
      queue.copy(pool, 0, piece);
      got.insert(got.end(), piece.begin(), piece.end());
      queue.clear(pool);
      ASSERT_LE(reassembly.ranges(pool), limits::kMaxReassemblyRanges);
    }
    EXPECT_EQ(got, pattern(kTotal)) << seed;
    reassembly.clear(pool);
    EXPECT_EQ(pool.available(), pool.capacity());
  }
}

// Single bytes in an order chosen so that islands grow in front and are then joined: 3 bytes must not cost a chunk.
TEST(Reassembly, IslandsOfPrependedBytesShareTheirChunksWhenJoined) {
  ChunkPool pool(1'000);
  Reassembly reassembly;
  wire::SackBlock duplicate;
  constexpr std::uint32_t kBytes = 1'800;
  const auto put = [&](std::uint32_t at) { reassembly.insert(pool, SeqNum(at), pattern(1, at), duplicate); };
  for (std::uint32_t at = 100; at < 100 + kBytes; at += 3) {
    put(at + 2);
    put(at + 1);
    if (at != 100) put(at);
  }
  EXPECT_EQ(reassembly.bytes(pool), kBytes - 1);
  EXPECT_LE(pool.capacity() - pool.available(), 4u);
  ByteQueue queue;
  EXPECT_EQ(reassembly.drain(pool, SeqNum(101), queue), SeqNum(100 + kBytes));
  std::vector<std::uint8_t> all(kBytes - 1);
  queue.copy(pool, 0, all);
  EXPECT_EQ(all, pattern(kBytes - 1, 101));
  queue.clear(pool);
  EXPECT_EQ(pool.available(), pool.capacity());
}

TEST(Reassembly, AnEmptyPoolTakesNothingAndLeaksNothing) {
  ChunkPool pool(2);
  Reassembly reassembly;
  wire::SackBlock duplicate;
  EXPECT_EQ(reassembly.insert(pool, SeqNum(100), pattern(5'000), duplicate), Reassembly::Insert::no_buffer);
  EXPECT_TRUE(reassembly.empty());
  EXPECT_EQ(pool.available(), 2u);
}

TEST(Reassembly, FirstBytesWinOverLaterOnesThatDiffer) {
  ChunkPool pool(16);
  Reassembly reassembly;
  ByteQueue queue;
  wire::SackBlock duplicate;
  const std::vector<std::uint8_t> first(100, 1), second(100, 2);
  reassembly.insert(pool, SeqNum(100), first, duplicate);
  reassembly.insert(pool, SeqNum(50), second, duplicate);
  EXPECT_EQ(duplicate, (wire::SackBlock{SeqNum(100), SeqNum(150)}));
  EXPECT_EQ(reassembly.drain(pool, SeqNum(50), queue), SeqNum(200));
  std::vector<std::uint8_t> all(150);
  queue.copy(pool, 0, all);
  EXPECT_EQ(all[49], 2);
  EXPECT_EQ(all[50], 1);
  queue.clear(pool);
}

TEST(Reassembly, IslandOfNamesTheWholeIsland) {
  ChunkPool pool(16);
  Reassembly reassembly;
  wire::SackBlock duplicate;
  reassembly.insert(pool, SeqNum(100), pattern(100), duplicate);
  reassembly.insert(pool, SeqNum(200), pattern(100), duplicate);
  EXPECT_EQ(reassembly.island_of(pool, SeqNum(250)), (wire::SackBlock{SeqNum(100), SeqNum(300)}));
  EXPECT_EQ(reassembly.island_of(pool, SeqNum(300)), (wire::SackBlock{SeqNum(300), SeqNum(300)}));
  reassembly.clear(pool);
}

}  // namespace
}  // namespace handsel::tcp::test
