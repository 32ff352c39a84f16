/// What a connection's life costs a shard that is warm: frames in, frames out, SYN to TIME-WAIT, on plain TCP, with a
/// service that answers a request and closes. Beside it stands what of that is the TCP state machine
/// (tcp_life_bench.cc). Clients run in between and are not counted.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "crypto/aead.h"
#include "crypto/kernels.h"
#include "crypto/key_store.h"
#include "crypto/random.h"
#include "flow/shard.h"
#include "harness.h"
#include "life.h"
#include "wire/frame.h"

namespace {

using namespace handsel;
using namespace handsel::bench;
using namespace std::chrono_literals;

constexpr std::size_t kClients = 64;
constexpr std::size_t kFrameBytes = 2'048;
constexpr std::size_t kFrames = 4 * kClients;
constexpr std::size_t kRequest = 80;
constexpr std::size_t kResponse = 200;
const wire::LinkHeader kToServer{wire::MacAddress({2, 0, 10, 77, 0, 2}), wire::MacAddress({2, 0, 10, 77, 0, 1})};
const wire::IpAddress kServer = wire::IpAddress::from_v4(10, 77, 0, 2);
const wire::IpAddress kClient = wire::IpAddress::from_v4(10, 77, 0, 1);

/// Memory for a burst's frames, as a port has it: made at start.
class Frames final : public flow::FrameSink {
 public:
  MutableBytes begin(std::size_t bytes) override {
    return count_ == kFrames ? MutableBytes() : MutableBytes(memory_).subspan(count_ * kFrameBytes, bytes);
  }
  void commit(std::size_t bytes) override { sizes_[count_++] = bytes; }
  std::size_t count() const { return count_; }
  MutableBytes frame(std::size_t index) { return MutableBytes(memory_).subspan(index * kFrameBytes, sizes_[index]); }
  void clear() { count_ = 0; }

 private:
  std::vector<std::uint8_t> memory_ = std::vector<std::uint8_t>(kFrames * kFrameBytes);
  std::array<std::size_t, kFrames> sizes_{};
  std::size_t count_ = 0;
};

class Answer final : public flow::Service {
 public:
  std::string_view name() const override { return "answer"; }
  std::size_t on_data(flow::Stream& stream, Bytes bytes) override {
    stream.send(bytes_);
    stream.close();
    return bytes.size();
  }

 private:
  std::array<std::uint8_t, kResponse> bytes_{};
};

class Lives {
 public:
  Lives() {
    flow::ShardConfig config;
    config.mac = kToServer.destination;
    config.addresses = {*wire::IpPrefix::parse("10.77.0.2/16")};
    config.listeners = {{std::nullopt, 7, nullptr, &service_}};
    shard_ = std::make_unique<flow::Shard>(
        config, flow::ShardResources{backend_->kernels(), aead_.get(), &entropy_, [] { return std::uint64_t{0}; }},
        now_);
  }

  /// Ticks of the shard by phase, for one connection.
  LifeSpent live() {
    LifeSpent spent;
    for (std::size_t i = 0; i < kClients; ++i) {
      port_ = port_ == 65'535 ? 1'024 : static_cast<std::uint16_t>(port_ + 1);
      ports_[i] = port_;
      index_of_[port_] = static_cast<std::uint16_t>(i);
      clients_[i].emplace(tcp::Config{}, pool_, wire::SeqNum(next_iss_ += 64'001), now_);
      send(i);
    }
    spent.syn = serve();
    answer([](tcp::Connection&) {});
    spent.accept = serve();
    for (std::size_t i = 0; i < kClients; ++i) {
      clients_[i]->write(Bytes(bytes_).first(kRequest));
      send(i);
    }
    spent.talk = serve();
    answer([](tcp::Connection& connection) {
      connection.consume(connection.readable_bytes());
      connection.close();
    });
    spent.fin = serve();
    answer([](tcp::Connection&) {});
    for (const auto& client : clients_)
      if (client->state() != tcp::State::closed) std::abort();
    if (shard_->flows() != 0) std::abort();
    now_ += 1ms;
    spent.all = spent.syn + spent.accept + spent.talk + spent.fin;
    return spent;
  }

 private:
  void send(std::size_t i) {
    while (const auto segment = clients_[i]->next_segment(now_)) {
      wire::TcpHeader header = segment->header;
      header.source_port = ports_[i];
      header.destination_port = 7;
      const std::size_t headers = wire::tcp_frame_header_bytes(kToServer, kServer, header);
      const MutableBytes frame = in_.begin(headers + segment->payload_bytes);
      clients_[i]->copy_payload(*segment, frame.subspan(headers));
      wire::write_tcp_frame(frame, kToServer, {kClient, kServer}, header, std::nullopt, {});
      in_.commit(frame.size());
    }
  }
  double serve() {
    out_.clear();
    now_ += 50us;
    const std::uint64_t start = ticks();
    for (std::size_t at = 0; at < in_.count();) {
      std::array<flow::ReceivedFrame, limits::kBurst> burst;
      std::size_t size = 0;
      while (size < burst.size() && at < in_.count()) burst[size++] = {in_.frame(at++), true};
      shard_->on_burst({burst.data(), size}, now_, out_);
      shard_->run(now_, false, out_);
    }
    const auto spent = static_cast<double>(ticks() - start) / kClients;
    in_.clear();
    return spent;
  }
  template <class Act>
  void answer(Act&& act) {
    now_ += 50us;
    for (std::size_t k = 0; k < out_.count(); ++k) {
      const auto view = wire::parse_frame(out_.frame(k), {});
      if (!view || !view->is_tcp()) std::abort();
      const std::size_t i = index_of_[view->tcp.destination_port()];
      clients_[i]->on_segment(view->tcp.to_header(), view->tcp.payload(), 0, now_);
      if (clients_[i]->readable_bytes() != 0) act(*clients_[i]);
      clients_[i]->detach_segment();
      send(i);
    }
  }

  Answer service_;
  crypto::KeyStore keys_;
  crypto::SystemEntropy entropy_;
  std::unique_ptr<crypto::Backend> backend_ = crypto::make_backend(crypto::available_kernels().back(), keys_, entropy_);
  std::unique_ptr<crypto::Aead> aead_ = crypto::make_aead();
  Instant now_{1h};
  std::unique_ptr<flow::Shard> shard_;
  ChunkPool pool_{1'024};
  std::array<std::optional<tcp::Connection>, kClients> clients_;
  std::array<std::uint16_t, kClients> ports_{};
  std::vector<std::uint16_t> index_of_ = std::vector<std::uint16_t>(65'536);
  std::uint16_t port_ = 1'023;
  std::uint32_t next_iss_ = 1;
  std::array<std::uint8_t, kResponse> bytes_{};
  Frames in_, out_;
};

}  // namespace

int main(int count, char** values) {
  Report report("tcp_shard", count, values);
  const auto lives = std::make_unique<Lives>();
  report_lives(report, "tcp/life-warm", [&] { return lives->live(); });
  return report.finish();
}
