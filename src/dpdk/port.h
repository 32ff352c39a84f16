#pragma once
/// An Ethernet port of DPDK: opened by its device string, configured, started, closed by RAII. Control thread.

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "dpdk/burst_io.h"
#include "dpdk/error.h"
#include "wire/address.h"

struct rte_mempool;

namespace handsel::dpdk {

struct PortConfig {
  std::string device;        ///< "net_tap0,iface=handsel0", "net_memif0,role=client,…", "0000:3b:00.0"
  std::uint16_t queues = 1;  ///< receive and transmit queue pairs
  std::uint16_t mtu = 1500;
  std::uint16_t descriptors = 1024;              ///< of a queue; adjusted to what the device takes
  std::vector<wire::IpPrefix> kernel_addresses;  ///< given to the kernel's end of a net_tap device
};

/// What the device has counted itself (rte_eth_stats).
struct PortStatistics {
  std::uint64_t rx_frames = 0;
  std::uint64_t tx_frames = 0;
  std::uint64_t rx_bytes = 0;
  std::uint64_t tx_bytes = 0;
  std::uint64_t rx_missed = 0;  ///< imissed: the queue was full, the workers too slow
  std::uint64_t rx_errors = 0;
  std::uint64_t rx_no_buffer = 0;  ///< rx_nombuf: the buffer pool was empty
  std::uint64_t tx_errors = 0;
  std::uint64_t buffers_free = 0;
  std::uint64_t buffers = 0;
};

class Port {
 public:
  static std::expected<Port, Error> open(const PortConfig& config);
  Port(Port&& other) noexcept;
  Port& operator=(Port&&) = delete;
  ~Port();

  std::uint16_t id() const { return id_; }
  const std::string& device() const { return device_; }
  const std::string& driver() const { return driver_; }  ///< "net_tap"
  /// The engine's own address. On net_tap the kernel's end bears the device's, and ours differs from it.
  wire::MacAddress mac() const { return mac_; }
  std::uint16_t mtu() const { return mtu_; }
  std::uint16_t queues() const { return queues_; }
  const PortOffloads& offloads() const { return offloads_; }
  /// The kernel's interface of a net_tap device; empty for all others.
  const std::string& kernel_interface() const { return kernel_interface_; }
  /// What went less than well on opening, a sentence each (an address that the kernel refused, …).
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// For one worker; `queue` is below queues().
  std::unique_ptr<BurstIo> queue(std::uint16_t queue);
  bool link_up() const;
  /// Any thread.
  PortStatistics statistics() const;

 private:
  Port() = default;
  std::expected<void, Error> probe(const PortConfig& config);
  std::expected<void, Error> configure(const PortConfig& config);
  std::expected<void, Error> fit_frames(const PortConfig& config, unsigned longest);
  std::expected<void, Error> start();
  void set_up_kernel_side(const PortConfig& config);

  std::uint16_t id_ = kNoPort;
  std::string device_;
  std::string driver_;
  std::string kernel_interface_;
  wire::MacAddress mac_;
  std::uint16_t mtu_ = 1500;
  std::uint16_t device_mtu_ = 1500;  ///< what the device is told: net_af_packet knows 1500 only
  std::uint16_t buffer_bytes_ = 0;   ///< room for a frame in a packet buffer
  std::uint16_t queues_ = 0;
  PortOffloads offloads_;
  rte_mempool* pool_ = nullptr;
  std::vector<std::string> warnings_;

  static constexpr std::uint16_t kNoPort = 0xffff;
};

}  // namespace handsel::dpdk
