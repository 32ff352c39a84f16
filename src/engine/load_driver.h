#pragma once
/// Opens a worker's share of the connections that a load plan asks for, when they are due, and watches over their time.

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/slab.h"
#include "base/timer_wheel.h"
#include "engine/driver.h"
#include "engine/load_plan.h"
#include "flow/shard.h"
#include "service/load_client.h"
#include "service/load_statistics.h"

namespace handsel::engine {

/// The run begins with the first drive(). It ends with the plan's duration or total, or with stop(): connections that
/// are open then have the plan's timeout to finish what they are at (after stop(): no time), and what is left is cut.
class LoadDriver final : public Driver, private service::LoadClient::Owner {
 public:
  /// It outlives the flows of the shard that it drives, whose limits hold as many flows and opens as this worker's
  /// share, and flows that are closing beside them.
  LoadDriver(const LoadPlan& plan, std::uint16_t worker, std::uint16_t workers, Instant now);

  /// Begins what is due, gives up what is overdue. Always the same shard.
  bool drive(flow::Shard& shard, Instant now) override;
  /// drive() has something to do at the latest then. Worker thread; for those whose time is virtual.
  Instant next_deadline() const;

  /// The run is over at once. Any thread.
  void stop() { stop_.store(true, std::memory_order_relaxed); }
  /// Everything has ended and was counted. Any thread.
  bool done() const { return done_.load(std::memory_order_acquire); }
  const service::LoadStatistics& statistics() const { return statistics_; }

 private:
  enum class Stage : std::uint8_t { waiting, running, winding_down, cutting, done };
  struct Slot {
    Handle flow;
    Instant progress{};  // when something last went on
    bool used = false;
  };
  static constexpr int kBeginsPerTurn = 32;  // as many SYNs as fit a burst
  // A shard that refuses a connection for want of something is not asked again at once.
  static constexpr Duration kPause = std::chrono::milliseconds(1);

  void on_progress(std::uint32_t slot, Instant now) override;
  void on_hold(std::uint32_t slot) override;
  void on_end(std::uint32_t slot, Instant now) override;

  void start(Instant now);
  bool begin_due(flow::Shard& shard, Instant now);
  std::optional<Instant> next_due(Instant now) const;
  void begin_one(flow::Shard& shard, Instant due, Instant now);
  void watch(flow::Shard& shard, Instant now);
  void wind_down(flow::Shard& shard, Instant now);
  void cut_all(flow::Shard& shard, Instant now);
  void cut(flow::Shard& shard, std::uint32_t slot, service::LoadClient::Cut why, Instant now);

  LoadPlan plan_;
  std::uint16_t worker_;
  std::uint16_t workers_;
  service::LoadStatistics statistics_;
  service::LoadClient client_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  TimerWheel timers_;  // one a slot
  std::uint64_t total_;
  std::uint64_t begun_ = 0;
  Stage stage_ = Stage::waiting;
  Instant start_{};
  Instant end_ = kNever;     // no connection is begun from then on
  Instant cut_at_ = kNever;  // what is still open is cut
  Instant paused_until_{};
  std::atomic<bool> stop_{false};
  std::atomic<bool> done_{false};
};

}  // namespace handsel::engine
