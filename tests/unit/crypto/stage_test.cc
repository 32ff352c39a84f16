#include "crypto/stage.h"

#include <gtest/gtest.h>

#include <vector>

namespace handsel::crypto {
namespace {

constexpr Instant kStart{std::chrono::seconds(1)};
constexpr Duration kDeadline = 50us;

std::uint64_t g_cycles = 0;
std::uint64_t counted_cycles() { return g_cycles; }

/// Records the batches it was given; spends 100 cycles; fails an operation whose owner is 13.
struct FakeKernel {
  std::vector<std::vector<std::uint64_t>> batches;
  static void run(void* context, std::span<Operation* const> operations) {
    auto& batch = static_cast<FakeKernel*>(context)->batches.emplace_back();
    for (Operation* operation : operations) {
      batch.push_back(operation->owner);
      operation->status = operation->owner == 13 ? Status::invalid_input : Status::done;
    }
    g_cycles += 100;
  }
};

class StageTest : public testing::Test {
 protected:
  static KernelTable table(FakeKernel& fake) {
    KernelTable kernels;
    kernels.fill(Kernel{"fake", 8, FakeKernel::run, &fake});
    return kernels;
  }
  Operation& submit(std::uint64_t owner, Instant now, Kind kind = Kind::x25519_shared) {
    operations_.push_back(std::make_unique<Operation>());
    operations_.back()->kind = kind;
    operations_.back()->owner = owner;
    EXPECT_TRUE(stage_.submit(*operations_.back(), now));
    return *operations_.back();
  }
  std::vector<std::uint64_t> taken() {
    std::vector<std::uint64_t> owners;
    while (Operation* operation = stage_.take_completed()) owners.push_back(operation->owner);
    return owners;
  }
  using Owners = std::vector<std::uint64_t>;

  FakeKernel fake_;
  Stage stage_{table(fake_), StageConfig{.deadline = kDeadline, .queue_bound = 20}, counted_cycles};
  std::vector<std::unique_ptr<Operation>> operations_;
};

TEST_F(StageTest, seven_of_eight_lanes_wait_until_the_eighth_comes) {
  for (std::uint64_t i = 0; i < 7; ++i) submit(i, kStart);
  stage_.run_due(kStart);
  EXPECT_TRUE(fake_.batches.empty());
  EXPECT_EQ(operations_[0]->status, Status::waiting);
  EXPECT_EQ(stage_.waiting(), 7u);
  submit(7, kStart + 1us);
  stage_.run_due(kStart + 1us);
  ASSERT_EQ(fake_.batches.size(), 1u);
  EXPECT_EQ(taken(), (Owners{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(stage_.waiting(), 0u);
}

TEST_F(StageTest, half_full_lanes_run_at_the_deadline_and_not_before) {
  submit(1, kStart);
  submit(2, kStart + 30us);
  EXPECT_EQ(stage_.next_deadline(), kStart + kDeadline);
  stage_.run_due(kStart + kDeadline - 1ns);
  EXPECT_TRUE(fake_.batches.empty());
  stage_.run_due(kStart + kDeadline);
  ASSERT_EQ(fake_.batches.size(), 1u);
  EXPECT_EQ(taken(), (Owners{1, 2}));
  EXPECT_EQ(stage_.next_deadline(), kNever);
}

TEST_F(StageTest, flush_runs_what_waits_at_once) {
  for (std::uint64_t i = 0; i < 11; ++i) submit(i, kStart);
  stage_.flush(kStart);
  ASSERT_EQ(fake_.batches.size(), 2u);
  EXPECT_EQ(fake_.batches[0].size(), 8u);
  EXPECT_EQ(fake_.batches[1], (Owners{8, 9, 10}));
  EXPECT_EQ(stage_.waiting(), 0u);
}

TEST_F(StageTest, kinds_never_share_a_batch) {
  submit(1, kStart, Kind::x25519_shared);
  submit(2, kStart, Kind::ecdsa_p256_sign);
  submit(3, kStart, Kind::x25519_shared);
  stage_.flush(kStart);
  EXPECT_EQ(fake_.batches, (std::vector<Owners>{{1, 3}, {2}}));
}

TEST_F(StageTest, full_queue_turns_away_and_counts) {
  for (std::uint64_t i = 0; i < 20; ++i) submit(i, kStart);
  Operation extra{.kind = Kind::x25519_shared};
  EXPECT_FALSE(stage_.submit(extra, kStart));
  EXPECT_EQ(extra.status, Status::idle);
  EXPECT_EQ(stage_.statistics(Kind::x25519_shared).refused.get(), 1u);
  Operation other{.kind = Kind::p256_ecdh};
  EXPECT_TRUE(stage_.submit(other, kStart));
  stage_.flush(kStart);
  EXPECT_TRUE(stage_.submit(extra, kStart));
}

TEST_F(StageTest, cancelled_first_middle_and_last_never_run) {
  for (std::uint64_t i = 0; i < 5; ++i) submit(i, kStart + i * 1us);
  EXPECT_TRUE(stage_.cancel(*operations_[0]));
  EXPECT_TRUE(stage_.cancel(*operations_[2]));
  EXPECT_TRUE(stage_.cancel(*operations_[4]));
  EXPECT_EQ(operations_[2]->status, Status::idle);
  EXPECT_EQ(stage_.waiting(), 2u);
  EXPECT_EQ(stage_.next_deadline(), kStart + 1us + kDeadline);
  submit(9, kStart + 6us);
  stage_.flush(kStart + 6us);
  EXPECT_EQ(taken(), (Owners{1, 3, 9}));
}

TEST_F(StageTest, completed_but_not_taken_operation_can_be_cancelled) {
  for (std::uint64_t i = 0; i < 3; ++i) submit(i, kStart);
  stage_.flush(kStart);
  EXPECT_TRUE(stage_.cancel(*operations_[1]));
  EXPECT_EQ(stage_.waiting(), 0u);
  EXPECT_EQ(taken(), (Owners{0, 2}));
}

TEST_F(StageTest, operation_that_the_stage_does_not_hold_is_not_cancelled) {
  Operation stranger{.kind = Kind::x25519_shared};
  EXPECT_FALSE(stage_.cancel(stranger));
  submit(1, kStart);
  stage_.flush(kStart);
  Operation* const operation = stage_.take_completed();
  EXPECT_FALSE(stage_.cancel(*operation));
  EXPECT_EQ(operation->status, Status::done);
}

TEST_F(StageTest, statistics_tell_fill_wait_cycles_and_failures) {
  submit(13, kStart);
  submit(14, kStart + 10us);
  stage_.flush(kStart + 20us);
  const KindStatistics& statistics = stage_.statistics(Kind::x25519_shared);
  EXPECT_EQ(statistics.operations.get(), 2u);
  EXPECT_EQ(statistics.batches.get(), 1u);
  EXPECT_EQ(statistics.failures.get(), 1u);
  EXPECT_EQ(statistics.cycles.get(), 100u);
  EXPECT_EQ(statistics.fill[2].get(), 1u);
  EXPECT_EQ(statistics.fill[8].get(), 0u);
  EXPECT_EQ(statistics.wait_ns.count(), 2u);
  EXPECT_EQ(statistics.wait_ns.sum(), 30'000u);
  EXPECT_EQ(stage_.statistics(Kind::rsa_pss_sign).operations.get(), 0u);
}

TEST_F(StageTest, finished_operation_can_be_submitted_again) {
  submit(1, kStart);
  stage_.flush(kStart);
  Operation* const operation = stage_.take_completed();
  EXPECT_TRUE(stage_.submit(*operation, kStart + 1ms));
  EXPECT_EQ(operation->status, Status::waiting);
  stage_.flush(kStart + 1ms);
  EXPECT_EQ(taken(), (Owners{1}));
}

TEST(KindName, every_kind_has_its_own) {
  EXPECT_EQ(name_of(Kind::x25519_keygen), "x25519_keygen");
  EXPECT_EQ(name_of(Kind::rsa_pss_sign), "rsa_pss_sign");
}

}  // namespace
}  // namespace handsel::crypto
