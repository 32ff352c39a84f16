#pragma once
/// One queue pair of a port as the worker's engine::PacketIo.

#include <cstdint>
#include <span>

#include "base/counter.h"
#include "base/limits.h"
#include "engine/packet_io.h"

struct rte_mbuf;
struct rte_mempool;

namespace handsel::dpdk {

/// Written by the queue's worker, read by anyone.
struct BurstStatistics {
  Counter rx_unlinearised;  ///< frames in several buffers that did not fit into one
  Counter rx_bad_checksum;  ///< frames that the port itself found to be damaged; passed on, for the engine to name
};

/// What of the engine's work the device does in hardware, and is switched on.
struct PortOffloads {
  bool rx_checksums = false;  ///< IPv4 and TCP checksums of received frames are verified
  bool tx_ip4_checksum = false;
  bool tx_tcp_checksum = false;
};

/// Used by one worker at a time; outlived by its port.
class BurstIo {
 public:
  BurstIo(std::uint16_t port, std::uint16_t queue, rte_mempool* pool, PortOffloads offloads)
      : port_(port), queue_(queue), pool_(pool), offloads_(offloads) {}

  std::size_t receive(std::span<engine::Packet> packets);
  void release(std::span<engine::Packet> packets);
  bool allocate(engine::Packet& packet, std::size_t bytes);
  std::size_t transmit(std::span<engine::Packet> packets);

  const BurstStatistics& statistics() const { return statistics_; }

 private:
  std::uint16_t port_;
  std::uint16_t queue_;
  rte_mempool* pool_;
  PortOffloads offloads_;
  BurstStatistics statistics_;
};

}  // namespace handsel::dpdk
