#pragma once
/// Every reason for which a packet, a segment or a connection is turned away: one table gives the enum,
/// the name that operators see, and the explanation. (The idea is VPP's tcp_error.def.)

#include <array>
#include <cstdint>
#include <string_view>

#include "base/counter.h"

namespace handsel {

// X(identifier, explanation). Append within the layer's group.
#define HANDSEL_DROP_REASONS(X)                                                                \
  /* wire */                                                                                   \
  X(eth_truncated, "frame shorter than an Ethernet header")                                    \
  X(eth_not_for_us, "destination MAC is neither ours, broadcast nor a multicast we listen to") \
  X(eth_unknown_type, "EtherType that the engine does not speak")                              \
  X(vlan_unexpected, "VLAN tag that the port is not a member of")                              \
  X(frame_oversized, "frame longer than the port's MTU allows")                                \
  X(arp_malformed, "ARP packet of wrong length, hardware or protocol type")                    \
  X(ip4_truncated, "IPv4 header or total length runs past the frame")                          \
  X(ip4_bad_version, "version field is not 4")                                                 \
  X(ip4_bad_header_length, "IHL below 5 words")                                                \
  X(ip4_bad_checksum, "IPv4 header checksum wrong")                                            \
  X(ip4_bad_options, "IPv4 option of impossible length")                                       \
  X(ip6_truncated, "IPv6 header or payload length runs past the frame")                        \
  X(ip6_bad_version, "version field is not 6")                                                 \
  X(ip6_bad_extension, "IPv6 extension header malformed or out of place")                      \
  X(ip6_too_many_extensions, "more IPv6 extension headers than the bound")                     \
  X(ip_fragment, "fragment of what is not TCP: not reassembled")                               \
  X(ip_fragment_malformed, "fragment of impossible length, or that cuts the TCP header")       \
  X(ip_fragment_overlap, "fragment that overlaps another of its packet (RFC 5722)")            \
  X(ip_fragment_duplicate, "fragment that had come before")                                    \
  X(ip_fragment_too_long, "fragment of a packet longer than the engine takes")                 \
  X(ip_fragment_table_full, "fragment that gave way to others")                                \
  X(ip_fragment_timeout, "fragment whose packet was not whole in time")                        \
  X(ip_martian, "source address that cannot be one (RFC 1812 5.3.7)")                          \
  X(ip_land, "source equals destination: a land attack")                                       \
  X(ip_not_for_us, "destination address is not ours")                                          \
  X(ip_unknown_protocol, "transport protocol that the engine does not speak")                  \
  X(icmp_malformed, "ICMP message truncated")                                                  \
  X(icmp_bad_checksum, "ICMP checksum wrong")                                                  \
  X(icmp_ignored, "ICMP type that the engine does not act upon")                               \
  X(nd_malformed, "neighbour discovery message that breaks RFC 4861 7.1")                      \
  X(tcp_truncated, "TCP header or data offset runs past the packet")                           \
  X(tcp_bad_offset, "TCP data offset below 5 words")                                           \
  X(tcp_bad_checksum, "TCP checksum wrong")                                                    \
  X(tcp_bad_flags, "flag combination that no sane stack sends")                                \
  X(tcp_port_zero, "source or destination port is zero")                                       \
  /* tcp */                                                                                    \
  X(tcp_no_listener, "SYN to a port on which nothing listens; answered by RST")                \
  X(tcp_no_connection, "segment of no known connection; answered by RST")                      \
  X(tcp_not_acceptable, "segment outside the receive window (RFC 9293 3.10.7.4)")              \
  X(tcp_bad_ack, "acknowledgement outside what may be acknowledged (RFC 5961 5)")              \
  X(tcp_paws, "timestamp older than the last one seen (RFC 7323 5)")                           \
  X(tcp_challenged, "RST or SYN in window but not exact: a challenge ACK was owed (RFC 5961)") \
  X(tcp_challenge_limited, "challenge ACK not sent: the connection's budget was spent")        \
  X(tcp_duplicate, "segment that carries nothing new")                                         \
  X(tcp_window_full, "data past the receive window was trimmed")                               \
  X(tcp_reassembly_full, "out-of-order data past the reassembly bound")                        \
  X(tcp_no_buffer, "no chunk left for received data")                                          \
  X(tcp_after_close, "data after the reader has closed; answered by RST")                      \
  X(tcp_bad_cookie, "ACK whose SYN cookie does not verify")                                    \
  /* flow */                                                                                   \
  X(flow_table_full, "no flow left for a new connection")                                      \
  X(flow_half_open_full, "listener's bound of half-open connections reached")                  \
  X(flow_opening_full, "bound of connections that we are opening reached")                     \
  X(open_draining, "connection not opened: the engine is stopping")                            \
  X(open_bad_target, "connection not opened: no host has that address and port")               \
  X(open_bad_source, "connection not opened: no such address of ours")                         \
  X(open_no_route, "connection not opened: neither a network of ours nor a gateway")           \
  X(open_no_port, "connection not opened: no source port is free")                             \
  X(open_port_taken, "connection not opened: the source port asked for is in use")             \
  X(neighbour_table_full, "no entry left for a new neighbour")                                 \
  X(neighbour_unresolved, "connection whose next hop never told its link address")             \
  X(tx_no_buffer, "no packet buffer left to send with")                                        \
  X(tx_queue_full, "the port took no more packets")                                            \
  X(handshake_memory, "no handshake frame left in the pool")                                   \
  X(crypto_queue_full, "the crypto stage took no more operations")

enum class Drop : std::uint8_t {
#define X(name, text) name,
  HANDSEL_DROP_REASONS(X)
#undef X
};

inline constexpr std::size_t kDropReasons = 0
#define X(name, text) +1
    HANDSEL_DROP_REASONS(X)
#undef X
    ;

/// The name under which `handsel stats` and the metrics show the reason.
std::string_view name_of(Drop reason);
/// A sentence for people.
std::string_view explain(Drop reason);

/// One counter a reason.
class DropCounters {
 public:
  void count(Drop reason, std::uint64_t amount = 1) { counters_[static_cast<std::size_t>(reason)].add(amount); }
  std::uint64_t get(Drop reason) const { return counters_[static_cast<std::size_t>(reason)].get(); }

 private:
  std::array<Counter, kDropReasons> counters_{};
};

}  // namespace handsel
