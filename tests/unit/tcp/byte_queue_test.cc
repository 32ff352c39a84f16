#include "tcp/byte_queue.h"

#include <deque>
#include <random>

#include "harness.h"

namespace handsel::tcp::test {
namespace {

TEST(ByteQueue, EmptyQueueHoldsNoChunk) {
  ChunkPool pool(4);
  ByteQueue queue;
  EXPECT_EQ(queue.append(pool, pattern(100)), 100u);
  EXPECT_EQ(pool.available(), 3u);
  queue.drop(pool, 100);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(pool.available(), 4u);
}

TEST(ByteQueue, FullPoolTakesWhatFitsAndLeavesTheSpare) {
  ChunkPool pool(4);
  ByteQueue queue;
  EXPECT_EQ(queue.append(pool, pattern(100'000), 1), 3 * ByteQueue::kChunkPayload);
  EXPECT_EQ(pool.available(), 1u);
  EXPECT_FALSE(queue.prepend(pool, pattern(5'000)));
  EXPECT_EQ(queue.size(), 3 * ByteQueue::kChunkPayload);
  queue.clear(pool);
  EXPECT_EQ(pool.available(), 4u);
}

TEST(ByteQueue, PrependedPiecesComeFirst) {
  ChunkPool pool(16);
  ByteQueue queue;
  queue.append(pool, pattern(3'000, 5'000));
  ASSERT_TRUE(queue.prepend(pool, pattern(2'500, 2'500)));
  ASSERT_TRUE(queue.prepend(pool, pattern(2'500, 0)));
  std::vector<std::uint8_t> all(queue.size());
  EXPECT_EQ(queue.copy(pool, 0, all), 8'000u);
  EXPECT_EQ(all, pattern(8'000));
  queue.clear(pool);
}

TEST(ByteQueue, SinglePrependedBytesShareTheirChunks) {
  ChunkPool pool(16);
  ByteQueue queue;
  for (std::size_t i = 0; i < 3'000; ++i) ASSERT_TRUE(queue.prepend(pool, pattern(1, 2'999 - i)));
  EXPECT_EQ(pool.capacity() - pool.available(), 2u);
  std::vector<std::uint8_t> all(3'000);
  queue.copy(pool, 0, all);
  EXPECT_EQ(all, pattern(3'000));
  queue.clear(pool);
}

TEST(ByteQueue, SplicedSmallPiecesShareTheirChunks) {
  ChunkPool pool(64);
  ByteQueue queue;
  for (std::size_t i = 0; i < 2'000; ++i) {
    ByteQueue piece;
    piece.append(pool, pattern(3, 3 * i));
    queue.splice(pool, piece);
    EXPECT_TRUE(piece.empty());
  }
  EXPECT_EQ(pool.capacity() - pool.available(), 3u);
  std::vector<std::uint8_t> all(6'000);
  queue.copy(pool, 0, all);
  EXPECT_EQ(all, pattern(6'000));
  queue.clear(pool);
}

TEST(ByteQueue, AnySequenceOfOperationsMatchesADeque) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    ChunkPool pool(128);
    ByteQueue queue;
    std::deque<std::uint8_t> model;
    for (int step = 0; step < 3'000; ++step) {
      const std::size_t count = random() % (random() % 8 == 0 ? 5'000 : 300) + 1;
      const auto bytes = pattern(count, random() % 10'000);
      switch (random() % 5) {
        case 0: {
          const std::size_t taken = queue.append(pool, bytes);
          model.insert(model.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
          break;
        }
        case 1:
          if (queue.prepend(pool, bytes)) model.insert(model.begin(), bytes.begin(), bytes.end());
          break;
        case 2: {
          ByteQueue other;
          const std::size_t taken = other.append(pool, bytes);
          queue.splice(pool, other);
          model.insert(model.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
          break;
        }
        case 3: {
          const std::size_t gone = std::min(count * 3, model.size());
          queue.drop(pool, gone);
          model.erase(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(gone));
          break;
        }
        default: {
          if (model.empty()) break;
          const std::size_t from = random() % model.size();
          std::vector<std::uint8_t> out(count);
          out.resize(queue.copy(pool, from, out));
          ASSERT_EQ(out.size(), std::min(count, model.size() - from));
          ASSERT_TRUE(std::equal(out.begin(), out.end(), model.begin() + static_cast<std::ptrdiff_t>(from)));
        }
      }
      ASSERT_EQ(queue.size(), model.size());
      ASSERT_EQ(queue.front(pool).empty(), model.empty());
      if (!model.empty()) {
        ASSERT_EQ(queue.front(pool)[0], model[0]);
      }
    }
    queue.clear(pool);
    ASSERT_EQ(pool.available(), pool.capacity());
  }
}

}  // namespace
}  // namespace handsel::tcp::test
