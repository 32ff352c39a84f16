#include "flow/flow_table.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

namespace handsel::flow {
namespace {

constexpr auto kAny = [](std::uint32_t) { return true; };

TEST(FlowTable, finds_what_was_inserted_and_nothing_else) {
  FlowTable table(64);
  ASSERT_TRUE(table.insert(0x1234'0000'0000'0001, 7));
  EXPECT_EQ(table.find(0x1234'0000'0000'0001, kAny), 7u);
  EXPECT_EQ(table.find(0x9234'0000'0000'0001, kAny), FlowTable::kNone);  // same bucket, another tag
  EXPECT_EQ(table.find(0x1234'0000'0000'0002, kAny), FlowTable::kNone);
}

TEST(FlowTable, guesses_by_the_tag_alone) {
  FlowTable table(64);
  EXPECT_EQ(table.guess(0x1234'0000'0000'0001), FlowTable::kNone);
  ASSERT_TRUE(table.insert(0x1234'0000'0000'0001, 7));
  EXPECT_EQ(table.guess(0x1234'0000'0000'0001), 7u);
  EXPECT_EQ(table.guess(0x1234'5678'0000'0001), 7u);  // find() would compare the keys
  EXPECT_EQ(table.guess(0x9234'0000'0000'0001), FlowTable::kNone);
  table.erase(0x1234'0000'0000'0001, 7);
  EXPECT_EQ(table.guess(0x1234'0000'0000'0001), FlowTable::kNone);
}

TEST(FlowTable, equal_hashes_are_told_apart_by_the_key) {
  FlowTable table(64);
  for (std::uint32_t i = 0; i < 20; ++i) ASSERT_TRUE(table.insert(42, i));  // overflows two buckets
  for (std::uint32_t i = 0; i < 20; ++i) EXPECT_EQ(table.find(42, [&](std::uint32_t index) { return index == i; }), i);
  for (std::uint32_t i = 0; i < 20; i += 2) table.erase(42, i);
  for (std::uint32_t i = 0; i < 20; ++i)
    EXPECT_EQ(table.find(42, [&](std::uint32_t index) { return index == i; }), i % 2 ? i : FlowTable::kNone);
}

TEST(FlowTable, refuses_when_every_bucket_is_full) {
  FlowTable table(8);
  std::uint32_t taken = 0;
  while (table.insert(taken, taken)) ++taken;
  EXPECT_GE(taken, 8u);
  EXPECT_FALSE(table.insert(1'000, 1'000));
  table.erase(0, 0);
  EXPECT_TRUE(table.insert(1'000, 1'000));
}

TEST(FlowTable, agrees_with_a_map_over_random_churn) {
  std::mt19937_64 random(3);
  constexpr std::uint32_t kCapacity = 512;
  FlowTable table(kCapacity);
  std::unordered_map<std::uint32_t, std::uint64_t> model;
  for (int step = 0; step < 200'000; ++step) {
    const auto index = static_cast<std::uint32_t>(random() % kCapacity);
    if (const auto found = model.find(index); found != model.end()) {
      ASSERT_EQ(table.find(found->second, [&](std::uint32_t candidate) { return candidate == index; }), index);
      table.erase(found->second, index);
      model.erase(found);
    } else {
      const std::uint64_t hash = random() & 0xffff'0000'0000'001f;  // few buckets: much overflow
      if (table.insert(hash, index)) model.emplace(index, hash);
    }
    ASSERT_EQ(table.size(), model.size());
  }
}

}  // namespace
}  // namespace handsel::flow
