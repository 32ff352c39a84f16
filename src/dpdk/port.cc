#include "dpdk/port.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/limits.h"
#include "dpdk/device_name.h"
#include "dpdk/kernel_link.h"
#include "dpdk/log_capture.h"

namespace handsel::dpdk {
namespace {

constexpr unsigned kPoolCache = 256;
constexpr unsigned kMaxBuffer = 32'768;
constexpr unsigned kPacketRingFrame = 2'048;  // net_af_packet's "framesz" by default
constexpr unsigned kPacketRingHeader = TPACKET2_HDRLEN;
constexpr unsigned kLinkOverhead = RTE_ETHER_HDR_LEN + limits::kMaxVlanTags * RTE_VLAN_HLEN + RTE_ETHER_CRC_LEN;

// Both directions of a connection hash alike under this key (Woo and Park, "Scalable TCP Session Monitoring with
// Symmetric Receive-side Scaling", 2012).
constexpr std::array<std::uint8_t, 52> kSymmetricRssKey = [] {
  std::array<std::uint8_t, 52> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = i % 2 == 0 ? 0x6d : 0x5a;
  return key;
}();

std::unexpected<Error> failure(Error::Kind kind, std::string message) {
  return std::unexpected(Error{kind, std::move(message)});
}

/// What net_tap will need, checked beforehand because its own complaints name neither cause nor cure.
std::expected<void, Error> check_tap_rights(const std::string& device) {
  const int tun = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  const int code = tun < 0 ? errno : 0;
  if (tun >= 0) ::close(tun);
  if (code == ENOENT || code == ENODEV || code == ENXIO)
    return failure(Error::Kind::device,
                   fmt::format("{}: there is no /dev/net/tun; load the kernel module: modprobe tun "
                               "(in a container, pass the device in)",
                               device));
  if (code != 0)
    return failure(Error::Kind::rights,
                   fmt::format("{}: /dev/net/tun can't be opened ({}); run as root or give this user read and write "
                               "access to it",
                               device, std::strerror(code)));
  if (!has_net_admin())
    return failure(Error::Kind::rights,
                   fmt::format("{}: making a network interface needs CAP_NET_ADMIN; run as root, or "
                               "grant it: setcap cap_net_admin+ep $(command -v handseld)",
                               device));
  return {};
}

unsigned pool_size(const PortConfig& config, std::uint16_t rx_descriptors, std::uint16_t tx_descriptors) {
  const unsigned a_queue = rx_descriptors + tx_descriptors + 8 * static_cast<unsigned>(limits::kBurst);
  // Every lcore, the main one too, may keep a cache of its own (1.5 times its nominal size).
  return config.queues * a_queue + rte_lcore_count() * kPoolCache * 2;
}

}  // namespace

std::expected<Port, Error> Port::open(const PortConfig& config) {
  Port port;
  port.device_ = config.device;
  if (auto probed = port.probe(config); !probed) return std::unexpected(probed.error());
  if (auto configured = port.configure(config); !configured) return std::unexpected(configured.error());
  if (auto started = port.start(); !started) return std::unexpected(started.error());
  if (!port.kernel_interface_.empty()) port.set_up_kernel_side(config);
  return port;
}

Port::Port(Port&& other) noexcept
    : id_(std::exchange(other.id_, kNoPort)),
      device_(std::move(other.device_)),
      driver_(std::move(other.driver_)),
      kernel_interface_(std::move(other.kernel_interface_)),
      mac_(other.mac_),
      mtu_(other.mtu_),
      device_mtu_(other.device_mtu_),
      buffer_bytes_(other.buffer_bytes_),
      queues_(other.queues_),
      offloads_(other.offloads_),
      pool_(std::exchange(other.pool_, nullptr)),
      warnings_(std::move(other.warnings_)) {}

Port::~Port() {
  if (id_ != kNoPort) {
    const LogCapture quiet;
    rte_eth_dev_stop(id_);
    rte_eth_dev_close(id_);
  }
  rte_mempool_free(pool_);
}

std::expected<void, Error> Port::probe(const PortConfig& config) {
  const DeviceName name = parse_device(config.device);
  if (name.driver == "net_tap")
    if (auto allowed = check_tap_rights(config.device); !allowed) return allowed;

  const LogCapture log;
  const int code = rte_dev_probe(config.device.c_str());
  // A PCI device was probed when the EAL started.
  if (code != 0 && code != -EEXIST) {
    // What no driver claims is a "bad address" to DPDK.
    if (code == -EFAULT)
      return failure(Error::Kind::device,
                     fmt::format("{}: no driver of DPDK knows such a device; is it spelt right, and "
                                 "its driver's package installed (librte-net-…)?",
                                 config.device));
    const auto kind = code == -EPERM || code == -EACCES ? Error::Kind::rights : Error::Kind::device;
    return failure(kind, fmt::format("{}: DPDK does not open the device ({}): {}", config.device,
                                     std::strerror(code < 0 ? -code : EIO), log.summary()));
  }
  if (rte_eth_dev_get_port_by_name(name.name.c_str(), &id_) != 0) {
    id_ = kNoPort;
    return failure(Error::Kind::device,
                   fmt::format("{}: no Ethernet port came of it: {}. Is the driver's package installed (librte-net-…), "
                               "and a PCI device bound to vfio-pci?",
                               config.device, log.summary()));
  }
  return {};
}

std::expected<void, Error> Port::configure(const PortConfig& config) {
  const LogCapture log;
  const auto refused = [&](std::string_view what, int code) {
    return failure(code == -ENOMEM ? Error::Kind::memory : Error::Kind::device,
                   fmt::format("{}: {} failed ({}): {}", device_, what, std::strerror(-code), log.summary()));
  };

  rte_eth_dev_info info{};
  if (const int code = rte_eth_dev_info_get(id_, &info); code != 0) return refused("asking for its properties", code);
  driver_ = info.driver_name;
  queues_ = config.queues;
  if (queues_ > info.max_rx_queues || queues_ > info.max_tx_queues)
    return failure(Error::Kind::device, fmt::format("{}: {} queue pairs are asked for, and the device has {}", device_,
                                                    queues_, std::min(info.max_rx_queues, info.max_tx_queues)));
  // net_tap takes any MTU by its own account, and refuses frames that are longer than its bound of another kind.
  const unsigned longest = std::min<unsigned>(info.max_mtu, info.max_rx_pktlen - RTE_ETHER_HDR_LEN - RTE_ETHER_CRC_LEN);
  if (auto fits = fit_frames(config, longest); !fits) return fits;

  rte_eth_conf wanted{};
  wanted.rxmode.mtu = device_mtu_;
  // net_tap would compute its "offloads" in software, in a second pass over the bytes; the engine does so in the first.
  if (driver_ != "net_tap") {
    constexpr std::uint64_t kRx = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM;
    offloads_.rx_checksums = (info.rx_offload_capa & kRx) == kRx;
    offloads_.tx_ip4_checksum = (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM) != 0;
    offloads_.tx_tcp_checksum = (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_TCP_CKSUM) != 0;
    if (offloads_.rx_checksums) wanted.rxmode.offloads |= kRx;
    if (offloads_.tx_ip4_checksum) wanted.txmode.offloads |= RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
    if (offloads_.tx_tcp_checksum) wanted.txmode.offloads |= RTE_ETH_TX_OFFLOAD_TCP_CKSUM;
    wanted.txmode.offloads |= info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
  }
  auto key = kSymmetricRssKey;
  if (queues_ > 1 && info.flow_type_rss_offloads != 0) {
    wanted.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    wanted.rx_adv_conf.rss_conf = {
        .rss_key = info.hash_key_size != 0 && info.hash_key_size <= key.size() ? key.data() : nullptr,
        .rss_key_len = info.hash_key_size,
        .rss_hf = info.flow_type_rss_offloads & (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP)};
  }
  if (const int code = rte_eth_dev_configure(id_, queues_, queues_, &wanted); code != 0)
    return refused("configuring its queues", code);

  std::uint16_t rx_descriptors = config.descriptors;
  std::uint16_t tx_descriptors = config.descriptors;
  if (const int code = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx_descriptors, &tx_descriptors); code != 0)
    return refused("sizing its queues", code);

  const auto room = static_cast<std::uint16_t>(RTE_PKTMBUF_HEADROOM + buffer_bytes_);
  const unsigned buffers = pool_size(config, rx_descriptors, tx_descriptors);
  pool_ = rte_pktmbuf_pool_create(fmt::format("handsel-port-{}", id_).c_str(), buffers, kPoolCache, 0, room,
                                  rte_eth_dev_socket_id(id_));
  if (pool_ == nullptr)
    return failure(Error::Kind::memory, fmt::format("{}: no memory for {} packet buffers of {} bytes ({}); raise "
                                                    "memory_mib in [engine]",
                                                    device_, buffers, room, rte_strerror(rte_errno)));

  for (std::uint16_t queue = 0; queue < queues_; ++queue) {
    rte_eth_rxconf rx = info.default_rxconf;
    rx.offloads = wanted.rxmode.offloads;
    rte_eth_txconf tx = info.default_txconf;
    tx.offloads = wanted.txmode.offloads;
    const auto socket = static_cast<unsigned>(rte_eth_dev_socket_id(id_));
    if (const int code = rte_eth_rx_queue_setup(id_, queue, rx_descriptors, socket, &rx, pool_); code != 0)
      return refused("setting up a receive queue", code);
    if (const int code = rte_eth_tx_queue_setup(id_, queue, tx_descriptors, socket, &tx); code != 0)
      return refused("setting up a transmit queue", code);
  }
  return {};
}

// Decides on the MTUs and on the size of packet buffers: one holds a whole frame, so that the engine never sees a
// chain.
std::expected<void, Error> Port::fit_frames(const PortConfig& config, unsigned longest) {
  mtu_ = config.mtu;
  device_mtu_ = config.mtu;
  unsigned room = std::max<unsigned>(RTE_MBUF_DEFAULT_DATAROOM, config.mtu + kLinkOverhead);
  if (driver_ == "net_af_packet") {
    // DPDK 22.11 lets it have no MTU but 1500, and yet it carries whatever fits its ring's frames ("framesz", 2,048
    // unless told) and the buffers, which must not be smaller than those.
    const std::string_view argument = device_argument(config.device, "framesz");
    unsigned ring_frame = kPacketRingFrame;
    std::from_chars(argument.data(), argument.data() + argument.size(), ring_frame);
    if (config.mtu + kLinkOverhead + kPacketRingHeader > ring_frame)
      return failure(Error::Kind::device,
                     fmt::format("{}: an MTU of {} needs larger frames in the packet ring: framesz={}", device_,
                                 config.mtu, std::bit_ceil(config.mtu + kLinkOverhead + kPacketRingHeader)));
    room = std::max(room, ring_frame);
    device_mtu_ = static_cast<std::uint16_t>(std::min<unsigned>(config.mtu, longest));
  } else if (config.mtu > longest) {
    return failure(Error::Kind::device, fmt::format("{}: an MTU of {} is asked for, and the device goes up to {}",
                                                    device_, config.mtu, longest));
  }
  if (room > kMaxBuffer)
    return failure(
        Error::Kind::device,
        fmt::format("{}: frames of {} bytes are longer than a packet buffer can be ({})", device_, room, kMaxBuffer));
  buffer_bytes_ = static_cast<std::uint16_t>(room);
  return {};
}

std::expected<void, Error> Port::start() {
  const LogCapture log;
  if (const int code = rte_eth_dev_start(id_); code != 0)
    return failure(Error::Kind::device,
                   fmt::format("{}: starting it failed ({}): {}", device_, std::strerror(-code), log.summary()));
  std::uint16_t current = 0;
  // net_memif knows no MTU at all (-ENOTSUP): its frames are as long as its buffers, set by its own arguments.
  if (rte_eth_dev_get_mtu(id_, &current) != 0 || current != device_mtu_ || driver_ == "net_tap") {
    if (const int code = rte_eth_dev_set_mtu(id_, device_mtu_); code != 0 && code != -ENOTSUP)
      return failure(Error::Kind::device, fmt::format("{}: an MTU of {} is refused ({}): {}", device_, mtu_,
                                                      std::strerror(-code), log.summary()));
  }
  // Neighbour solicitations come to group addresses. Who can't filter either receives all, or is no real Ethernet.
  if (driver_ != "net_tap" && rte_eth_allmulticast_enable(id_) != 0 && rte_eth_promiscuous_enable(id_) != 0 &&
      driver_ != "net_memif")
    warnings_.push_back(
        fmt::format("{}: neither all-multicast nor promiscuous mode: IPv6 neighbours may not find us", device_));

  rte_ether_addr address{};
  if (const int code = rte_eth_macaddr_get(id_, &address); code != 0)
    return failure(Error::Kind::device, fmt::format("{}: it tells no MAC address ({})", device_, std::strerror(-code)));
  if (driver_ == "net_tap") {
    // The kernel's interface bears the device's address, so the engine takes a neighbour of it.
    address.addr_bytes[0] = static_cast<std::uint8_t>((address.addr_bytes[0] | 0x02) & 0xfe);
    address.addr_bytes[5] ^= 0x01;
    rte_eth_dev_info info{};
    std::array<char, IF_NAMESIZE> name{};
    if (rte_eth_dev_info_get(id_, &info) == 0 && if_indextoname(info.if_index, name.data()) != nullptr)
      kernel_interface_ = name.data();
  }
  mac_ = wire::MacAddress::from_bytes(address.addr_bytes);
  return {};
}

void Port::set_up_kernel_side(const PortConfig& config) {
  auto link = KernelLink::open(kernel_interface_);
  if (!link) {
    warnings_.push_back(link.error());
    return;
  }
  for (const wire::IpPrefix& address : config.kernel_addresses)
    if (auto added = link->add_address(address); !added) warnings_.push_back(added.error());
  if (auto up = link->bring_up(); !up) warnings_.push_back(up.error());
}

std::unique_ptr<BurstIo> Port::queue(std::uint16_t queue) {
  return std::make_unique<BurstIo>(id_, queue, pool_, offloads_);
}

bool Port::link_up() const {
  rte_eth_link link{};
  return rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

PortStatistics Port::statistics() const {
  rte_eth_stats stats{};
  rte_eth_stats_get(id_, &stats);
  return {.rx_frames = stats.ipackets,
          .tx_frames = stats.opackets,
          .rx_bytes = stats.ibytes,
          .tx_bytes = stats.obytes,
          .rx_missed = stats.imissed,
          .rx_errors = stats.ierrors,
          .rx_no_buffer = stats.rx_nombuf,
          .tx_errors = stats.oerrors,
          .buffers_free = rte_mempool_avail_count(pool_),
          .buffers = pool_->size};
}

}  // namespace handsel::dpdk
