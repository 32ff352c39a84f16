#pragma once
/// Two shards on one link: everything that one sends, the other receives. The first opens connections.

#include <functional>
#include <utility>

#include "shard_rig.h"

namespace handsel::flow {

/// Opens connections, says what a test tells it to, and keeps what it hears.
class TestClient final : public Service {
 public:
  std::string_view name() const override { return "client"; }
  void on_open(Stream& stream) override {
    ++opened;
    id = stream.id();
    if (stream.tls_info()) tls = *stream.tls_info();
    state = as_text(stream.state()).substr(0, 5);
    if (!greeting.empty()) stream.send(as_bytes(greeting));
    if (finish_at_once) stream.finish();
  }
  void on_early(Stream& stream) override {
    if (!early.empty() && stream.early_room() >= early.size()) stream.send_early(as_bytes(early));
  }
  std::size_t on_data(Stream& stream, Bytes bytes) override {
    received.append(as_text(bytes));
    if (close_after != 0 && received.size() >= close_after) stream.close();
    return bytes.size();
  }
  void on_writable(Stream& stream) override {
    if (!late.empty()) stream.send(as_bytes(std::exchange(late, {})));
  }
  void on_closed(Stream& stream) override {
    ++closed;
    end = stream.end();
    if (when_closed) when_closed();
  }
  void on_open_failed(Stream& stream, OpenFailure why) override {
    failures.push_back(why);
    end = stream.end();
    state = as_text(stream.state()).substr(0, 5);
  }

  std::string greeting;
  std::string early;            ///< sent as early data, when there is room for it
  std::string late;             ///< sent when there is room again
  bool finish_at_once = false;  ///< half-close after the greeting
  std::size_t close_after = 0;  ///< close when so many bytes came; 0: never
  std::function<void()> when_closed;
  int opened = 0;
  int closed = 0;
  std::vector<OpenFailure> failures;
  tcp::End end = tcp::End::none;
  Handle id;
  tls::Info tls;
  std::string state;
  std::string received;
};

class TwoShards : public ShardRig {
 protected:
  static inline const wire::IpAddress kTheirs = wire::IpAddress::from_v4(10, 77, 0, 3);
  static inline const wire::IpAddress kTheirs6 = *wire::IpAddress::parse("fd77::3");
  static inline const wire::MacAddress kTheirMac{{2, 0, 0, 0, 0, 3}};

  void start() {
    ShardRig::start();
    restart_peer();
  }
  /// The other shard anew, with nothing remembered but its configuration.
  void restart_peer() {
    ShardConfig other = shard->config();
    other.mac = kTheirMac;
    other.addresses = {{kTheirs, 24}, {kTheirs6, 64}};
    std::ranges::copy(their_addresses, std::back_inserter(other.addresses));
    other.gateways.clear();
    peer = std::make_unique<Shard>(other, resources(), now);
  }
  Target to(std::uint16_t port) { return {.address = kTheirs, .port = port, .endpoint = {&client}}; }

  /// Carries frames to and fro until nobody has anything to say.
  void exchange() {
    for (bool more = true; more;) {
      more = run(*shard, sink);
      more |= run(*peer, peer_sink);
      more |= turn_cores();
      more |= carry(sink, *peer, peer_sink);
      more |= carry(peer_sink, *shard, sink);
    }
  }
  void let_pass(Duration time) {
    for (const Instant end = now + time; now < end; now += std::chrono::milliseconds(100)) exchange();
    exchange();
  }

  std::vector<wire::IpPrefix> their_addresses;  ///< more of them
  TestClient client;
  std::unique_ptr<Shard> peer;
  CaptureSink peer_sink;

 private:
  bool run(Shard& which, CaptureSink& out) { return which.run(now, true, out); }
  bool carry(CaptureSink& from, Shard& to, CaptureSink& answers) {
    auto frames = std::exchange(from.frames, {});
    for (auto& frame : frames) {
      const ReceivedFrame received{frame, false};
      to.on_burst({&received, 1}, now, answers);
    }
    return !frames.empty();
  }
};

}  // namespace handsel::flow
