// The stage beside banks whose entries a test counts.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "crypto/stage.h"

namespace handsel::crypto {
namespace {

constexpr Instant kStart{std::chrono::seconds(1)};

std::uint64_t g_cycles = 0;
std::uint64_t counted_cycles() { return g_cycles; }

void compute(void*, std::span<Operation* const> operations) {
  for (Operation* const operation : operations) operation->status = Status::done;
}

/// Holds numbers instead of secrets; filling costs 1,000 cycles.
struct FakeBank final : Bank {
  explicit FakeBank(std::size_t entries_at_most) : room(entries_at_most) {}
  std::size_t capacity() const override { return room; }
  std::size_t level() const override { return entries; }
  bool wants_batch() override { return entries + 8 <= room; }
  std::size_t fill() override {
    g_cycles += 1'000;
    entries += sound_lanes;
    return sound_lanes;
  }
  Taken take(Operation&) override {
    if (answer == Taken::unfit) return answer;
    if (entries == 0) return Taken::none;
    --entries;
    return answer;
  }
  void wipe() override { entries = 0; }

  std::size_t room;
  std::size_t entries = 0;
  std::size_t sound_lanes = 8;
  Taken answer = Taken::taken;
};

class StageBank : public testing::Test {
 protected:
  static KernelTable table(FakeBank& pairs, FakeBank& nonces) {
    KernelTable kernels;
    kernels.fill(Kernel{.name = "fake", .lanes = 8, .run = compute});
    kernels[static_cast<std::size_t>(Kind::x25519_keygen)].bank = &pairs;
    kernels[static_cast<std::size_t>(Kind::ecdsa_p256_sign)].bank = &nonces;
    return kernels;
  }
  const BankStatistics& pair_statistics() const { return *stage_.bank_statistics(Kind::x25519_keygen); }

  FakeBank pairs_{32};
  FakeBank nonces_{16};
  Stage stage_{table(pairs_, nonces_), {}, counted_cycles};
  Operation keygen_{.kind = Kind::x25519_keygen};
};

TEST_F(StageBank, operation_that_finds_an_entry_is_done_at_once_and_not_handed_back) {
  stage_.fill_banks();
  ASSERT_TRUE(stage_.submit(keygen_, kStart));
  EXPECT_EQ(keygen_.status, Status::done);
  EXPECT_EQ(keygen_.submitted, kStart);
  EXPECT_EQ(stage_.waiting(), 0u);
  EXPECT_EQ(stage_.next_deadline(), kNever);
  EXPECT_EQ(stage_.take_completed(), nullptr);
  EXPECT_FALSE(stage_.cancel(keygen_));
  EXPECT_EQ(pair_statistics().taken.get(), 1u);
  EXPECT_EQ(pair_statistics().level.get(), 7u);
  EXPECT_EQ(stage_.statistics(Kind::x25519_keygen).operations.get(), 0u);
}

TEST_F(StageBank, operation_that_finds_the_bank_empty_waits_for_lanes_and_is_counted) {
  ASSERT_TRUE(stage_.submit(keygen_, kStart));
  EXPECT_EQ(keygen_.status, Status::waiting);
  EXPECT_EQ(pair_statistics().empty.get(), 1u);
  stage_.flush(kStart);
  EXPECT_EQ(stage_.take_completed(), &keygen_);
  EXPECT_EQ(stage_.statistics(Kind::x25519_keygen).operations.get(), 1u);
}

TEST_F(StageBank, entry_that_fails_its_check_sends_the_operation_the_ordinary_way) {
  stage_.fill_banks();
  pairs_.answer = Bank::Taken::spoiled;
  ASSERT_TRUE(stage_.submit(keygen_, kStart));
  EXPECT_EQ(keygen_.status, Status::waiting);
  EXPECT_EQ(pair_statistics().spoiled.get(), 1u);
  EXPECT_EQ(pair_statistics().level.get(), 7u);
  EXPECT_EQ(pair_statistics().empty.get(), 0u);
  stage_.flush(kStart);
  EXPECT_EQ(keygen_.status, Status::done);
}

TEST_F(StageBank, operation_that_no_entry_could_serve_is_queued_and_counts_nowhere) {
  stage_.fill_banks();
  pairs_.answer = Bank::Taken::unfit;
  ASSERT_TRUE(stage_.submit(keygen_, kStart));
  EXPECT_EQ(keygen_.status, Status::waiting);
  EXPECT_EQ(pair_statistics().taken.get() + pair_statistics().empty.get() + pair_statistics().spoiled.get(), 0u);
  EXPECT_EQ(pair_statistics().level.get(), 8u);
}

TEST_F(StageBank, each_call_fills_one_batch_of_the_lowest_bank_until_all_are_full) {
  std::vector<std::pair<std::size_t, std::size_t>> levels;
  while (stage_.fill_banks()) levels.emplace_back(pairs_.entries, nonces_.entries);
  const decltype(levels) expected{{8, 0}, {8, 8}, {16, 8}, {16, 16}, {24, 16}, {32, 16}};
  EXPECT_EQ(levels, expected);
  EXPECT_EQ(pair_statistics().filled.get(), 32u);
  EXPECT_EQ(pair_statistics().cycles.get(), 4'000u);
  EXPECT_EQ(pair_statistics().high.get(), 32u);
}

TEST_F(StageBank, lanes_that_failed_their_check_count_as_spoiled) {
  pairs_.sound_lanes = 6;
  stage_.fill_banks();
  EXPECT_EQ(pair_statistics().filled.get(), 6u);
  EXPECT_EQ(pair_statistics().spoiled.get(), 2u);
}

TEST_F(StageBank, high_stays_when_the_level_falls_and_wiping_empties_all) {
  while (stage_.fill_banks()) {
  }
  for (int i = 0; i < 5; ++i) stage_.submit(keygen_, kStart);
  EXPECT_EQ(pair_statistics().level.get(), 27u);
  EXPECT_EQ(pair_statistics().high.get(), 32u);
  stage_.wipe_banks();
  EXPECT_EQ(pairs_.entries + nonces_.entries, 0u);
  EXPECT_EQ(pair_statistics().level.get(), 0u);
}

TEST_F(StageBank, kind_without_a_bank_has_no_statistics_of_one) {
  EXPECT_EQ(stage_.bank_statistics(Kind::x25519_shared), nullptr);
  EXPECT_NE(stage_.bank_statistics(Kind::ecdsa_p256_sign), nullptr);
}

}  // namespace
}  // namespace handsel::crypto
