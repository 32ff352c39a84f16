#pragma once
/// What a worker needs of a port: bursts in, buffers, bursts out.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace handsel::engine {

/// A frame in somebody's buffer. `owner` is the implementation's (an rte_mbuf, a simulated frame).
struct Packet {
  std::uint8_t* data = nullptr;
  std::uint32_t bytes = 0;
  bool checksums_good = false;  ///< the port has verified IP and TCP checksums
  void* owner = nullptr;
};

/// One receive queue and one transmit queue, used by one worker.
template <class T>
concept PacketIo = requires(T io, std::span<Packet> packets, Packet& packet, std::size_t bytes) {
  /// Fills up to packets.size() received frames, each contiguous; returns how many.
  { io.receive(packets) } -> std::same_as<std::size_t>;
  /// Frees packets that came from receive() or allocate() and were not transmitted.
  { io.release(packets) } -> std::same_as<void>;
  /// A packet to write at least `bytes` into (its `bytes` is set to that); false when none is left.
  { io.allocate(packet, bytes) } -> std::same_as<bool>;
  /// Sends; returns how many of the first packets the port took. The rest stay the caller's.
  { io.transmit(packets) } -> std::same_as<std::size_t>;
};

}  // namespace handsel::engine
