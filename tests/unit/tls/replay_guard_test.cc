// The memory of ClientHellos that have brought early data.

#include "tls/replay_guard.h"

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace handsel::tls {
namespace {

using Verdict = ReplayGuard::Verdict;

struct Guard : ReplayGuard {
  explicit Guard(std::uint32_t entries = 1'024) : ReplayGuard(entries, source()) {}
  static Entropy& source() {
    static crypto::SystemEntropy entropy;
    return entropy;
  }
  Verdict admit_number(std::uint32_t number, std::uint64_t now_ms) {
    std::array<std::uint8_t, 32> binder{};
    store_be32(binder.data(), number);
    return admit(binder, now_ms);
  }
};

constexpr std::uint64_t kNow = 1'800'000'000'000 / ReplayGuard::kSpanMs * ReplayGuard::kSpanMs;

TEST(ReplayGuard, admits_a_binder_once_and_others_beside_it) {
  Guard guard;
  EXPECT_EQ(guard.admit_number(1, kNow), Verdict::fresh);
  EXPECT_EQ(guard.admit_number(2, kNow), Verdict::fresh);
  EXPECT_EQ(guard.admit_number(1, kNow), Verdict::replayed);
  EXPECT_EQ(guard.admit_number(1, kNow), Verdict::replayed);
}

TEST(ReplayGuard, remembers_for_a_whole_span_wherever_in_one_it_began) {
  for (std::uint64_t offset = 0; offset < ReplayGuard::kSpanMs; offset += ReplayGuard::kSpanMs / 7) {
    Guard guard;
    ASSERT_EQ(guard.admit_number(1, kNow + offset), Verdict::fresh);
    EXPECT_EQ(guard.admit_number(1, kNow + offset + ReplayGuard::kSpanMs), Verdict::replayed) << offset;
    EXPECT_EQ(guard.admit_number(1, kNow + offset + 2 * ReplayGuard::kSpanMs), Verdict::fresh) << "long stale by then";
  }
}

TEST(ReplayGuard, remembers_over_the_turn_of_the_spans_numbers) {
  const std::uint64_t turn = kNow / (ReplayGuard::kSpanMs * 65'535) * (ReplayGuard::kSpanMs * 65'535);
  Guard guard;
  EXPECT_EQ(guard.admit_number(1, turn - 1), Verdict::fresh);
  EXPECT_EQ(guard.admit_number(1, turn), Verdict::replayed);
}

TEST(ReplayGuard, without_room_admits_nothing_new_and_forgets_nothing) {
  Guard guard(16);
  std::vector<std::uint32_t> admitted;
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    const Verdict verdict = guard.admit_number(i, kNow);
    if (verdict == Verdict::fresh) admitted.push_back(i);
    ASSERT_NE(verdict, Verdict::replayed);
  }
  EXPECT_EQ(admitted.size(), 16u);
  for (const std::uint32_t each : admitted) EXPECT_EQ(guard.admit_number(each, kNow), Verdict::replayed);
  EXPECT_EQ(guard.admit_number(2'000, kNow + ReplayGuard::kSpanMs), Verdict::full);
  EXPECT_EQ(guard.admit_number(2'000, kNow + 2 * ReplayGuard::kSpanMs), Verdict::fresh);
}

TEST(ReplayGuard, two_have_different_names) { EXPECT_NE(Guard().name(), Guard().name()); }

}  // namespace
}  // namespace handsel::tls
