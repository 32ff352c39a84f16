#include "dpdk/burst_io.h"

#include <netinet/in.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace handsel::dpdk {
namespace {

static_assert(engine::PacketIo<BurstIo>);

rte_mbuf* mbuf_of(const engine::Packet& packet) { return static_cast<rte_mbuf*>(packet.owner); }

bool checksums_good(const rte_mbuf& mbuf) {
  constexpr std::uint64_t kBoth = RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK;
  return (mbuf.ol_flags & kBoth) == (RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD);
}

bool checksums_bad(const rte_mbuf& mbuf) {
  return (mbuf.ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_BAD ||
         (mbuf.ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_BAD;
}

/// Asks the device for the checksums that the engine has left out of this frame. The engine has built the frame, so
/// its headers are whole; what carries no IP, or an IPv4 checksum already, is left as it is.
void request_checksums(rte_mbuf& mbuf, const std::uint8_t* frame, PortOffloads offloads) {
  std::uint32_t link_bytes = RTE_ETHER_HDR_LEN;
  std::uint16_t type = load_be16(frame + 12);
  while (type == RTE_ETHER_TYPE_VLAN && link_bytes + RTE_VLAN_HLEN <= mbuf.data_len) {
    type = load_be16(frame + link_bytes + 2);
    link_bytes += RTE_VLAN_HLEN;
  }
  const std::uint8_t* ip = frame + link_bytes;
  std::uint8_t protocol = 0;
  mbuf.l2_len = link_bytes & 0x7f;
  if (type == RTE_ETHER_TYPE_IPV4) {
    protocol = ip[9];
    mbuf.l3_len = ((ip[0] & 0x0fu) * 4) & 0x1ff;
    mbuf.ol_flags |= RTE_MBUF_F_TX_IPV4;
    if (offloads.tx_ip4_checksum && load_be16(ip + 10) == 0) mbuf.ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
  } else if (type == RTE_ETHER_TYPE_IPV6) {
    protocol = ip[6];
    mbuf.l3_len = sizeof(rte_ipv6_hdr);
    mbuf.ol_flags |= RTE_MBUF_F_TX_IPV6;
  } else {
    return;
  }
  if (offloads.tx_tcp_checksum && protocol == IPPROTO_TCP) mbuf.ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
}

/// What the engine writes lies wherever in the buffer it now says it does.
void adopt(const engine::Packet& packet, PortOffloads offloads) {
  rte_mbuf* mbuf = mbuf_of(packet);
  mbuf->data_off = static_cast<std::uint16_t>(packet.data - static_cast<std::uint8_t*>(mbuf->buf_addr));
  mbuf->data_len = static_cast<std::uint16_t>(packet.bytes);
  mbuf->pkt_len = packet.bytes;
  mbuf->ol_flags &= RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT;  // a received buffer that is sent keeps its kind alone
  if (offloads.tx_ip4_checksum || offloads.tx_tcp_checksum) request_checksums(*mbuf, packet.data, offloads);
}

}  // namespace

std::size_t BurstIo::receive(std::span<engine::Packet> packets) {
  std::array<rte_mbuf*, limits::kBurst> burst;
  const auto room = static_cast<std::uint16_t>(std::min(packets.size(), burst.size()));
  const std::uint16_t received = rte_eth_rx_burst(port_, queue_, burst.data(), room);
  std::size_t count = 0;
  for (std::uint16_t i = 0; i < received; ++i) {
    rte_mbuf* mbuf = burst[i];
    // The first buffer holds a whole frame of the port's MTU, so more than one means a sender that cuts small, or
    // a frame that is larger than we agreed to.
    if (mbuf->nb_segs > 1 && rte_pktmbuf_linearize(mbuf) != 0) {
      statistics_.rx_unlinearised.add();
      rte_pktmbuf_free(mbuf);
      continue;
    }
    if (checksums_bad(*mbuf)) statistics_.rx_bad_checksum.add();
    packets[count++] = {.data = rte_pktmbuf_mtod(mbuf, std::uint8_t*),
                        .bytes = mbuf->pkt_len,
                        .checksums_good = checksums_good(*mbuf),
                        .owner = mbuf};
  }
  return count;
}

void BurstIo::release(std::span<engine::Packet> packets) {
  for (const engine::Packet& packet : packets) rte_pktmbuf_free(mbuf_of(packet));
}

bool BurstIo::allocate(engine::Packet& packet, std::size_t bytes) {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(pool_);
  if (mbuf == nullptr) return false;
  if (rte_pktmbuf_tailroom(mbuf) < bytes) {
    rte_pktmbuf_free(mbuf);
    return false;
  }
  packet = {.data = rte_pktmbuf_mtod(mbuf, std::uint8_t*),
            .bytes = static_cast<std::uint32_t>(bytes),
            .checksums_good = false,
            .owner = mbuf};
  return true;
}

std::size_t BurstIo::transmit(std::span<engine::Packet> packets) {
  std::array<rte_mbuf*, limits::kBurst> burst;
  const std::size_t count = std::min(packets.size(), burst.size());
  for (std::size_t i = 0; i < count; ++i) {
    adopt(packets[i], offloads_);
    burst[i] = mbuf_of(packets[i]);
  }
  return rte_eth_tx_burst(port_, queue_, burst.data(), static_cast<std::uint16_t>(count));
}

}  // namespace handsel::dpdk
