#pragma once
/// A connection, a virtual clock and a scripted peer: a test is a template segment plus the one field that differs.

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <random>
#include <vector>

#include "tcp/connection.h"

namespace handsel::tcp::test {

using wire::SeqNum;
using wire::TcpHeader;

/// What the connection emitted: header and payload.
struct Sent {
  OutSegment out;
  std::vector<std::uint8_t> payload;
  const TcpHeader* operator->() const { return &out.header; }
};

inline std::vector<std::uint8_t> pattern(std::size_t count, std::size_t from = 0) {
  std::vector<std::uint8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>((from + i) * 31 + ((from + i) >> 8));
  return bytes;
}

inline std::vector<Sent> drain(Connection& connection, Instant now) {
  std::vector<Sent> all;
  while (auto segment = connection.next_segment(now)) {
    Sent sent{.out = *segment, .payload = std::vector<std::uint8_t>(segment->payload_bytes)};
    connection.copy_payload(*segment, sent.payload);
    all.push_back(std::move(sent));
    if (all.size() > 10'000) {
      ADD_FAILURE() << "next_segment never ends";
      break;
    }
  }
  return all;
}

/// A server-side connection whose peer is the test.
class Harness {
 public:
  static constexpr std::uint32_t kPeerIss = 1'000;
  static constexpr std::uint32_t kOurIss = 5'000;

  ChunkPool pool{4'096};
  Config config;
  Instant now{std::chrono::hours(1)};
  TcpHeader syn;
  std::optional<Connection> c;
  SeqNum peer_nxt{kPeerIss + 1};
  SeqNum iss{kOurIss};
  std::uint16_t peer_window = 65'535;
  std::uint32_t peer_ts = 100'000;

  Harness() {
    syn.seq = SeqNum(kPeerIss);
    syn.flags = wire::kSyn;
    syn.window = 65'535;
    syn.options.mss = 1'460;
  }
  Harness& with_sack() { return syn.options.sack_permitted = true, *this; }
  Harness& with_timestamps() { return syn.options.timestamps = wire::TcpTimestamps{peer_ts, 0}, *this; }
  Harness& with_window_scale(std::uint8_t shift) { return syn.options.window_scale = shift, *this; }

  Connection& listen() {
    peer_nxt = syn.seq + 1;
    c.emplace(config, pool, syn, iss, now);
    return *c;
  }
  /// Through the handshake; what was emitted for it is returned.
  std::vector<Sent> establish() {
    listen();
    auto sent = flush();
    advance(1ms);
    Outcome outcome = inject(segment());
    EXPECT_TRUE(outcome.established);
    EXPECT_EQ(c->state(), State::established);
    flush();
    return sent;
  }
  /// The template: an ACK of everything sent, in order, without data.
  TcpHeader segment() const {
    TcpHeader header;
    header.seq = peer_nxt;
    header.ack = c->snd_nxt();
    header.flags = wire::kAck;
    header.window = peer_window;
    if (c->timestamps_on()) header.options.timestamps = wire::TcpTimestamps{peer_ts, 0};
    return header;
  }
  Outcome inject(const TcpHeader& header, Bytes payload = {}, std::uint8_t ecn = 0) {
    return c->on_segment(header, payload, ecn, now);
  }
  /// In-order data from the peer.
  Outcome data(std::size_t count) {
    const auto bytes = pattern(count, static_cast<std::size_t>(peer_nxt - (syn.seq + 1)));
    TcpHeader header = segment();
    peer_nxt += static_cast<std::uint32_t>(count);
    Outcome outcome = inject(header, bytes);
    c->detach_segment();
    return outcome;
  }
  /// Data at an offset from the first byte of the peer's stream, wherever that is.
  Outcome data_at(std::uint32_t offset, std::size_t count, std::uint8_t flags = wire::kAck) {
    const auto bytes = pattern(count, offset);
    TcpHeader header = segment();
    header.seq = syn.seq + 1 + offset;
    header.flags = flags;
    Outcome outcome = inject(header, bytes);
    c->detach_segment();
    return outcome;
  }
  Outcome ack(SeqNum number) {
    TcpHeader header = segment();
    header.ack = number;
    return inject(header);
  }
  Outcome sack(SeqNum number, std::vector<wire::SackBlock> blocks) {
    TcpHeader header = segment();
    header.ack = number;
    for (const auto& block : blocks) header.options.sack[header.options.sack_count++] = block;
    return inject(header);
  }
  Outcome fin() {
    TcpHeader header = segment();
    header.flags |= wire::kFin;
    peer_nxt += 1;
    return inject(header);
  }
  std::vector<Sent> flush() { return drain(*c, now); }
  Sent one() {
    auto all = flush();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Sent{} : all.front();
  }
  bool quiet() { return flush().empty(); }
  void advance(Duration by) { now += by; }
  /// To the next deadline; its outcome.
  Outcome fire() {
    EXPECT_NE(c->next_deadline(), kNever);
    now = std::max(now, c->next_deadline());
    return c->on_timer(now);
  }
  std::vector<std::uint8_t> read() {
    std::vector<std::uint8_t> all;
    while (!c->readable().empty()) {
      const Bytes piece = c->readable();
      all.insert(all.end(), piece.begin(), piece.end());
      c->consume(piece.size());
    }
    return all;
  }
  std::size_t write(std::size_t count, std::size_t from = 0) { return c->write(pattern(count, from)); }
  /// A byte of our stream by number: 0 is the first after the SYN.
  SeqNum ours(std::uint32_t offset) const { return iss + 1 + offset; }
  SeqNum theirs(std::uint32_t offset) const { return syn.seq + 1 + offset; }
};

/// Two connections and a link between them that may lose, repeat, delay and reorder.
class Pair {
 public:
  ChunkPool pool{16'384};
  Instant now{std::chrono::hours(1)};
  std::mt19937_64 random;
  double loss = 0, duplicate = 0, reorder = 0;
  Duration delay = 5ms;
  std::function<bool(const OutSegment&, bool from_client)> lose;  // true: this one is lost

  struct InFlight {
    Instant at;
    std::uint64_t order;
    bool to_client;
    TcpHeader header;
    std::vector<std::uint8_t> payload;
  };
  std::vector<InFlight> link;
  std::uint64_t order = 0;
  std::size_t segments = 0;

  Config client_config, server_config;
  std::optional<Connection> client, server;
  std::vector<std::uint8_t> client_got, server_got;
  bool client_saw_fin = false, server_saw_fin = false;
  End client_end = End::none, server_end = End::none;
  bool server_reads = true;

  explicit Pair(std::uint64_t seed = 1) : random(seed) {}

  void connect(std::uint32_t client_iss = 0xFFFF'FF00, std::uint32_t server_iss = 0xFFFF'8000) {
    server_iss_ = server_iss;
    client.emplace(client_config, pool, SeqNum(client_iss), now);
    pump();
  }
  void pump() {
    if (client) emit(*client, true);
    if (server) emit(*server, false);
  }
  /// One event: the earliest delivery or timer. False when nothing is left to happen.
  bool step() {
    Instant next = kNever;
    for (const auto& flying : link) next = std::min(next, flying.at);
    if (client) next = std::min(next, client->next_deadline());
    if (server) next = std::min(next, server->next_deadline());
    if (next == kNever) return false;
    now = std::max(now, next);
    auto due = link.end();
    for (auto it = link.begin(); it != link.end(); ++it)
      if (it->at <= now && (due == link.end() || std::pair(it->at, it->order) < std::pair(due->at, due->order)))
        due = it;
    if (due != link.end()) {
      InFlight flying = std::move(*due);
      link.erase(due);
      deliver(flying);
    }
    if (client && client->next_deadline() <= now) note(client->on_timer(now), true);
    if (server && server->next_deadline() <= now) note(server->on_timer(now), false);
    pump();
    return true;
  }
  template <class Done>
  bool run(Done done, int limit = 2'000'000) {
    while (!done())
      if (limit-- == 0 || !step()) return done();
    return true;
  }
  void read(bool at_client) {
    auto& connection = at_client ? client : server;
    auto& into = at_client ? client_got : server_got;
    if (!connection || (!at_client && !server_reads)) return;
    while (!connection->readable().empty()) {
      const Bytes piece = connection->readable();
      into.insert(into.end(), piece.begin(), piece.end());
      connection->consume(piece.size());
    }
  }

 private:
  double chance() { return std::uniform_real_distribution<>(0, 1)(random); }
  void emit(Connection& connection, bool from_client) {
    for (auto& sent : drain(connection, now)) {
      ++segments;
      if ((lose && lose(sent.out, from_client)) || chance() < loss) continue;
      const int copies = chance() < duplicate ? 2 : 1;
      for (int i = 0; i < copies; ++i) {
        const Duration extra = chance() < reorder ? delay : Duration::zero();
        link.push_back({now + delay + extra, order++, !from_client, sent.out.header, sent.payload});
      }
    }
  }
  void deliver(const InFlight& flying) {
    if (!flying.to_client && !server) {
      if (!flying.header.has(wire::kSyn)) return;
      server.emplace(server_config, pool, flying.header, SeqNum(server_iss_), now);
      return;
    }
    auto& connection = flying.to_client ? client : server;
    note(connection->on_segment(flying.header, flying.payload, 0, now), flying.to_client);
    read(flying.to_client);
    connection->detach_segment();
  }
  void note(const Outcome& outcome, bool at_client) {
    if (outcome.peer_finished) (at_client ? client_saw_fin : server_saw_fin) = true;
    if (outcome.ended != End::none) (at_client ? client_end : server_end) = outcome.ended;
  }
  std::uint32_t server_iss_ = 0;
};

}  // namespace handsel::tcp::test
