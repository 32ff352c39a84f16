#pragma once
/// A worker: one pinned core that polls one queue pair and drives one shard.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include "base/limits.h"
#include "base/spsc_ring.h"
#include "engine/clock.h"
#include "engine/driver.h"
#include "engine/packet_io.h"
#include "engine/worker_handle.h"
#include "engine/worker_view.h"
#include "flow/shard.h"

namespace handsel::engine {

/// Collects a shard's frames into bursts for a port.
template <PacketIo Io>
class BurstSink final : public flow::FrameSink {
 public:
  BurstSink(Io& io, flow::ShardStatistics& statistics) : io_(io), statistics_(statistics) {}

  MutableBytes begin(std::size_t bytes) override {
    if (count_ == burst_.size() && !flush()) return {};  // the port is full: what waits is sent first
    if (begun_ && current_.bytes < bytes) {
      io_.release({&current_, 1});
      begun_ = false;
    }
    if (!begun_) {
      if (!io_.allocate(current_, bytes)) {
        statistics_.drop(Drop::tx_no_buffer);
        return {};
      }
      begun_ = true;
    }
    return {current_.data, bytes};
  }
  void commit(std::size_t bytes) override {
    current_.bytes = static_cast<std::uint32_t>(bytes);
    burst_[count_++] = current_;
    begun_ = false;
  }
  /// Sends what was committed; true when anything left. What a full port does not take stays here, in order, and
  /// whoever has more to say waits: a frame that TCP counts as sent is not thrown away.
  bool flush() {
    if (count_ == 0) return false;
    std::size_t sent = 0;
    for (int attempt = 0; attempt < kTransmitAttempts && sent < count_; ++attempt)
      sent += io_.transmit({burst_.data() + sent, count_ - sent});
    std::copy(burst_.begin() + static_cast<std::ptrdiff_t>(sent), burst_.begin() + static_cast<std::ptrdiff_t>(count_),
              burst_.begin());
    count_ -= sent;
    return sent != 0;
  }
  ~BurstSink() {
    flush();
    if (count_ != 0) {
      statistics_.drops.count(Drop::tx_queue_full, count_);
      statistics_.packets.dropped.add(count_);
      io_.release({burst_.data(), count_});
    }
    if (begun_) io_.release({&current_, 1});
  }

 private:
  static constexpr int kTransmitAttempts = 8;
  Io& io_;
  flow::ShardStatistics& statistics_;
  std::array<Packet, limits::kBurst> burst_{};
  std::size_t count_ = 0;
  Packet current_{};
  bool begun_ = false;
};

/// Made on the control thread, run on the worker's.
template <PacketIo Io>
class Worker final : public WorkerHandle {
 public:
  /// `driver` may be null; it outlives the worker.
  Worker(Io& io, flow::Shard& shard, const Clock& clock, Driver* driver = nullptr)
      : io_(io), shard_(shard), clock_(clock), driver_(driver), commands_(kCommands) {}

  void run() override {
    BurstSink<Io> sink(io_, shard_.statistics());
    shard_.announce(sink);
    while (!stop_.load(std::memory_order_relaxed)) pass(sink);
    shard_.wipe_banks();
  }

  void stop() override { stop_.store(true, std::memory_order_relaxed); }
  bool post(Command command) override { return commands_.push(std::move(command)); }
  WorkerView view() const override { return {&shard_, &statistics_}; }
  flow::Shard& shard() override { return shard_; }
  std::uint64_t let_go_done() const override { return let_go_done_.load(std::memory_order_acquire); }

 private:
  static constexpr std::size_t kCommands = 64;
  static constexpr std::uint32_t kBusyPassesPerLook = 64;

  // One turn: receive, parse and look up, act; then crypto, timers and output; then transmit. When there was nothing of
  // all that, one batch for a burst to come.
  void pass(BurstSink<Io>& sink) {
    const std::uint64_t begun = clock_.cycles();
    const Instant now = clock_.now();
    std::array<Packet, limits::kBurst> packets;
    const std::size_t received = io_.receive(packets);
    if (received != 0) {
      std::array<flow::ReceivedFrame, limits::kBurst> frames;
      for (std::size_t i = 0; i < received; ++i)
        frames[i] = {{packets[i].data, packets[i].bytes}, packets[i].checksums_good};
      shard_.on_burst({frames.data(), received}, now, sink);
      io_.release({packets.data(), received});
    }
    // Under full load no receive comes back empty, and the operator must still be heard.
    if (received == 0 || ++passes_ % kBusyPassesPerLook == 0) take_commands();
    const bool driven = driver_ != nullptr && driver_->drive(shard_, now);
    const bool worked = shard_.run(now, received == 0, sink) || driven;
    const bool sent = sink.flush();
    statistics_.polls.add();
    if (received != 0 || worked || sent) {
      statistics_.busy_cycles.add(clock_.cycles() - begun);
    } else {
      statistics_.empty_polls.add();
      shard_.fill_banks();
    }
  }

  void take_commands() {
    while (const std::optional<Command> command = commands_.pop()) {
      switch (command->what) {
        case Command::What::trace:
          shard_.tracer().apply(command->trace);
          break;
        case Command::What::stop_accepting:
          shard_.stop_accepting();
          break;
        case Command::What::let_go:
          shard_.forget(*command->former_keys);
          let_go_done_.fetch_add(1, std::memory_order_release);
          break;
        case Command::What::none:
          break;
      }
    }
  }

  Io& io_;
  flow::Shard& shard_;
  Clock clock_;
  Driver* driver_;
  WorkerStatistics statistics_;
  SpscRing<Command> commands_;
  std::uint32_t passes_ = 0;  // that received something
  std::atomic<std::uint64_t> let_go_done_{0};
  std::atomic<bool> stop_{false};
};

}  // namespace handsel::engine
