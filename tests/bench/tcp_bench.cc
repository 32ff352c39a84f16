/// What a segment costs the TCP state machine, what a SYN costs under cookies, what finding a flow costs beside
/// rte_hash, and how many bytes a connection holds while nothing happens on it.

#include <malloc.h>
#include <rte_eal.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "crypto/aead.h"
#include "crypto/kernels.h"
#include "crypto/key_store.h"
#include "crypto/random.h"
#include "flow/flow_table.h"
#include "flow/shard.h"
#include "harness.h"
#include "tcp/cookies.h"
#include "wire/frame.h"

namespace {

using namespace handsel;
using namespace handsel::bench;
using namespace std::chrono_literals;

constexpr Instant kStart{1h};
const wire::LinkHeader kLink{wire::MacAddress({2, 0, 10, 77, 0, 2}), wire::MacAddress({2, 0, 10, 77, 0, 1})};
const SipKey kKey{0x0123456789abcdef, 0xfedcba9876543210};

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

flow::FlowKey key_of(std::uint32_t number) {
  return {wire::IpAddress::from_v4(10, 77, 0, 2),
          wire::IpAddress::from_v4(10, static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 8),
                                   static_cast<std::uint8_t>(number)),
          443, static_cast<std::uint16_t>(1'024 + number % 60'000)};
}

wire::TcpHeader syn() {
  wire::TcpHeader header{40'000, 443, wire::SeqNum(1'000), wire::SeqNum(0), wire::kSyn, 65'535};
  header.options.mss = 1'460;
  header.options.window_scale = 7;
  header.options.sack_permitted = true;
  header.options.timestamps = wire::TcpTimestamps{1, 0};
  return header;
}

// From the parsed frame of a SYN to the frame of its SYN-ACK, without the shard around it.
void cookie_figure(Report& report) {
  constexpr std::uint32_t kSyns = 256;
  std::vector<std::vector<std::uint8_t>> frames;
  for (std::uint32_t i = 0; i < kSyns; ++i) {
    const flow::FlowKey key = key_of(i);
    std::vector<std::uint8_t> frame(wire::tcp_frame_header_bytes(kLink, key.local, syn()));
    wire::write_tcp_frame(frame, kLink, {key.remote, key.local}, syn(), std::nullopt, {});
    frames.push_back(std::move(frame));
  }
  const tcp::CookieSecrets secrets(kKey);
  const tcp::Config config;
  std::array<std::uint8_t, 128> reply;
  report.measure({.name = "tcp/syn-cookie", .operations = kSyns, .calls = 100}, [&] {
    for (auto& frame : frames) {
      const auto view = wire::parse_frame(frame, {});
      if (!view) give_up("a SYN that is no frame");
      const flow::FlowKey key{view->destination, view->source, 443, 40'000};
      const wire::TcpHeader answer =
          tcp::SynCookies::syn_ack(secrets, tuple_of(key), config, view->tcp.to_header(), kStart);
      const std::size_t bytes = wire::tcp_frame_header_bytes(kLink, key.remote, answer);
      wire::write_tcp_frame(MutableBytes(reply).first(bytes), kLink, {key.local, key.remote}, answer, std::nullopt, {});
      keep(reply);
    }
  });
}

// A server's end whose peer is the benchmark.
class ServerEnd {
 public:
  explicit ServerEnd(std::size_t buffer_bytes = limits::kDefaultSendBufferBytes) {
    tcp::Config config;
    config.send_buffer_bytes = buffer_bytes;
    connection_.emplace(config, pool_, syn(), wire::SeqNum(5'000), now);
    drain();
    now += 1ms;
    if (!connection_->on_segment(header(), {}, 0, now).established) give_up("no handshake");
  }
  tcp::Connection& connection() { return *connection_; }
  // An acknowledgement of all that was sent.
  wire::TcpHeader header() const {
    wire::TcpHeader ack{40'000, 443, peer_nxt, connection_->snd_nxt(), wire::kAck, 65'535};
    ack.options.timestamps = wire::TcpTimestamps{2, 0};
    return ack;
  }
  std::vector<tcp::OutSegment> drain() {
    std::vector<tcp::OutSegment> all;
    while (const auto segment = connection_->next_segment(now)) all.push_back(*segment);
    return all;
  }

  Instant now = kStart;
  wire::SeqNum peer_nxt{1'001};

 private:
  ChunkPool pool_{16'384};
  std::optional<tcp::Connection> connection_;
};

void segment_figures(Report& report) {
  constexpr int kSegments = 64;
  const std::vector<std::uint8_t> payload(1'448, 'x');
  ServerEnd reader;
  report.measure({.name = "tcp/segment-in-order", .operations = kSegments, .calls = 200}, [&] {
    for (int i = 0; i < kSegments; ++i) {
      const wire::TcpHeader header = reader.header();
      reader.peer_nxt += static_cast<std::uint32_t>(payload.size());
      reader.connection().on_segment(header, payload, 0, reader.now);
      reader.connection().consume(reader.connection().readable_bytes());
      reader.connection().detach_segment();
      while (const auto ack = reader.connection().next_segment(reader.now)) keep(*ack);
    }
    reader.now += 1ms;
  });

  if (!report.wanted("tcp/pure-ack")) return;
  std::vector<double> runs;
  ServerEnd writer;
  for (int run = 0; run < report.runs() + 1; ++run) {
    std::uint64_t spent = 0;
    std::size_t acks = 0;
    for (int round = 0; round < 500; ++round) {
      while (writer.connection().write(payload) == payload.size()) {
      }
      std::vector<wire::TcpHeader> headers;
      for (const tcp::OutSegment& segment : writer.drain()) {
        headers.push_back(writer.header());
        headers.back().ack = segment.header.seq + segment.payload_bytes;
      }
      writer.now += 1ms;
      const std::uint64_t start = ticks();
      for (const wire::TcpHeader& header : headers) keep(writer.connection().on_segment(header, {}, 0, writer.now));
      spent += ticks() - start;
      acks += headers.size();
    }
    if (acks == 0) give_up("nothing to acknowledge");
    if (run != 0) runs.push_back(static_cast<double>(spent) / static_cast<double>(acks));
  }
  report.add({.name = "tcp/pure-ack"}, runs, {});
}

// A server with so many segments in flight, and what they were.
std::vector<tcp::OutSegment> fill_flight(ServerEnd& server, std::size_t segments) {
  const std::vector<std::uint8_t> payload(16'384, 'x');
  std::vector<tcp::OutSegment> flight;
  for (int round = 0; round < 40; ++round) {
    while (server.connection().write(payload) == payload.size()) {
    }
    flight = server.drain();
    server.now += 1ms;
    if (flight.size() >= segments) return flight;
    for (const tcp::OutSegment& segment : flight) {  // one by one, so that the congestion window grows
      wire::TcpHeader ack = server.header();
      ack.ack = segment.header.seq + segment.payload_bytes;
      server.connection().on_segment(ack, {}, 0, server.now);
    }
  }
  give_up("the window never opened far enough");
}

void add_block(wire::TcpHeader& header, const tcp::OutSegment& first, const tcp::OutSegment& last) {
  header.options.sack[header.options.sack_count++] = {first.header.seq, last.header.seq + last.payload_bytes};
}

// Every other segment is lost: what each of the acknowledgements costs that tell of the others, three blocks in each.
std::vector<double> sack_runs(const Report& report, std::size_t holes) {
  std::vector<double> runs;
  for (int run = 0; run < report.runs() + 1; ++run) {
    ServerEnd server(6u << 20);
    const std::vector<tcp::OutSegment> flight = fill_flight(server, 2 * holes);
    const wire::SeqNum una = server.connection().snd_una();
    const std::uint64_t start = ticks();
    for (std::size_t i = 1; i < 2 * holes; i += 2) {
      wire::TcpHeader header = server.header();
      header.ack = una;
      for (std::size_t back = 0; back < 3 && 2 * back < i; ++back)
        add_block(header, flight[i - 2 * back], flight[i - 2 * back]);
      keep(server.connection().on_segment(header, {}, 0, server.now));
    }
    const auto spent = static_cast<double>(ticks() - start);
    if (run != 0) runs.push_back(spent / static_cast<double>(holes));
  }
  return runs;
}

// A peer that names long known ground again with each acknowledgement, never as the one before did. All but the first
// segment are SACKed.
std::vector<double> repeated_sack_runs(const Report& report, std::size_t segments) {
  constexpr std::size_t kAcks = 1'000;
  std::vector<double> runs;
  for (int run = 0; run < report.runs() + 1; ++run) {
    ServerEnd server(6u << 20);
    const std::vector<tcp::OutSegment> flight = fill_flight(server, segments);
    wire::TcpHeader header = server.header();
    header.ack = server.connection().snd_una();
    add_block(header, flight[1], flight[segments - 1]);
    server.connection().on_segment(header, {}, 0, server.now);
    const std::uint64_t start = ticks();
    for (std::size_t i = 0; i < kAcks; ++i) {
      header.options.sack_count = 0;
      for (std::size_t block = 0; block < 3; ++block) {
        const std::size_t from = 2 + (i * 7 + block * 13) % (segments / 2);
        const std::size_t to = i % 2 == 0 ? segments - 2 - block : segments / 2 + 1 + block;
        add_block(header, flight[from], flight[to]);
      }
      keep(server.connection().on_segment(header, {}, 0, server.now));
    }
    const auto spent = static_cast<double>(ticks() - start);
    if (run != 0) runs.push_back(spent / kAcks);
  }
  return runs;
}

// The peer is ours with a tenth of it: work that grew with the flight would show as a ratio of 0.1.
void sack_figures(Report& report) {
  if (report.wanted("tcp/sack-1000-holes"))
    report.add({.name = "tcp/sack-1000-holes", .peer = "ours, 100 holes"}, sack_runs(report, 1'000),
               sack_runs(report, 100));
  if (report.wanted("tcp/sack-2000-repeated"))
    report.add({.name = "tcp/sack-2000-repeated", .peer = "ours, 200 segments"}, repeated_sack_runs(report, 2'000),
               repeated_sack_runs(report, 200));
}

struct RteHash {
  explicit RteHash(std::uint32_t entries) {
    rte_hash_parameters parameters{};
    parameters.name = "flows";
    parameters.entries = entries;
    parameters.key_len = 12;
    parameters.hash_func = rte_hash_crc;
    parameters.socket_id = SOCKET_ID_ANY;
    table = rte_hash_create(&parameters);
    if (table == nullptr) give_up("rte_hash_create failed");
  }
  ~RteHash() { rte_hash_free(table); }
  RteHash(const RteHash&) = delete;
  RteHash& operator=(const RteHash&) = delete;
  rte_hash* table;
};

// The 12 bytes that rte_hash is given: what ours hashes, too, of an IPv4 flow.
std::array<std::uint8_t, 12> packed(const flow::FlowKey& key) {
  std::array<std::uint8_t, 12> bytes;
  std::memcpy(bytes.data(), key.local.bytes().data() + 12, 4);
  std::memcpy(bytes.data() + 4, key.remote.bytes().data() + 12, 4);
  store_be16(bytes.data() + 8, key.local_port);
  store_be16(bytes.data() + 10, key.remote_port);
  return bytes;
}

// 100,000 flows, asked for in random order: from the key to the flow's index. Ours hashes with SipHash-1-3 under a
// secret key, rte_hash with an unkeyed CRC. A run's figure is the median of its turns.
void lookup_figure(Report& report) {
  if (!report.wanted("tcp/flow-lookup")) return;
  std::vector<std::string> arguments = {
      "bench-tcp", "--no-huge",   "--no-pci",       "-m",          "512",          "-l",
      "0",         "--no-shconf", "--no-telemetry", "--log-level", "lib.eal:error"};
  std::vector<char*> raw;
  for (std::string& argument : arguments) raw.push_back(argument.data());
  if (rte_eal_init(static_cast<int>(raw.size()), raw.data()) < 0) give_up("DPDK did not start");
  constexpr std::uint32_t kFlows = 100'000;
  flow::FlowTable ours(kFlows);
  {
    const RteHash theirs(kFlows * 2);  // the load of ours
    std::vector<flow::FlowKey> keys;
    for (std::uint32_t i = 0; i < kFlows; ++i) {
      keys.push_back(key_of(i * 37));
      ours.insert(keys[i].hash(kKey), i);
      const auto bytes = packed(keys[i]);
      if (rte_hash_add_key(theirs.table, bytes.data()) < 0) give_up("rte_hash_add_key failed");
    }
    constexpr std::uint32_t kLookups = 1'024;
    std::mt19937 random(1);
    std::vector<flow::FlowKey> asked;
    const auto ask = [&] {
      asked.clear();
      for (std::uint32_t i = 0; i < kLookups; ++i) asked.push_back(keys[random() % kFlows]);
    };
    std::vector<double> own, other;
    for (int run = 0; run < report.runs() + 1; ++run) {
      std::vector<double> turns, turns_there;
      for (int turn = 0; turn < 100; ++turn) {
        ask();
        std::uint64_t start = ticks();
        for (const flow::FlowKey& key : asked) {
          const std::uint32_t index =
              ours.find(key.hash(kKey), [&](std::uint32_t candidate) { return keys[candidate] == key; });
          if (index == flow::FlowTable::kNone) give_up("a flow was not found");
        }
        turns.push_back(static_cast<double>(ticks() - start));
        ask();
        start = ticks();
        for (const flow::FlowKey& key : asked) {
          const auto bytes = packed(key);
          if (rte_hash_lookup(theirs.table, bytes.data()) < 0) give_up("rte_hash did not find a flow");
        }
        turns_there.push_back(static_cast<double>(ticks() - start));
      }
      if (run == 0) continue;
      own.push_back(median(turns));
      other.push_back(median(turns_there));
    }
    report.add({.name = "tcp/flow-lookup", .peer = "rte_hash, CRC", .operations = kLookups}, own, other);
  }
  rte_eal_cleanup();
}

std::size_t allocated_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// What a shard allocates for so many flows; it never allocates again.
double shard_bytes(std::uint32_t flows) {
  crypto::KeyStore keys;
  crypto::SystemEntropy entropy;
  const auto backend = crypto::make_backend(crypto::available_kernels().back(), keys, entropy);
  const auto aead = crypto::make_aead();
  flow::ShardConfig config;
  config.limits.flows = flows;
  config.listeners = {{std::nullopt, 443, std::make_shared<const tls::ServerConfig>(), nullptr}};
  const std::size_t before = allocated_bytes();
  const auto shard = std::make_unique<flow::Shard>(
      config, flow::ShardResources{backend->kernels(), aead.get(), &entropy, [] { return std::uint64_t{0}; }}, kStart);
  return static_cast<double>(allocated_bytes() - before);
}

// By how much a shard grows for each TLS connection: flow and session slabs, table, timers, lists. Buffers come from a
// pool and are given back when empty. Plain TCP and TIME-WAIT: tcp_memory_bench.cc.
void memory_figure(Report& report) {
  if (!report.wanted("memory/idle-tls")) return;
  constexpr std::uint32_t kFlows = 65'536;
  const double bytes = (shard_bytes(2 * kFlows) - shard_bytes(kFlows)) / kFlows;
  report.add(Figure{
      .name = "memory/idle-tls", .value = bytes, .unit = "bytes", .runs = 1, .minimum = bytes, .maximum = bytes});
}

}  // namespace

int main(int count, char** values) {
  Report report("tcp", count, values);
  cookie_figure(report);
  segment_figures(report);
  sack_figures(report);
  lookup_figure(report);
  memory_figure(report);
  return report.finish();
}
