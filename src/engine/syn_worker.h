#pragma once
/// A worker that sends SYNs flat out, or at a rate, and counts what answers them. Its shard answers for our addresses,
/// and finds the way; no connection is ever made.

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "base/limits.h"
#include "engine/packet_io.h"
#include "engine/syn_generator.h"
#include "engine/worker.h"
#include "flow/shard.h"

namespace handsel::engine {

/// Made on the control thread, run on the worker's.
template <PacketIo Io>
class SynWorker final : public WorkerHandle {
 public:
  SynWorker(Io& io, flow::Shard& shard, const Clock& clock, SynGenerator& generator, const wire::IpAddress& target)
      : io_(io), shard_(shard), clock_(clock), generator_(generator), target_(target) {}

  void run() override {
    BurstSink<Io> sink(io_, shard_.statistics());
    shard_.announce(sink);
    while (!stop_.load(std::memory_order_relaxed)) pass(sink);
  }
  void stop() override { stop_.store(true, std::memory_order_relaxed); }
  /// The run is over at once. Any thread.
  void finish() { finish_.store(true, std::memory_order_relaxed); }
  /// Everything was sent, and answered or given up. Any thread.
  bool done() const { return done_.load(std::memory_order_acquire); }

  bool post(Command) override { return false; }
  WorkerView view() const override { return {&shard_, &statistics_}; }
  flow::Shard& shard() override { return shard_; }
  std::uint64_t let_go_done() const override { return 0; }

 private:
  // For which the first link address is waited: all the queries, and an answer to the last one.
  static constexpr Duration kResolution = (flow::Neighbours::kQueries + 1) * flow::Neighbours::kRetransmit;

  static constexpr Duration kLookAgain = std::chrono::milliseconds(1);

  void pass(BurstSink<Io>& sink) {
    const std::uint64_t begun = clock_.cycles();
    const Instant now = clock_.now();
    const std::size_t received = receive(now, sink);
    const bool worked = shard_.run(now, received == 0, sink);
    const std::size_t made = send(now, sink);
    const bool sent = sink.flush();
    statistics_.polls.add();
    if (received == 0 && made == 0 && !worked && !sent)
      statistics_.empty_polls.add();
    else
      statistics_.busy_cycles.add(clock_.cycles() - begun);
  }

  std::size_t receive(Instant now, BurstSink<Io>& sink) {
    std::array<Packet, limits::kBurst> packets;
    const std::size_t received = io_.receive(packets);
    if (received == 0) return 0;
    std::array<flow::ReceivedFrame, limits::kBurst> others;
    std::size_t count = 0;
    for (std::size_t i = 0; i < received; ++i) {
      const Packet& packet = packets[i];
      if (generator_.take({packet.data, packet.bytes}, packet.checksums_good, now)) continue;
      others[count++] = {{packet.data, packet.bytes}, packet.checksums_good};
    }
    if (count != 0) shard_.on_burst({others.data(), count}, now, sink);
    io_.release({packets.data(), received});
    if (count != received) generator_.note_time(now);
    return received;
  }

  std::size_t send(Instant now, BurstSink<Io>& sink) {
    if (done_.load(std::memory_order_relaxed)) return 0;
    if (finish_.load(std::memory_order_relaxed)) return finished();
    if (!to_ || now - looked_ >= kLookAgain) {
      to_ = shard_.link_address(target_, now);
      looked_ = now;
    }
    if (!to_) {
      if (begun_ == Instant{}) begun_ = now;
      return now - begun_ < kResolution ? 0 : finished();
    }
    const std::size_t due = generator_.due(now, limits::kBurst);
    std::size_t made = 0;
    for (; made < due; ++made) {
      const MutableBytes frame = sink.begin(generator_.frame_bytes());
      if (frame.empty()) break;  // the port is full
      generator_.write(frame, shard_.config().mac, *to_);
      sink.commit(generator_.frame_bytes());
    }
    if (made != 0) generator_.note_time(now);
    return due == 0 && generator_.finished(now) ? finished() : made;
  }

  std::size_t finished() {
    done_.store(true, std::memory_order_release);
    return 0;
  }

  Io& io_;
  flow::Shard& shard_;
  Clock clock_;
  SynGenerator& generator_;
  wire::IpAddress target_;
  WorkerStatistics statistics_;
  std::optional<wire::MacAddress> to_;
  Instant looked_{};  // when it was last asked for
  Instant begun_{};   // when the link address was first asked for
  std::atomic<bool> done_{false};
  std::atomic<bool> finish_{false};
  std::atomic<bool> stop_{false};
};

}  // namespace handsel::engine
