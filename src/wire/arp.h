#pragma once
/// ARP for IPv4 over Ethernet (RFC 826).

#include <cstddef>
#include <cstdint>
#include <expected>

#include "base/bytes.h"
#include "base/drop.h"
#include "wire/address.h"
#include "wire/ethernet.h"

namespace handsel::wire {

enum class ArpOperation : std::uint16_t { request = 1, reply = 2 };

/// The packet as a value.
struct ArpPacket {
  static constexpr std::size_t kBytes = 28;

  ArpOperation operation = ArpOperation::request;
  MacAddress sender_mac;
  IpAddress sender_ip;
  MacAddress target_mac;  ///< zero in a request
  IpAddress target_ip;

  /// A host that announces its own address, asked by nobody (RFC 5227 3).
  bool is_gratuitous() const { return sender_ip == target_ip; }
  bool operator==(const ArpPacket&) const = default;
};

/// A packet of the right length, kinds and operation.
class ArpView {
 public:
  /// `packet` is what follows the link header, padding included. Error: arp_malformed, also for a sender whose MAC is a
  /// group's or zero: nobody can be reached there.
  static std::expected<ArpView, Drop> parse(Bytes packet) {
    constexpr std::uint64_t kEthernetIpv4 = 0x0001'0800'06'04;  // hardware, protocol, and their address lengths
    if (packet.size() < ArpPacket::kBytes || load_be64(packet.data()) >> 16 != kEthernetIpv4)
      return std::unexpected(Drop::arp_malformed);
    const ArpView view(packet.first(ArpPacket::kBytes));
    const std::uint16_t operation = load_be16(packet.data() + 6);
    if (operation != 1 && operation != 2) return std::unexpected(Drop::arp_malformed);
    if (view.sender_mac().is_multicast() || view.sender_mac().is_zero()) return std::unexpected(Drop::arp_malformed);
    return view;
  }

  ArpOperation operation() const { return static_cast<ArpOperation>(load_be16(packet_.data() + 6)); }
  MacAddress sender_mac() const { return MacAddress::from_bytes(packet_.data() + 8); }
  IpAddress sender_ip() const { return IpAddress::from_v4(packet_.data() + 14); }
  MacAddress target_mac() const { return MacAddress::from_bytes(packet_.data() + 18); }
  IpAddress target_ip() const { return IpAddress::from_v4(packet_.data() + 24); }

  ArpPacket to_packet() const { return {operation(), sender_mac(), sender_ip(), target_mac(), target_ip()}; }

 private:
  explicit ArpView(Bytes packet) : packet_(packet) {}
  Bytes packet_;
};

inline void emit(const ArpPacket& packet, Writer& writer) {
  writer.u16(1);
  writer.u16(kEtherIpv4);
  writer.u8(MacAddress::kBytes);
  writer.u8(4);
  writer.u16(static_cast<std::uint16_t>(packet.operation));
  writer.bytes(packet.sender_mac.bytes());
  writer.bytes(packet.sender_ip.v4_bytes());
  writer.bytes(packet.target_mac.bytes());
  writer.bytes(packet.target_ip.v4_bytes());
}

}  // namespace handsel::wire
