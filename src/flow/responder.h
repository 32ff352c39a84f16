#pragma once
/// What a host answers without any connection: ARP, neighbour discovery, echo. Stateless.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/drop.h"
#include "flow/frame_sink.h"
#include "flow/statistics.h"
#include "wire/address.h"
#include "wire/frame.h"

namespace handsel::flow {

/// Worker thread only. Answers go back to the link address that asked.
class Responder {
 public:
  Responder(const wire::MacAddress& mac, std::optional<std::uint16_t> vlan, std::vector<wire::IpPrefix> addresses);

  /// Why a parsed frame is none of our business: another MAC or VLAN, a martian, another host's address.
  std::optional<Drop> refuse(const wire::FrameView& frame) const;

  /// Answers an ARP request (RFC 826), a neighbour solicitation (RFC 4861 7.2.4), or an echo request (RFC 1122 3.2.2.6,
  /// RFC 4443 4.2). The reason when it is none of these, or malformed.
  std::optional<Drop> answer(const wire::FrameView& frame, FrameSink& sink, PacketStatistics& statistics) const;

  /// Tells the network where our addresses are: gratuitous ARP (RFC 5227 3) and unsolicited neighbour advertisements
  /// (RFC 4861 7.2.6).
  void announce(FrameSink& sink, PacketStatistics& statistics) const;

 private:
  bool is_ours(const wire::IpAddress& address) const;
  std::optional<Drop> answer_arp(const wire::FrameView& frame, FrameSink& sink, PacketStatistics& statistics) const;
  std::optional<Drop> answer_icmp(const wire::FrameView& frame, FrameSink& sink, PacketStatistics& statistics) const;
  std::optional<Drop> answer_icmpv6(const wire::FrameView& frame, FrameSink& sink, PacketStatistics& statistics) const;

  wire::MacAddress mac_;
  std::optional<std::uint16_t> vlan_;
  std::vector<wire::IpPrefix> addresses_;
};

}  // namespace handsel::flow
