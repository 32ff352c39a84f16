/// What a worker may expect of whoever computes for it, wherever that is: its own stage, one crypto core, several.

#include "crypto/processor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "crypto/crypto_core.h"
#include "crypto/kernels.h"
#include "crypto/random.h"
#include "crypto/remote_stage.h"
#include "crypto/stage.h"

namespace handsel::crypto {
namespace {

constexpr Instant kStart{std::chrono::seconds(1)};
constexpr std::size_t kRoom = 20;

std::uint64_t no_cycles() { return 0; }

/// Its shared secret is the private key with one added to each byte, its public key the owner's mark; owner 13 fails.
struct FakeKernel {
  std::vector<std::size_t> batches;
  std::vector<MutableBytes> secrets;  ///< where they lay
  static void run(void* context, std::span<Operation* const> operations) {
    auto& self = *static_cast<FakeKernel*>(context);
    self.batches.push_back(operations.size());
    for (Operation* each : operations) {
      self.secrets.push_back(each->private_key);
      for (std::size_t i = 0; i < each->shared_secret.size(); ++i)
        each->shared_secret[i] = static_cast<std::uint8_t>(each->private_key[i] + 1);
      each->status = each->private_key[0] == 13 ? Status::invalid_input : Status::done;
    }
  }
};

struct Place {
  const char* name;
  std::size_t cores;  ///< 0: the worker itself
};
void PrintTo(const Place& place, std::ostream* out) { *out << place.name; }

/// An operation and its memory, as a coroutine's frame holds them.
struct Asked {
  explicit Asked(std::uint8_t number) {
    secret.fill(number);
    operation.kind = Kind::x25519_shared;
    operation.owner = number;
    operation.private_key = secret;
    operation.shared_secret = shared;
  }
  std::array<std::uint8_t, 32> secret;
  std::array<std::uint8_t, 32> shared{};
  Operation operation;
};

class ProcessorTest : public testing::TestWithParam<Place> {
 protected:
  ProcessorTest() {
    KernelTable kernels;
    kernels.fill({"fake", 8, FakeKernel::run, &fake});
    if (GetParam().cores == 0) {
      processor = std::make_unique<Stage>(kernels, StageConfig{.queue_bound = kRoom}, no_cycles);
      return;
    }
    std::vector<CryptoLine*> ends;
    for (std::size_t i = 0; i < GetParam().cores; ++i) {
      lines.push_back(std::make_unique<CryptoLine>(kRoom));
      ends.push_back(lines.back().get());
      cores.push_back(std::make_unique<CryptoCore>(std::vector{ends.back()}, kernels, no_cycles));
    }
    auto made = std::make_unique<RemoteStage>(ends, kRoom);
    remote = made.get();
    processor = std::move(made);
  }

  Asked& ask(std::uint8_t number, Instant now = kStart) {
    asked.push_back(std::make_unique<Asked>(number));
    EXPECT_TRUE(processor->submit(asked.back()->operation, now));
    return *asked.back();
  }
  /// A pass of the worker, and a turn of each core.
  void pass(Instant now, bool idle) {
    processor->run(now, idle);
    for (auto& each : cores) each->turn(now);
  }
  /// Until nothing more comes.
  void settle(Instant now = kStart) {
    for (int i = 0; i < 3; ++i) pass(now, true);
  }
  std::vector<std::uint8_t> taken() {
    std::vector<std::uint8_t> numbers;
    while (Operation* each = processor->take_completed()) numbers.push_back(static_cast<std::uint8_t>(each->owner));
    return numbers;
  }
  void expect_nothing_left() {
    EXPECT_EQ(processor->waiting(), 0u);
    EXPECT_EQ(processor->take_completed(), nullptr);
    if (remote != nullptr) {
      EXPECT_EQ(remote->statistics().away.get(), 0u);
    }
    for (const auto& each : cores) EXPECT_EQ(each->stage().waiting(), 0u);
  }

  FakeKernel fake;
  std::vector<std::unique_ptr<CryptoLine>> lines;
  std::vector<std::unique_ptr<CryptoCore>> cores;
  std::unique_ptr<Processor> processor;
  RemoteStage* remote = nullptr;
  std::vector<std::unique_ptr<Asked>> asked;
};

TEST_P(ProcessorTest, finished_operation_comes_back_with_its_result) {
  Asked& one = ask(5);
  EXPECT_EQ(one.operation.status, Status::waiting);
  EXPECT_EQ(processor->waiting(), 1u);
  EXPECT_EQ(processor->take_completed(), nullptr);
  settle();
  EXPECT_EQ(processor->take_completed(), &one.operation);
  EXPECT_EQ(one.operation.status, Status::done);
  EXPECT_EQ(one.operation.owner, 5u);
  EXPECT_EQ(one.shared[31], 6);
  EXPECT_EQ(one.secret[0], 5);
  expect_nothing_left();
}

TEST_P(ProcessorTest, failure_comes_back_under_its_name) {
  Asked& one = ask(13);
  settle();
  EXPECT_EQ(processor->take_completed(), &one.operation);
  EXPECT_EQ(one.operation.status, Status::invalid_input);
  expect_nothing_left();
}

TEST_P(ProcessorTest, lone_operation_runs_as_soon_as_nothing_more_comes) {
  ask(1);
  settle(kStart);  // no time passes
  EXPECT_EQ(taken().size(), 1u);
}

TEST_P(ProcessorTest, eight_share_a_batch) {
  for (std::uint8_t i = 0; i < 8; ++i) ask(i);
  pass(kStart, false);
  EXPECT_EQ(fake.batches, (std::vector<std::size_t>{8}));
  EXPECT_EQ(taken().size(), 8u);
  expect_nothing_left();
}

TEST_P(ProcessorTest, full_one_turns_away_and_takes_more_later) {
  for (std::uint8_t i = 0; i < kRoom; ++i) ask(i);
  Asked extra(99);
  EXPECT_FALSE(processor->submit(extra.operation, kStart));
  EXPECT_EQ(extra.operation.status, Status::idle);
  if (remote != nullptr) {
    EXPECT_EQ(remote->statistics().refused.get(), 1u);
  }
  settle();
  EXPECT_EQ(taken().size(), kRoom);
  EXPECT_TRUE(processor->submit(extra.operation, kStart));
  settle();
  EXPECT_EQ(taken(), std::vector<std::uint8_t>{99});
  expect_nothing_left();
}

TEST_P(ProcessorTest, cancelled_before_it_is_computed_its_memory_may_go) {
  ask(1);
  ask(2);
  ask(3);
  EXPECT_TRUE(processor->cancel(asked[1]->operation));
  EXPECT_EQ(asked[1]->operation.status, Status::idle);
  EXPECT_EQ(processor->waiting(), 2u);
  asked[1].reset();
  settle();
  auto numbers = taken();
  std::ranges::sort(numbers);
  EXPECT_EQ(numbers, (std::vector<std::uint8_t>{1, 3}));
  expect_nothing_left();
}

TEST_P(ProcessorTest, cancelled_when_computed_and_not_taken_its_memory_may_go) {
  ask(1);
  ask(2);
  settle();
  EXPECT_TRUE(processor->cancel(asked[0]->operation));
  asked[0].reset();
  EXPECT_EQ(taken(), std::vector<std::uint8_t>{2});
  expect_nothing_left();
}

TEST_P(ProcessorTest, stranger_taken_or_cancelled_one_is_not_cancelled) {
  Asked stranger(1);
  EXPECT_FALSE(processor->cancel(stranger.operation));
  Asked& one = ask(2);
  settle();
  taken();
  EXPECT_FALSE(processor->cancel(one.operation));
  Asked& other = ask(3);
  EXPECT_TRUE(processor->cancel(other.operation));
  EXPECT_FALSE(processor->cancel(other.operation));
  settle();
  expect_nothing_left();
}

TEST_P(ProcessorTest, memory_of_one_cancelled_is_good_for_another_at_once) {
  Asked& one = ask(1);
  EXPECT_TRUE(processor->cancel(one.operation));
  one.secret.fill(7);
  one.operation.owner = 7;
  EXPECT_TRUE(processor->submit(one.operation, kStart));
  settle();
  EXPECT_EQ(taken(), std::vector<std::uint8_t>{7});
  EXPECT_EQ(one.shared[0], 8);
  expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(Places, ProcessorTest,
                         testing::Values(Place{"worker", 0}, Place{"core", 1}, Place{"three_cores", 3}),
                         [](const testing::TestParamInfo<Place>& row) { return std::string(row.param.name); });

/// One core, turned by hand.
class CryptoCoreTest : public ProcessorTest {};

TEST_P(CryptoCoreTest, nothing_of_a_secret_stays_in_its_job) {
  for (std::uint8_t i = 1; i <= 4; ++i) ask(i);
  EXPECT_TRUE(processor->cancel(asked[3]->operation));
  settle();
  EXPECT_EQ(taken().size(), 3u);
  ASSERT_EQ(fake.secrets.size(), 4u);  // the orphan, too
  for (const MutableBytes where : fake.secrets)
    EXPECT_TRUE(std::ranges::all_of(where, [](std::uint8_t byte) { return byte == 0; }));
}

TEST_P(CryptoCoreTest, prompt_ones_go_before_those_that_came_earlier) {
  for (std::uint8_t i = 0; i < 10; ++i) ask(i);
  asked.push_back(std::make_unique<Asked>(100));
  asked.back()->operation.prompt = true;
  ASSERT_TRUE(processor->submit(asked.back()->operation, kStart));
  pass(kStart, true);
  EXPECT_EQ(taken().front(), 100);
}

TEST_P(CryptoCoreTest, orphans_count_as_away_until_the_core_has_given_them_back) {
  for (std::uint8_t i = 0; i < kRoom; ++i) EXPECT_TRUE(processor->cancel(ask(i).operation));
  EXPECT_EQ(processor->waiting(), 0u);
  EXPECT_EQ(remote->statistics().away.get(), kRoom);
  Asked extra(99);
  EXPECT_FALSE(processor->submit(extra.operation, kStart));
  settle();
  EXPECT_TRUE(processor->run(kStart, true));
  EXPECT_EQ(taken().size(), 0u);
  EXPECT_EQ(remote->statistics().orphaned.get(), kRoom);
  expect_nothing_left();
}

TEST_P(CryptoCoreTest, wait_counts_from_the_handover) {
  ask(1, kStart);
  settle(kStart + std::chrono::microseconds(30));
  EXPECT_NEAR(static_cast<double>(cores[0]->stage().statistics(Kind::x25519_shared).wait_ns.percentile(0.5)), 30'000,
              2'000);
}

INSTANTIATE_TEST_SUITE_P(Places, CryptoCoreTest, testing::Values(Place{"core", 1}),
                         [](const testing::TestParamInfo<Place>& row) { return std::string(row.param.name); });

// With kernels that compute.
TEST(CryptoCoreThreads, two_workers_get_what_they_asked_for_and_nobody_elses) {
  constexpr std::size_t kJobs = 64;
  constexpr int kRounds = 60;
  std::array<CryptoLine, 2> lines{CryptoLine(kJobs), CryptoLine(kJobs)};
  KeyStore keys;
  SystemEntropy entropy;
  const auto backend = make_backend(*choose_kernels(), keys, entropy);
  CryptoCore core({&lines[0], &lines[1]}, backend->kernels(), no_cycles);
  std::atomic<bool> stop{false};
  std::thread thread([&] {
    while (!stop.load(std::memory_order_relaxed))
      if (!core.turn(kStart)) std::this_thread::yield();
  });
  const auto work = [&](std::size_t which) {
    RemoteStage remote({&lines[which]}, kJobs);
    std::array<std::array<std::uint8_t, 32>, 8> secrets{};
    std::array<std::array<std::uint8_t, 32>, 8> shares{};
    std::array<Operation, 8> operations{};
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t i = 0; i < operations.size(); ++i) {
        secrets[i].fill(static_cast<std::uint8_t>(1 + which + i % 3));
        operations[i] = {.kind = Kind::x25519_keygen, .private_key = secrets[i], .public_key = shares[i]};
        EXPECT_TRUE(remote.submit(operations[i], kStart));
      }
      EXPECT_TRUE(remote.cancel(operations[7]));
      for (int came = 0; came < 7;) {
        if (remote.take_completed() != nullptr)
          ++came;
        else
          std::this_thread::yield();
      }
      for (std::size_t i = 3; i < 7; ++i) EXPECT_EQ(shares[i], shares[i - 3]);
      EXPECT_NE(shares[0], shares[1]);
    }
    while (remote.statistics().away.get() != 0) remote.take_completed();
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  stop = true;
  thread.join();
  EXPECT_EQ(core.stage().statistics(Kind::x25519_keygen).operations.get(), 2u * kRounds * 8);
}

}  // namespace
}  // namespace handsel::crypto
