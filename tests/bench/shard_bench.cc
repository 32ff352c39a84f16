/// Whole connections through one shard, frame by frame: what a SYN, a connection, a TLS handshake and a sealed record
/// cost the server. Clients run in between and are not counted.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "endpoints.h"
#include "fetch.h"
#include "harness.h"
#include "libssl_client.h"
#include "libssl_server.h"

namespace {

using namespace handsel;
using namespace handsel::bench;
using namespace handsel::sim;

constexpr int kWarmUps = 3;       // worlds that only warm caches and tables up
constexpr int kWorldsPerRun = 3;  // each counts as a run
constexpr int kClients = 64;      // in lockstep: enough to fill lanes, as a busy server's receive queue does

// Keeps frames for the other side.
class Wire final : public flow::FrameSink {
 public:
  MutableBytes begin(std::size_t bytes) override {
    if (count_ == frames_.size()) frames_.emplace_back(limits::kMaxFrameBytes);
    return MutableBytes(frames_[count_]).first(bytes);
  }
  void commit(std::size_t bytes) override { sizes_[count_++ % sizes_.size()] = bytes; }
  std::size_t count() const { return count_; }
  MutableBytes frame(std::size_t index) { return MutableBytes(frames_[index]).first(sizes_[index]); }
  void clear() { count_ = 0; }

 private:
  std::vector<Frame> frames_;
  std::array<std::size_t, 65'536> sizes_{};
  std::size_t count_ = 0;
};

// One server and its clients, all at one place: rounds of "clients speak, server answers" without any delay.
class Lockstep {
 public:
  Lockstep(std::uint64_t seed, std::uint16_t port, const std::function<std::unique_ptr<Script>()>& script)
      : server_(seed, server_config()) {
    for (int i = 1; i <= kClients; ++i) {
      const ClientConfig config{.id = static_cast<std::uint16_t>(i),
                                .port = port,
                                .tcp = client_tcp(false),
                                .iss = static_cast<std::uint32_t>(seed) + static_cast<unsigned>(i)};
      clients_.push_back(std::make_unique<ClientEndpoint>(config, script()));
    }
  }

  // Rounds until `done`; gives the ticks that the server took.
  template <class Done>
  std::uint64_t run(Done&& done) {
    std::uint64_t spent = 0;
    for (int round = 0; round < 10'000 && !done(*server_.shard); ++round) {
      now_ += std::chrono::microseconds(50);
      for (const auto& client : clients_) client->run(now_, to_server_);
      spent += serve();
      to_server_.clear();
      for (std::size_t i = 0; i < to_clients_.count(); ++i) {
        const MutableBytes frame = to_clients_.frame(i);
        const std::size_t id = load_be16(frame.data() + 4);
        if (id >= 1 && id <= clients_.size())
          clients_[id - 1]->receive(Frame(frame.begin(), frame.end()), now_, to_server_);
      }
      to_clients_.clear();
    }
    if (!done(*server_.shard)) {
      std::fprintf(stderr, "the clients never came to an end\n");
      std::exit(1);
    }
    return spent;
  }

 private:
  std::uint64_t serve() {
    const std::uint64_t start = ticks();
    for (std::size_t at = 0; at < to_server_.count();) {
      std::array<flow::ReceivedFrame, limits::kBurst> burst;
      std::size_t size = 0;
      while (size < burst.size() && at < to_server_.count()) burst[size++] = {to_server_.frame(at++), false};
      server_.shard->on_burst({burst.data(), size}, now_, to_clients_);
      server_.shard->run(now_, false, to_clients_);
    }
    while (server_.shard->run(now_, true, to_clients_)) {
    }
    return ticks() - start;
  }

  Instant now_{};
  ShardEndpoint server_;
  std::vector<std::unique_ptr<ClientEndpoint>> clients_;
  Wire to_server_;
  Wire to_clients_;
};

// A plain request and its answer.
class PlainFetch final : public Script {
 public:
  bool step(tcp::Connection& connection, bool peer_finished, Instant) override {
    if (!request_.empty()) request_.erase(0, connection.write(as_bytes(request_)));
    for (Bytes bytes = connection.readable(); !bytes.empty(); bytes = connection.readable()) {
      check_.take(bytes);
      connection.consume(bytes.size());
    }
    if (peer_finished) check_.finish();
    return check_.finished();
  }
  std::string complaint() const override { return check_.complaint(); }

 private:
  FetchCheck check_{64};
  std::string request_ = check_.request();
};

std::vector<double> per_client(const Report& report, std::uint16_t port,
                               const std::function<std::unique_ptr<Script>()>& script,
                               const std::function<bool(const flow::Shard&)>& done) {
  std::vector<double> figures;
  const int warm_ups = report.quick() ? 1 : kWarmUps;
  const int worlds = report.quick() ? 1 : kWorldsPerRun;
  for (int run = -warm_ups; run < report.runs() * worlds; ++run) {
    Lockstep world(static_cast<std::uint64_t>(run + warm_ups) + 1, port, script);
    const auto spent = static_cast<double>(world.run(done)) / kClients;
    if (run >= 0) figures.push_back(spent);
  }
  return figures;
}

// What the kernel takes for the same over loopback: connect, accept, request, answer, both closes. Both ends are in
// it; half of the ticks are taken for the server's.
std::vector<double> kernel_connections(const Report& report) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, kClients) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return {};
  std::array<char, 256> buffer{};
  const auto connection = [&] {
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
    const int server = accept(listener, nullptr, nullptr);
    if (send(client, buffer.data(), 80, 0) != 80 || recv(server, buffer.data(), buffer.size(), 0) != 80) std::abort();
    if (send(server, buffer.data(), 200, 0) != 200 || recv(client, buffer.data(), buffer.size(), 0) != 200)
      std::abort();
    close(client);
    close(server);
  };
  std::vector<double> figures;
  for (int run = 0; run < report.runs() + 1; ++run) {
    const std::uint64_t start = ticks();
    for (int i = 0; i < kClients; ++i) connection();
    if (run != 0) figures.push_back(static_cast<double>(ticks() - start) / kClients / 2);
  }
  close(listener);
  return figures;
}

void tcp_figures(Report& report) {
  const auto plain = [] { return std::make_unique<PlainFetch>(); };
  if (report.wanted("tcp/syn-ack"))
    report.add(
        {.name = "tcp/syn-ack"},
        per_client(report, kHttpPort, plain,
                   [](const flow::Shard& shard) { return shard.statistics().tcp.syn_received.get() == kClients; }),
        {});
  if (report.wanted("tcp/connection-life"))
    report.add({.name = "tcp/connection-life", .peer = "Linux, loopback, half of both ends"},
               per_client(report, kHttpPort, plain,
                          [](const flow::Shard& shard) {
                            return shard.statistics().tcp.connections_closed.get() == kClients;
                          }),
               kernel_connections(report));
}

void handshake_figures(Report& report) {
  struct Case {
    const char* name;
    const char* signature;
  };
  for (const Case& each :
       {Case{"shard/tls13-x25519-ecdsa", "ECDSA+SHA256"}, Case{"shard/tls13-x25519-rsa2048", "RSA-PSS+SHA256"}}) {
    if (!report.wanted(each.name)) continue;
    const auto script = [&] {
      auto client = std::make_unique<FetchOverTls>(1, "X25519", "TLS_AES_128_GCM_SHA256");
      client->set_signatures(each.signature);
      return client;
    };
    const auto ours = per_client(report, kHttpsPort, script, [](const flow::Shard& shard) {
      return shard.tls_statistics().handshakes_completed.get() == kClients;
    });
    LibsslServer peer({.signature = each.signature});
    std::vector<double> theirs;
    for (int run = 0; run < report.runs() + 1; ++run) {
      std::uint64_t spent = 0;
      for (int i = 0; i < kClients; ++i) spent += peer.handshake();
      if (run != 0) theirs.push_back(static_cast<double>(spent) / kClients);
    }
    report.add({.name = each.name, .peer = "libssl, memory BIOs, no TCP"}, ours, theirs);
  }
}

}  // namespace

int main(int count, char** values) {
  Report report("shard", count, values);
  tcp_figures(report);
  handshake_figures(report);
  return report.finish();
}
