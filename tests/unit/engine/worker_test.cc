#include "engine/worker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "crypto/kernels.h"
#include "crypto/key_store.h"
#include "crypto/random.h"
#include "engine/statistics.h"
#include "wire/arp.h"
#include "wire/ethernet.h"

namespace handsel::engine {
namespace {

const wire::MacAddress kOurs({2, 0, 0, 0, 0, 2});
const wire::MacAddress kPeer({2, 0, 0, 0, 0, 1});

Instant frozen() { return Instant(std::chrono::seconds(1)); }
std::uint64_t ticking() {
  static std::uint64_t cycles = 0;
  return cycles += 100;
}

// A port in memory that counts its buffers, so that one that is lost or given back twice shows.
class FakeIo {
 public:
  std::size_t receive(std::span<Packet> packets) {
    std::size_t count = 0;
    for (; count < packets.size() && !arriving.empty(); ++count) {
      packets[count] = take(arriving.front().size());
      std::copy(arriving.front().begin(), arriving.front().end(), packets[count].data);
      arriving.pop_front();
    }
    if (passes_left != 0 && --passes_left == 0) worker_stop();
    return count;
  }
  void release(std::span<Packet> packets) {
    for (Packet& packet : packets) give_back(packet);
  }
  bool allocate(Packet& packet, std::size_t bytes) {
    packet = take(bytes);
    return true;
  }
  std::size_t transmit(std::span<Packet> packets) {
    const std::size_t count = std::min(packets.size(), transmit_room);
    for (Packet& packet : packets.first(count)) {
      sent.emplace_back(packet.data, packet.data + packet.bytes);
      give_back(packet);
    }
    return count;
  }

  std::deque<std::vector<std::uint8_t>> arriving;
  std::vector<std::vector<std::uint8_t>> sent;
  std::size_t transmit_room = ~std::size_t{0};
  int passes_left = 0;
  std::function<void()> worker_stop;
  int buffers_out = 0;

 private:
  Packet take(std::size_t bytes) {
    ++buffers_out;
    auto* memory = new std::vector<std::uint8_t>(std::max<std::size_t>(bytes, 2'048));
    return {.data = memory->data(), .bytes = static_cast<std::uint32_t>(bytes), .owner = memory};
  }
  void give_back(Packet& packet) {
    --buffers_out;
    delete static_cast<std::vector<std::uint8_t>*>(packet.owner);
    packet.owner = nullptr;
  }
};
static_assert(PacketIo<FakeIo>);

// Counts what is asked of it.
struct CountingBank final : crypto::Bank {
  std::size_t capacity() const override { return 1'000; }
  std::size_t level() const override { return entries; }
  bool wants_batch() override { return true; }
  std::size_t fill() override {
    entries += 8;
    return 8;
  }
  Taken take(crypto::Operation&) override { return Taken::none; }
  void wipe() override {
    wiped = entries;
    entries = 0;
  }
  std::size_t entries = 0;
  std::size_t wiped = 0;
};

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() {
    flow::ShardConfig config;
    config.mac = kOurs;
    config.addresses = {*wire::IpPrefix::parse("10.77.0.2/24")};
    config.limits.flows = 16;
    config.limits.chunks = 64;
    config.limits.handshakes = 4;
    crypto::KernelTable kernels = backend->kernels();
    kernels[static_cast<std::size_t>(crypto::Kind::p384_keygen)].bank = &bank;
    shard =
        std::make_unique<flow::Shard>(config, flow::ShardResources{kernels, aead.get(), &entropy, &ticking}, frozen());
    worker = std::make_unique<Worker<FakeIo>>(io, *shard, Clock{&frozen, &ticking});
    io.worker_stop = [this] { worker->stop(); };
  }
  static std::vector<std::uint8_t> arp_request() {
    std::vector<std::uint8_t> frame(60);
    Writer writer(frame);
    wire::emit({.destination = wire::MacAddress::broadcast(), .source = kPeer, .ether_type = wire::kEtherArp}, writer);
    wire::emit(wire::ArpPacket{.sender_mac = kPeer,
                               .sender_ip = wire::IpAddress::from_v4(10, 77, 0, 1),
                               .target_ip = wire::IpAddress::from_v4(10, 77, 0, 2)},
               writer);
    return frame;
  }
  void run(int passes) {
    io.passes_left = passes;
    worker->run();
  }

  FakeIo io;
  crypto::SystemEntropy entropy;
  crypto::KeyStore keys;
  std::unique_ptr<crypto::Backend> backend = crypto::make_backend(*crypto::choose_kernels(), keys, entropy);
  std::unique_ptr<crypto::Aead> aead = crypto::make_aead();
  CountingBank bank;
  std::unique_ptr<flow::Shard> shard;
  std::unique_ptr<Worker<FakeIo>> worker;
};

TEST_F(WorkerTest, announces_its_addresses_answers_and_gives_every_buffer_back) {
  for (int i = 0; i < 100; ++i) io.arriving.push_back(arp_request());
  run(10);
  EXPECT_EQ(io.sent.size(), 101u);  // one gratuitous ARP, then the answers
  EXPECT_EQ(io.buffers_out, 0);
}

TEST_F(WorkerTest, snapshot_tells_the_middle_and_the_end_of_what_was_measured) {
  for (int i = 0; i < 97; ++i) shard->statistics().tcp_connect_ns.record(1'024'000);
  for (int i = 0; i < 3; ++i) shard->statistics().tcp_connect_ns.record(65'536'000);
  const WorkerStatistics idle;
  const WorkerView view{shard.get(), &idle};
  const auto groups = take_snapshot({&view, 1});
  const auto latency = std::ranges::find(groups, "latency", &NamedGroup::name);
  ASSERT_NE(latency, groups.end());
  ASSERT_EQ(latency->values.size(), 2u);  // nothing of what never happened
  EXPECT_EQ(latency->values[0].name, "tcp_connect_p50_us");
  EXPECT_NEAR(static_cast<double>(latency->values[0].value), 1'024, 1'024 / 16);
  EXPECT_EQ(latency->values[1].name, "tcp_connect_p99_us");
  EXPECT_NEAR(static_cast<double>(latency->values[1].value), 65'536, 65'536 / 16);
}

TEST_F(WorkerTest, frames_that_the_port_refuses_are_counted_and_given_back) {
  io.transmit_room = 0;
  io.arriving.push_back(arp_request());
  run(3);
  EXPECT_EQ(shard->statistics().drops.get(Drop::tx_queue_full), 2u);
  EXPECT_EQ(io.buffers_out, 0);
}

TEST_F(WorkerTest, empty_polls_are_told_apart_from_busy_ones) {
  io.arriving.push_back(arp_request());
  run(5);
  const WorkerStatistics& statistics = *worker->view().statistics;
  EXPECT_EQ(statistics.polls.get(), 5u);
  EXPECT_EQ(statistics.empty_polls.get(), 4u);
  EXPECT_GT(statistics.busy_cycles.get(), 0u);
}

TEST_F(WorkerTest, each_idle_pass_fills_one_batch_and_the_end_wipes_them) {
  run(5);  // the first sends our announcement
  EXPECT_EQ(bank.wiped, 4u * 8);
  EXPECT_EQ(bank.entries, 0u);
  const crypto::BankStatistics& statistics = *shard->stage().bank_statistics(crypto::Kind::p384_keygen);
  EXPECT_EQ(statistics.filled.get(), 32u);
  EXPECT_EQ(statistics.high.get(), 32u);
  EXPECT_EQ(statistics.level.get(), 0u);
}

TEST_F(WorkerTest, passes_with_something_to_do_fill_no_bank) {
  for (int i = 0; i < 32 * 5; ++i) io.arriving.push_back(arp_request());
  run(5);
  EXPECT_EQ(bank.wiped, 0u);
}

TEST_F(WorkerTest, worker_that_takes_nobody_any_more_fills_no_bank) {
  ASSERT_TRUE(worker->post({.what = Command::What::stop_accepting}));
  run(5);
  EXPECT_EQ(bank.wiped, 0u);
}

TEST_F(WorkerTest, snapshot_shows_the_banks_that_there_are) {
  shard->fill_banks();
  const WorkerStatistics idle;
  const std::array<WorkerView, 2> views{{{shard.get(), &idle}, {shard.get(), &idle}}};
  const auto groups = take_snapshot(views);
  const auto shown = std::ranges::find(groups, "bank_p384_keygen", &NamedGroup::name);
  ASSERT_NE(shown, groups.end());
  EXPECT_EQ(std::ranges::find(shown->values, "level", &NamedValue::name)->value, 16u);
  EXPECT_EQ(std::ranges::find(shown->values, "capacity", &NamedValue::name)->value, 2'000u);
  EXPECT_EQ(std::ranges::find(groups, "bank_p384_ecdh", &NamedGroup::name), groups.end());
}

TEST_F(WorkerTest, former_ticket_keys_are_let_go_of_and_it_says_so) {
  const auto former = tls::TicketKeys::random(entropy);
  ASSERT_TRUE(worker->post({.what = Command::What::let_go, .former_keys = former.get()}));
  EXPECT_EQ(worker->let_go_done(), 0u);
  run(1);
  EXPECT_EQ(worker->let_go_done(), 1u);
}

// Opens a connection with its first turn.
class Opener final : public Driver, public flow::Service {
 public:
  bool drive(flow::Shard& shard, Instant now) override {
    if (turns++ != 0) return false;
    return shard.connect({.address = wire::IpAddress::from_v4(10, 77, 0, 1), .port = 80, .endpoint = {this}}, now)
        .has_value();
  }
  std::string_view name() const override { return "opener"; }
  std::size_t on_data(flow::Stream&, Bytes bytes) override { return bytes.size(); }
  int turns = 0;
};

TEST_F(WorkerTest, driver_has_a_turn_each_pass_and_what_it_begins_leaves_with_that_pass) {
  Opener opener;
  worker = std::make_unique<Worker<FakeIo>>(io, *shard, Clock{&frozen, &ticking}, &opener);
  run(1);
  EXPECT_EQ(io.sent.size(), 2u);  // our announcement, and the question for the neighbour
  EXPECT_EQ(worker->view().statistics->empty_polls.get(), 0u);
  EXPECT_EQ(opener.turns, 1);
  EXPECT_EQ(io.buffers_out, 0);
}

TEST_F(WorkerTest, commands_are_taken_even_when_receive_never_comes_back_empty) {
  ASSERT_TRUE(worker->post({.what = Command::What::trace, .trace = {.count = 1}}));
  for (int i = 0; i < 32 * 200; ++i) io.arriving.push_back(arp_request());
  run(100);
  const flow::FlowKey key{wire::IpAddress::from_v4(10, 77, 0, 2), wire::IpAddress::from_v4(10, 77, 0, 1), 443, 50'000};
  EXPECT_NE(shard->tracer().start(key, Handle{0, 0}, frozen()), flow::Tracer::kNoRecord);
}

}  // namespace
}  // namespace handsel::engine
