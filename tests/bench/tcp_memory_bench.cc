/// A million connections really held: resident bytes of each, idle and in TIME-WAIT, and the bytes that a connection
/// takes beside itself while data is on its way.

#include <unistd.h>

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
#include "tcp/time_wait.h"
#include "wire/frame.h"

namespace {

using namespace handsel;
using namespace handsel::bench;
using namespace std::chrono_literals;

constexpr Instant kStart{1h};
constexpr std::uint32_t kMany = 1'000'000;
constexpr std::uint32_t kFew = 50'000;  // with --quick
const wire::LinkHeader kLink{wire::MacAddress({2, 0, 10, 77, 0, 2}), wire::MacAddress({2, 0, 10, 77, 0, 1})};
const SipKey kKey{0x0123456789abcdef, 0xfedcba9876543210};

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

double resident_bytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  unsigned long all = 0, resident = 0;
  if (file == nullptr || std::fscanf(file, "%lu %lu", &all, &resident) != 2) give_up("no /proc/self/statm");
  std::fclose(file);
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

void add_bytes(Report& report, const char* name, double value) {
  report.add(Figure{.name = name, .value = value, .unit = "bytes", .runs = 1, .minimum = value, .maximum = value});
}

flow::FlowKey key_of(std::uint32_t number) {
  return {wire::IpAddress::from_v4(10, 77, 0, 2),
          wire::IpAddress::from_v4(10, 77, 100, static_cast<std::uint8_t>(1 + number / 60'000)), 7,
          static_cast<std::uint16_t>(1'024 + number % 60'000)};
}

wire::TcpHeader syn(std::uint16_t port) {
  wire::TcpHeader header{port, 7, wire::SeqNum(1'000), wire::SeqNum(0), wire::kSyn, 65'535, 0, {}};
  header.options.mss = 1'460;
  header.options.window_scale = 7;
  header.options.sack_permitted = true;
  header.options.timestamps = wire::TcpTimestamps{1, 0};
  return header;
}

void time_wait_figures(Report& report) {
  if (!report.wanted("memory/time-wait") && !report.wanted("tcp/time-wait-insert")) return;
  const std::uint32_t count = report.quick() ? kFew : kMany;
  ChunkPool pool(16);
  const tcp::Connection connection(tcp::Config{}, pool, syn(40'000), wire::SeqNum(5'000), kStart);
  const double before = resident_bytes();
  tcp::TimeWaitTable table(count, 60s);
  for (std::uint32_t i = 0; i < count; ++i) table.insert(key_of(i).hash(kKey), connection, kStart);
  if (table.size() != count || table.evictions() != 0) give_up("the table did not take them all");
  const double bytes = (resident_bytes() - before) / count;
  if (report.wanted("memory/time-wait")) add_bytes(report, "memory/time-wait", bytes);
  if (!report.wanted("tcp/time-wait-insert")) return;
  table.expire(kStart + 61s);  // its pages are there now
  const std::uint64_t start = ticks();
  for (std::uint32_t i = 0; i < count; ++i) table.insert(key_of(i).hash(kKey), connection, kStart + 61s);
  const auto spent = static_cast<double>(ticks() - start);
  report.add({.name = "tcp/time-wait-insert", .operations = static_cast<double>(count)}, {spent}, {});
}

/// Keeps the SYN-ACKs of one burst.
class Answers final : public flow::FrameSink {
 public:
  MutableBytes begin(std::size_t bytes) override { return MutableBytes(buffer_).first(bytes); }
  void commit(std::size_t bytes) override {
    const auto view = wire::parse_frame(MutableBytes(buffer_).first(bytes), {});
    if (view && view->is_tcp()) headers.push_back(view->tcp.to_header());
  }
  std::vector<wire::TcpHeader> headers;

 private:
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(limits::kMaxFrameBytes);
};

class Silent final : public flow::Service {
 public:
  std::string_view name() const override { return "silent"; }
  std::size_t on_data(flow::Stream&, Bytes bytes) override { return bytes.size(); }
};

std::vector<std::uint8_t> frame_of(const flow::FlowKey& key, const wire::TcpHeader& header) {
  std::vector<std::uint8_t> frame(wire::tcp_frame_header_bytes(kLink, key.local, header));
  wire::write_tcp_frame(frame, kLink, {key.remote, key.local}, header, std::nullopt, {});
  return frame;
}

void give(flow::Shard& shard, std::vector<std::vector<std::uint8_t>>& frames, Answers& answers) {
  std::vector<flow::ReceivedFrame> burst;
  for (auto& frame : frames) burst.push_back({frame, false});
  answers.headers.clear();
  shard.on_burst(burst, kStart, answers);
  while (shard.run(kStart, true, answers)) {
  }
}

void idle_figure(Report& report) {
  if (!report.wanted("memory/idle-tcp")) return;
  const std::uint32_t count = report.quick() ? kFew : kMany;
  crypto::KeyStore keys;
  crypto::SystemEntropy entropy;
  Silent service;
  const auto backend = crypto::make_backend(crypto::available_kernels().back(), keys, entropy);
  const auto aead = crypto::make_aead();
  flow::ShardConfig config;
  config.mac = kLink.destination;
  config.addresses = {*wire::IpPrefix::parse("10.77.0.2/16")};
  config.listeners = {{std::nullopt, 7, nullptr, &service}};
  config.cookies = flow::CookieMode::never;
  config.limits.flows = config.limits.half_open = count;
  config.limits.chunks = 4'096;
  config.limits.handshakes = config.limits.time_wait = 16;
  const double before = resident_bytes();
  const auto shard = std::make_unique<flow::Shard>(
      config, flow::ShardResources{backend->kernels(), aead.get(), &entropy, [] { return std::uint64_t{0}; }}, kStart);
  Answers answers;
  std::vector<std::vector<std::uint8_t>> frames;
  for (std::uint32_t first = 0; first < count; first += limits::kBurst) {
    const std::uint32_t size = std::min<std::uint32_t>(limits::kBurst, count - first);
    frames.clear();
    for (std::uint32_t i = 0; i < size; ++i) {
      const flow::FlowKey key = key_of(first + i);
      frames.push_back(frame_of(key, syn(key.remote_port)));
    }
    give(*shard, frames, answers);
    if (answers.headers.size() != size) give_up("a SYN was not answered");
    frames.clear();
    for (std::uint32_t i = 0; i < size; ++i) {
      const wire::TcpHeader& answer = answers.headers[i];
      wire::TcpHeader ack{answer.destination_port, 7, answer.ack, answer.seq + 1, wire::kAck, 65'535, 0, {}};
      ack.options.timestamps = wire::TcpTimestamps{2, answer.options.timestamps->value};
      frames.push_back(frame_of(key_of(first + answer.destination_port - key_of(first).remote_port), ack));
    }
    give(*shard, frames, answers);
  }
  if (shard->flows() != count || shard->statistics().tcp.connections_opened.get() != count)
    give_up("not every connection was established");
  if (shard->chunks_available() != config.limits.chunks) give_up("an idle connection holds a chunk");
  add_bytes(report, "memory/idle-tcp", (resident_bytes() - before) / count);
}

/// One connection by itself, in bytes that nobody else can use meanwhile.
void state_figures(Report& report) {
  ChunkPool pool(1'024);
  Instant now = kStart;
  tcp::Connection connection(tcp::Config{}, pool, syn(40'000), wire::SeqNum(5'000), now);
  const auto bytes = [&] {
    return static_cast<double>(sizeof connection + (pool.capacity() - pool.available()) * ChunkPool::kChunkBytes);
  };
  const auto drain = [&] {
    while (connection.next_segment(now)) {
    }
  };
  drain();
  now += 1ms;
  wire::TcpHeader ack{40'000, 7, wire::SeqNum(1'001), connection.snd_nxt(), wire::kAck, 65'535, 0, {}};
  ack.options.timestamps = wire::TcpTimestamps{2, 0};
  if (!connection.on_segment(ack, {}, 0, now).established) give_up("no handshake");
  if (report.wanted("memory/tcp-connection")) add_bytes(report, "memory/tcp-connection", bytes());
  const std::vector<std::uint8_t> data(10'240, 'x');
  connection.write(data);
  drain();
  if (report.wanted("memory/tcp-10k-in-flight")) add_bytes(report, "memory/tcp-10k-in-flight", bytes());
}

}  // namespace

int main(int count, char** values) {
  Report report("tcp_memory", count, values);
  state_figures(report);
  time_wait_figures(report);
  idle_figure(report);
  return report.finish();
}
