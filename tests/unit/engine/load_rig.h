#pragma once
/// A load driver with its shard, and servers of all manners on another, under a clock that a test moves.

#include <array>
#include <functional>
#include <memory>

#include "engine/load_driver.h"
#include "engine/load_report.h"
#include "service/echo.h"
#include "service/http.h"
#include "unit/flow/two_shards.h"

namespace handsel::engine {

/// Treats who comes badly, in a way of its port's own.
class BadServer final : public flow::Service {
 public:
  enum class Way : std::uint8_t { closes, resets, closes_halfway, says_nonsense, says_other_bytes };
  explicit BadServer(Way way) : way_(way) {}
  std::string_view name() const override { return "bad"; }
  void on_open(flow::Stream& stream) override {
    if (way_ == Way::closes) stream.close();
    if (way_ == Way::resets) stream.abort();
  }
  std::size_t on_data(flow::Stream& stream, Bytes bytes) override {
    if (way_ == Way::closes_halfway) {
      stream.send(as_bytes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
      stream.close();
    } else if (way_ == Way::says_nonsense) {
      stream.send(as_bytes("220 mail.example.test ESMTP\r\n"));
    } else if (way_ == Way::says_other_bytes) {
      stream.send(as_bytes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"));
    }
    return bytes.size();
  }

 private:
  Way way_;
};

/// A server that takes a millisecond for whatever it reads: otherwise requests that follow each other would never let
/// time pass.
class TickingHttp final : public flow::Service {
 public:
  std::string_view name() const override { return "ticking"; }
  void on_open(flow::Stream& stream) override { http_.on_open(stream); }
  bool wants_data(flow::Stream& stream) override { return http_.wants_data(stream); }
  std::size_t on_data(flow::Stream& stream, Bytes bytes) override {
    tick();
    return http_.on_data(stream, bytes);
  }
  void on_writable(flow::Stream& stream) override { http_.on_writable(stream); }
  void on_peer_closed(flow::Stream& stream, bool truncated) override { http_.on_peer_closed(stream, truncated); }

  std::function<void()> tick;

 private:
  service::Http http_;
};

/// Ports of the other shard.
inline constexpr std::uint16_t kHttp = 80, kEcho = 7, kSink = 9, kMute = 10, kNobody = 11, kCloses = 101, kResets = 102,
                               kHalfway = 103, kNonsense = 104, kOtherBytes = 105, kTicking = 81;

class LoadRig : public flow::TwoShards {
 protected:
  void SetUp() override {
    TwoShards::SetUp();
    config.limits.close_timeout = std::chrono::seconds(3);
    plan.address = kTheirs;
    plan.port = kHttp;
    plan.timeout = std::chrono::seconds(2);
  }
  /// A test changes `plan` and `config` first.
  void start() {
    TwoShards::start();
    config.listeners.clear();
    shard = std::make_unique<flow::Shard>(config, resources(), now);
    flow::ShardConfig other = config;
    other.mac = kTheirMac;
    other.addresses = {{kTheirs, 24}, {kTheirs6, 64}};
    const auto serve = [&](std::uint16_t port, flow::Service& server) {
      other.listeners.push_back({std::nullopt, port, nullptr, &server});
    };
    serve(kHttp, http);
    serve(kTicking, ticking);
    serve(kEcho, echo);
    serve(kSink, sink_service);
    serve(kMute, sink_service);
    std::ranges::copy(secured, std::back_inserter(other.listeners));
    for (std::size_t i = 0; i < bad.size(); ++i) serve(static_cast<std::uint16_t>(kCloses + i), bad[i]);
    peer = std::make_unique<flow::Shard>(other, resources(), now);
    driver = std::make_unique<LoadDriver>(plan, 0, 1, now);
    ticking.tick = [this] {
      now += std::chrono::milliseconds(1);
      driver->drive(*shard, now);
    };
  }
  /// One look of a worker, and frames carried until all is quiet.
  void turn() {
    driver->drive(*shard, now);
    exchange();
  }
  /// Until the run is over, in steps of a millisecond; at most `limit` of virtual time.
  void run(Duration limit = std::chrono::seconds(20)) {
    for (const Instant end = now + limit; now < end && !driver->done(); now += std::chrono::milliseconds(1)) turn();
    EXPECT_TRUE(driver->done());
  }
  LoadResult result() const {
    const service::LoadStatistics* statistics = &driver->statistics();
    return LoadResult::of({&statistics, 1});
  }
  static std::uint64_t failures(const LoadResult& result, service::LoadFailure why) {
    return result.failures[static_cast<std::size_t>(why)];
  }
  /// The sums agree, and nothing is left behind.
  void expect_settled() {
    const LoadResult sums = result();
    EXPECT_EQ(sums.begun, sums.completed + sums.failed + sums.cut);
    EXPECT_EQ(sums.active, 0u);
    exchange();
    EXPECT_EQ(shard->flows(), 0u);
    EXPECT_EQ(shard->chunks_available(), config.limits.chunks);
  }

  LoadPlan plan;
  std::vector<flow::Listener> secured;  ///< of the other shard, over TLS
  service::Http http;
  TickingHttp ticking;
  service::Echo echo;
  service::Discard sink_service;
  std::array<BadServer, 5> bad{BadServer(BadServer::Way::closes), BadServer(BadServer::Way::resets),
                               BadServer(BadServer::Way::closes_halfway), BadServer(BadServer::Way::says_nonsense),
                               BadServer(BadServer::Way::says_other_bytes)};
  std::unique_ptr<LoadDriver> driver;
};

}  // namespace handsel::engine
