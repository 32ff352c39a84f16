// Below the measured crossover operations are computed one by one, and what no lane can take is always.
#include "crypto/lane_split.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace handsel::crypto {
namespace {

/// Notes which operations it was given.
struct Recorder {
  static void run(void* context, std::span<Operation* const> operations) {
    auto& seen = static_cast<Recorder*>(context)->operations;
    seen.insert(seen.end(), operations.begin(), operations.end());
  }
  std::vector<Operation*> operations;
};

class LaneSplit : public testing::Test {
 protected:
  /// `fit` operations that suit the lanes and `other` that do not, in turns.
  void split(std::size_t fit, std::size_t other, std::size_t crossover) {
    scalar_.operations.clear();
    lanes_.operations.clear();
    std::vector<Operation*> batch;
    for (std::size_t i = 0; i < std::max(fit, other); ++i) {
      if (i < fit) batch.push_back(&operations_.emplace_back(Operation{.kind = Kind::ed25519_verify}));
      if (i < other) batch.push_back(&operations_.emplace_back(Operation{.kind = Kind::signature_verify}));
    }
    const Kernel scalar{"scalar", 1, Recorder::run, &scalar_};
    split_lanes(
        batch, scalar, crossover, [](const Operation& operation) { return operation.kind == Kind::ed25519_verify; },
        [this](std::span<Operation* const> operations) { Recorder::run(&lanes_, operations); });
  }

  std::deque<Operation> operations_;
  Recorder scalar_;
  Recorder lanes_;
};

TEST_F(LaneSplit, batch_goes_to_the_lanes_from_the_crossover_on) {
  for (std::size_t crossover = 1; crossover <= 4; ++crossover) {
    for (std::size_t fit = 1; fit <= kKernelLanes; ++fit) {
      split(fit, 0, crossover);
      EXPECT_EQ(lanes_.operations.size(), fit >= crossover ? fit : 0);
      EXPECT_EQ(scalar_.operations.size(), fit >= crossover ? 0 : fit);
    }
  }
}

TEST_F(LaneSplit, what_no_lane_takes_does_not_count_towards_the_crossover) {
  split(2, 6, 3);
  EXPECT_TRUE(lanes_.operations.empty());
  EXPECT_EQ(scalar_.operations.size(), 8u);
  split(3, 5, 3);
  EXPECT_EQ(lanes_.operations.size(), 3u);
  EXPECT_EQ(scalar_.operations.size(), 5u);
  for (const Operation* operation : scalar_.operations) EXPECT_EQ(operation->kind, Kind::signature_verify);
}

}  // namespace
}  // namespace handsel::crypto
