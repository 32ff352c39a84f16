#include "base/timer_wheel.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace handsel {
namespace {

Instant at_ms(std::int64_t ms) { return Instant(std::chrono::milliseconds(ms)); }
constexpr Duration kTick{1 << TimerWheel::kTickShift};

TEST(TimerWheel, fires_once_and_never_early) {
  TimerWheel wheel(4, at_ms(0));
  wheel.schedule(2, at_ms(50));
  std::vector<std::uint32_t> fired;
  const auto note = [&](std::uint32_t id) { fired.push_back(id); };
  wheel.advance(at_ms(49), note);
  EXPECT_TRUE(fired.empty());
  wheel.advance(at_ms(52), note);
  EXPECT_EQ(fired, std::vector<std::uint32_t>{2});
  wheel.advance(at_ms(5'000), note);
  EXPECT_EQ(fired.size(), 1u);
  EXPECT_EQ(wheel.next_deadline(), kNever);
}

TEST(TimerWheel, cancelled_timer_does_not_fire) {
  TimerWheel wheel(4, at_ms(0));
  wheel.schedule(1, at_ms(10));
  wheel.cancel(1);
  wheel.advance(at_ms(100), [](std::uint32_t) { FAIL(); });
  EXPECT_EQ(wheel.armed(), 0u);
}

// Against the obvious model: a list of deadlines.
TEST(TimerWheel, agrees_with_a_list_over_random_schedules) {
  std::mt19937_64 random(1);
  constexpr std::uint32_t kTimers = 200;
  TimerWheel wheel(kTimers, Instant{});
  std::vector<Instant> model(kTimers, kNever);
  Instant now{};
  for (int step = 0; step < 20'000; ++step) {
    const auto id = static_cast<std::uint32_t>(random() % kTimers);
    const Duration far{static_cast<std::int64_t>(random() % (1ull << (10 + random() % 38)))};
    if (random() % 4 == 0) {
      wheel.cancel(id);
      model[id] = kNever;
    } else {
      wheel.schedule(id, now + far);
      model[id] = now + far;
    }
    const Instant promised = wheel.next_deadline();
    now += Duration(static_cast<std::int64_t>(random() % (1ull << (random() % 34))));
    wheel.advance(now, [&](std::uint32_t fired) {
      ASSERT_NE(model[fired], kNever);
      ASSERT_LE(model[fired], now) << "early";
      ASSERT_GE(now, promised) << "next_deadline promised too late";
      model[fired] = kNever;
    });
    for (std::uint32_t i = 0; i < kTimers; ++i)
      if (model[i] != kNever) {
        ASSERT_GT(model[i] + kTick + kTick, now) << "timer " << i << " missed";
      }
  }
}

}  // namespace
}  // namespace handsel
