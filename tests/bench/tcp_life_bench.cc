/// What a connection's life costs its TCP state machine, from SYN to TIME-WAIT, without frames, tables or a service:
/// the server's side of pairs that talk to each other. Clients run in between and are not counted.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "harness.h"
#include "life.h"
#include "tcp/connection.h"

namespace {

using namespace handsel;
using namespace handsel::bench;
using namespace std::chrono_literals;

constexpr std::size_t kPairs = 64;  // in lockstep: the clock is read once for all of them
constexpr std::size_t kRequest = 80;
constexpr std::size_t kResponse = 200;

struct Segment {
  wire::TcpHeader header;
  std::array<std::uint8_t, kResponse> payload;
  std::size_t payload_bytes = 0;
};

struct End {
  std::optional<tcp::Connection> connection;
  std::vector<Segment> sent;  // since the other side took what there was; reserved once
};

class Lives {
 public:
  Lives() : clients_(kPairs), servers_(kPairs) {
    for (auto* side : {&clients_, &servers_})
      for (End& end : *side) end.sent.reserve(8);
  }

  /// Ticks of the servers by phase, for one connection.
  LifeSpent live() {
    LifeSpent spent;
    for (End& client : clients_) {
      client.connection.emplace(config_, pool_, wire::SeqNum(next_iss_ += 64'001), now_);
      send(client);
    }
    spent.syn = timed([this](End& client, End& server) {
      server.connection.emplace(config_, pool_, client.sent.front().header, wire::SeqNum(next_iss_ += 64'001), now_);
      client.sent.clear();
      send(server);
    });
    now_ += 100us;
    untimed([](tcp::Connection&) {});
    spent.accept = timed([this](End& client, End& server) {
      take(server, client, [](tcp::Connection&) {});
      send(server);
    });
    for (End& client : clients_) {
      client.connection->write(Bytes(bytes_).first(kRequest));
      send(client);
    }
    now_ += 100us;
    spent.talk = timed([this](End& client, End& server) {
      take(server, client, [this](tcp::Connection& connection) {
        connection.consume(connection.readable_bytes());
        connection.write(Bytes(bytes_).first(kResponse));
        connection.close();
      });
      send(server);
    });
    now_ += 100us;
    untimed([](tcp::Connection& connection) {
      connection.consume(connection.readable_bytes());
      connection.close();
    });
    spent.fin = timed([this](End& client, End& server) {
      take(server, client, [](tcp::Connection&) {});
      send(server);
      if (server.connection->state() != tcp::State::time_wait) std::abort();
      server.connection.reset();
    });
    untimed([](tcp::Connection&) {});
    for (End& client : clients_)
      if (client.connection->state() != tcp::State::closed) std::abort();
    if (pool_.available() != pool_.capacity()) std::abort();
    now_ += 1s;
    spent.all = spent.syn + spent.accept + spent.talk + spent.fin;
    return spent;
  }

 private:
  // What the connection has to say.
  void send(End& from) {
    while (const auto segment = from.connection->next_segment(now_)) {
      Segment& sent = from.sent.emplace_back();
      sent.header = segment->header;
      sent.payload_bytes = segment->payload_bytes;
      from.connection->copy_payload(*segment, MutableBytes(sent.payload).first(segment->payload_bytes));
    }
  }
  template <class Act>
  void take(End& to, End& from, Act&& act) {
    for (const Segment& segment : from.sent) {
      to.connection->on_segment(segment.header, Bytes(segment.payload).first(segment.payload_bytes), 0, now_);
      if (to.connection->readable_bytes() != 0 || segment.header.has(wire::kFin)) act(*to.connection);
      to.connection->detach_segment();
    }
    from.sent.clear();
  }
  template <class Work>
  double timed(Work&& work) {
    const std::uint64_t start = ticks();
    for (std::size_t i = 0; i < kPairs; ++i) work(clients_[i], servers_[i]);
    return static_cast<double>(ticks() - start) / kPairs;
  }
  // The clients take what the servers sent and answer.
  template <class Act>
  void untimed(Act&& act) {
    for (std::size_t i = 0; i < kPairs; ++i) {
      take(clients_[i], servers_[i], act);
      send(clients_[i]);
    }
    now_ += 100us;
  }

  tcp::Config config_;
  ChunkPool pool_{4'096};
  Instant now_{1h};
  std::uint32_t next_iss_ = 1;
  std::vector<End> clients_;
  std::vector<End> servers_;
  std::array<std::uint8_t, kResponse> bytes_{};
};

}  // namespace

int main(int count, char** values) {
  Report report("tcp_life", count, values);
  auto lives = std::make_unique<Lives>();
  report_lives(report, "tcp/life-bare", [&] { return lives->live(); });
  return report.finish();
}
