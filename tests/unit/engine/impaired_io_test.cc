#include "engine/impaired_io.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace handsel::engine {
namespace {

// A port whose frames are numbers. It knows each buffer that is out, so that one given back twice or never shows.
class NumberIo {
 public:
  std::size_t receive(std::span<Packet> packets) {
    std::size_t count = 0;
    for (; count < packets.size() && to_arrive != 0; ++count, --to_arrive) {
      take(packets[count], sizeof next_number_);
      write(packets[count], next_number_++);
    }
    return count;
  }
  void release(std::span<Packet> packets) {
    for (Packet& packet : packets) give_back(packet);
  }
  bool allocate(Packet& packet, std::size_t bytes) {
    if (no_buffers) return false;
    take(packet, bytes);
    return true;
  }
  std::size_t transmit(std::span<Packet> packets) {
    const std::size_t count = std::min(packets.size(), room);
    for (Packet& packet : packets.first(count)) {
      sent.push_back(read(packet));
      give_back(packet);
    }
    return count;
  }

  static void write(const Packet& packet, std::uint32_t number) { std::memcpy(packet.data, &number, sizeof number); }
  static std::uint32_t read(const Packet& packet) {
    std::uint32_t number = 0;
    std::memcpy(&number, packet.data, sizeof number);
    return number;
  }

  std::size_t to_arrive = 0;
  std::size_t room = ~std::size_t{0};
  bool no_buffers = false;
  std::vector<std::uint32_t> sent;
  std::set<void*> out;

 private:
  void take(Packet& packet, std::size_t bytes) {
    auto* buffer = new std::vector<std::uint8_t>(bytes);
    packet = {.data = buffer->data(), .bytes = static_cast<std::uint32_t>(bytes), .owner = buffer};
    out.insert(buffer);
  }
  void give_back(const Packet& packet) {
    ASSERT_EQ(out.erase(packet.owner), 1u) << "a buffer that is not out";
    delete static_cast<std::vector<std::uint8_t>*>(packet.owner);
  }
  std::uint32_t next_number_ = 0;
};
static_assert(PacketIo<NumberIo>);
static_assert(PacketIo<ImpairedIo<NumberIo>>);

constexpr std::uint32_t kFrames = 100'000;
constexpr int kPollsUntilPatienceEnds = 300;

std::vector<std::uint32_t> numbers(std::uint32_t count) {
  std::vector<std::uint32_t> all(count);
  for (std::uint32_t i = 0; i < count; ++i) all[i] = i;
  return all;
}

/// All frames through receive(), each released as a worker does.
std::vector<std::uint32_t> receive_all(NumberIo& port, const Impairment& impairment, std::uint32_t count = kFrames) {
  ImpairedIo<NumberIo> io(port, impairment);
  port.to_arrive = count;
  std::vector<std::uint32_t> got;
  for (int idle = 0; idle < kPollsUntilPatienceEnds;) {
    std::array<Packet, limits::kBurst> burst;
    const std::size_t arrived = io.receive(burst);
    for (std::size_t i = 0; i < arrived; ++i) got.push_back(NumberIo::read(burst[i]));
    io.release({burst.data(), arrived});
    idle = arrived == 0 ? idle + 1 : 0;
  }
  return got;
}

/// All frames through transmit(), in bursts; what is refused is offered again.
void transmit_all(ImpairedIo<NumberIo>& io, std::uint32_t count = kFrames) {
  for (std::uint32_t next = 0; next < count;) {
    std::array<Packet, limits::kBurst> burst;
    const std::size_t made = std::min<std::size_t>(burst.size(), count - next);
    for (std::size_t i = 0; i < made; ++i) {
      ASSERT_TRUE(io.allocate(burst[i], sizeof(std::uint32_t)));
      NumberIo::write(burst[i], next++);
    }
    for (std::size_t sent = 0; sent < made;) sent += io.transmit({burst.data() + sent, made - sent});
  }
}

TEST(ImpairedIo, NoFaults_BothDirections_AreTransparent) {
  NumberIo port;
  EXPECT_EQ(receive_all(port, {}), numbers(kFrames));
  ImpairedIo<NumberIo> io(port, {});
  transmit_all(io);
  EXPECT_EQ(port.sent, numbers(kFrames));
  EXPECT_TRUE(port.out.empty());
}

TEST(ImpairedIo, AllLost_Received_NothingComesAndNothingLeaks) {
  NumberIo port;
  EXPECT_TRUE(receive_all(port, {.loss = 1}).empty());
  EXPECT_TRUE(port.out.empty());
}

TEST(ImpairedIo, FivePercentLost_Received_AboutThatManyMissInOrder) {
  NumberIo port;
  const auto got = receive_all(port, {.loss = 0.05, .seed = 7});
  EXPECT_NEAR(static_cast<double>(kFrames - got.size()), 0.05 * kFrames, 0.005 * kFrames);
  EXPECT_TRUE(std::is_sorted(got.begin(), got.end()));
  EXPECT_EQ(std::adjacent_find(got.begin(), got.end()), got.end());
  EXPECT_TRUE(port.out.empty());
}

TEST(ImpairedIo, TenPercentDuplicated_Received_EachComesAndAboutThatManyTwice) {
  NumberIo port;
  const auto got = receive_all(port, {.duplicate = 0.1});
  EXPECT_NEAR(static_cast<double>(got.size() - kFrames), 0.1 * kFrames, 0.01 * kFrames);
  EXPECT_EQ(std::set<std::uint32_t>(got.begin(), got.end()).size(), kFrames);
  EXPECT_TRUE(port.out.empty());
}

TEST(ImpairedIo, TenPercentReordered_Received_EachComesOnceAndNotFarFromItsPlace) {
  NumberIo port;
  auto got = receive_all(port, {.reorder = 0.1});
  ASSERT_EQ(got.size(), kFrames);
  EXPECT_FALSE(std::is_sorted(got.begin(), got.end()));
  for (std::uint32_t i = 0; i < kFrames; ++i) ASSERT_LE(got[i] > i ? got[i] - i : i - got[i], 16u) << i;
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, numbers(kFrames));
}

TEST(ImpairedIo, LastFrameHeld_NothingFollows_ComesAfterSomePolls) {
  NumberIo port;
  EXPECT_EQ(receive_all(port, {.reorder = 1}, 1), numbers(1));
}

TEST(ImpairedIo, LastFrameHeldOnItsWayOut_OnlyPolled_IsSent) {
  NumberIo port;
  ImpairedIo<NumberIo> io(port, {.reorder = 1});
  transmit_all(io, 1);
  EXPECT_TRUE(port.sent.empty());
  std::array<Packet, limits::kBurst> burst;
  for (int poll = 0; poll < kPollsUntilPatienceEnds; ++poll) ASSERT_EQ(io.receive(burst), 0u);
  EXPECT_EQ(port.sent, numbers(1));
}

TEST(ImpairedIo, AllFaultsAndAPortThatTakesFew_Transmitted_EveryFrameIsAccountedFor) {
  NumberIo port;
  {
    ImpairedIo<NumberIo> io(port, {.loss = 0.05, .duplicate = 0.05, .reorder = 0.05, .seed = 3});
    port.room = 3;
    transmit_all(io);
    port.room = ~std::size_t{0};
    std::array<Packet, limits::kBurst> burst;
    for (int poll = 0; poll < kPollsUntilPatienceEnds; ++poll) io.receive(burst);
    const ImpairmentStatistics& done = io.transmitted();
    EXPECT_EQ(port.sent.size(), kFrames - done.lost.get() + done.duplicated.get());
    for (const Counter* counter : {&done.lost, &done.duplicated, &done.reordered})
      EXPECT_NEAR(static_cast<double>(counter->get()), 0.05 * kFrames, 0.005 * kFrames);
    EXPECT_EQ(io.received().lost.get(), 0u);
  }
  EXPECT_TRUE(port.out.empty());
}

TEST(ImpairedIo, FramesHeldAndRefused_Destroyed_AllAreGivenBack) {
  NumberIo port;
  {
    ImpairedIo<NumberIo> io(port, {.duplicate = 0.5, .reorder = 0.5});
    port.room = 0;
    transmit_all(io, limits::kBurst);
    port.to_arrive = limits::kBurst;
    std::array<Packet, 4> burst;
    io.release({burst.data(), io.receive(burst)});
    EXPECT_FALSE(port.out.empty());
  }
  EXPECT_TRUE(port.out.empty());
}

TEST(ImpairedIo, NoBufferForACopy_Received_TheFrameComesOnce) {
  NumberIo port;
  port.no_buffers = true;
  EXPECT_EQ(receive_all(port, {.duplicate = 1}, 100), numbers(100));
}

TEST(ImpairedIo, SameSeed_ReceivedTwice_SameFates) {
  const Impairment impairment{.loss = 0.1, .duplicate = 0.1, .reorder = 0.1, .seed = 42};
  NumberIo one, two, three;
  const auto first = receive_all(one, impairment);
  EXPECT_EQ(receive_all(two, impairment), first);
  EXPECT_NE(receive_all(three, {.loss = 0.1, .duplicate = 0.1, .reorder = 0.1, .seed = 43}), first);
}

}  // namespace
}  // namespace handsel::engine
