#pragma once
/// A port with faults: loses, repeats and reorders frames of the port that it wraps. For tests.

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include "base/counter.h"
#include "base/limits.h"
#include "engine/impairment.h"
#include "engine/packet_io.h"

namespace handsel::engine {

/// What was done to one direction's frames. Written by the worker, read by anyone.
struct ImpairmentStatistics {
  Counter lost;
  Counter duplicated;
  Counter reordered;
};

/// Used by one worker; outlived by the port that it wraps.
template <PacketIo Io>
class ImpairedIo {
 public:
  ImpairedIo(Io& io, const Impairment& impairment) : io_(io), impairment_(impairment), random_(impairment.seed) {
    for (Direction* direction : {&rx_, &tx_}) direction->ready.reserve(kReady);
  }
  ImpairedIo(const ImpairedIo&) = delete;
  ImpairedIo& operator=(const ImpairedIo&) = delete;
  ~ImpairedIo() {
    for (Direction* direction : {&rx_, &tx_}) {
      io_.release(direction->ready);
      for (std::size_t i = 0; i < direction->held_count; ++i) io_.release({&direction->held[i].packet, 1});
    }
  }

  std::size_t receive(std::span<Packet> packets) {
    for (Direction* direction : {&rx_, &tx_}) grow_impatient(*direction);
    send_ready();
    if (rx_.ready.empty()) {
      std::array<Packet, limits::kBurst> burst;
      const std::size_t count = io_.receive({burst.data(), std::min(packets.size(), burst.size())});
      for (std::size_t i = 0; i < count; ++i) impair(burst[i], rx_);
    }
    const std::size_t count = std::min(packets.size(), rx_.ready.size());
    std::copy_n(rx_.ready.begin(), count, packets.begin());
    rx_.ready.erase(rx_.ready.begin(), rx_.ready.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }
  void release(std::span<Packet> packets) { io_.release(packets); }
  bool allocate(Packet& packet, std::size_t bytes) { return io_.allocate(packet, bytes); }
  std::size_t transmit(std::span<Packet> packets) {
    send_ready();
    if (!tx_.ready.empty()) return 0;  // the port is full: what came before goes before
    const std::size_t count = std::min(packets.size(), limits::kBurst);
    for (Packet& packet : packets.first(count)) impair(packet, tx_);
    send_ready();
    return count;
  }

  const ImpairmentStatistics& received() const { return rx_.statistics; }
  const ImpairmentStatistics& transmitted() const { return tx_.statistics; }

 private:
  static constexpr std::size_t kMaxHeld = 8;
  static constexpr unsigned kMostFramesBefore = 4;
  // Polls after which a held frame goes even though none came to overtake it; well below any TCP's timers.
  static constexpr unsigned kPatiencePolls = 256;
  static constexpr std::size_t kReady = 2 * limits::kBurst + kMaxHeld;

  struct Held {
    Packet packet;
    unsigned frames_before = 0;
    unsigned polls_left = kPatiencePolls;
  };
  struct Direction {
    std::vector<Packet> ready;  // in the order in which they go on
    std::array<Held, kMaxHeld> held;
    std::size_t held_count = 0;
    ImpairmentStatistics statistics;
  };

  bool happens(double probability) {
    constexpr double kUnit = 1.0 / static_cast<double>(std::uint64_t{1} << 53);
    return static_cast<double>(random_() >> 11) * kUnit < probability;
  }

  void impair(Packet& packet, Direction& direction) {
    if (happens(impairment_.loss)) {
      direction.statistics.lost.add();
      io_.release({&packet, 1});
      return;
    }
    Packet copy;
    const bool twice = happens(impairment_.duplicate) && duplicate(packet, copy);
    if (happens(impairment_.reorder) && direction.held_count < kMaxHeld) {
      direction.statistics.reordered.add();
      const auto before = 1 + static_cast<unsigned>(random_() % kMostFramesBefore);
      direction.held[direction.held_count++] = {.packet = packet, .frames_before = before};
    } else {
      pass(packet, direction);
    }
    if (!twice) return;
    direction.statistics.duplicated.add();
    pass(copy, direction);
  }

  bool duplicate(const Packet& packet, Packet& copy) {
    if (!io_.allocate(copy, packet.bytes)) return false;
    std::memcpy(copy.data, packet.data, packet.bytes);
    copy.checksums_good = packet.checksums_good;
    return true;
  }

  // A frame goes on, and past those that are held.
  void pass(const Packet& packet, Direction& direction) {
    direction.ready.push_back(packet);
    for (std::size_t i = 0; i < direction.held_count; ++i) --direction.held[i].frames_before;
    let_go(direction, [](const Held& held) { return held.frames_before == 0; });
  }
  void grow_impatient(Direction& direction) {
    for (std::size_t i = 0; i < direction.held_count; ++i) --direction.held[i].polls_left;
    let_go(direction, [](const Held& held) { return held.polls_left == 0; });
  }
  template <class Due>
  void let_go(Direction& direction, Due due) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < direction.held_count; ++i) {
      if (due(direction.held[i]))
        direction.ready.push_back(direction.held[i].packet);
      else
        direction.held[kept++] = direction.held[i];
    }
    direction.held_count = kept;
  }

  void send_ready() {
    if (tx_.ready.empty()) return;
    const std::size_t sent = io_.transmit(tx_.ready);
    tx_.ready.erase(tx_.ready.begin(), tx_.ready.begin() + static_cast<std::ptrdiff_t>(sent));
  }

  Io& io_;
  Impairment impairment_;
  std::mt19937_64 random_;
  Direction rx_;
  Direction tx_;
};

}  // namespace handsel::engine
