#pragma once
/// What a shard counts. Written by its worker alone, read by anyone.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/counter.h"
#include "base/drop.h"
#include "base/histogram.h"

namespace handsel::flow {

// X(identifier, explanation): one table gives the fields, their names and their order.
#define HANDSEL_PACKET_COUNTERS(X)                                           \
  X(rx_frames, "frames received")                                            \
  X(rx_bytes, "bytes received, with Ethernet headers")                       \
  X(tx_frames, "frames sent")                                                \
  X(tx_bytes, "bytes sent, with Ethernet headers")                           \
  X(arp_requests, "ARP requests for our addresses, answered")                \
  X(nd_solicitations, "neighbour solicitations for our addresses, answered") \
  X(icmp_echo, "ICMP and ICMPv6 echo requests, answered")                    \
  X(arp_queries, "ARP requests that we sent")                                \
  X(nd_queries, "neighbour solicitations that we sent")                      \
  X(neighbours, "neighbours in the table now")                               \
  X(neighbour_changes, "neighbours that came to have another link address")  \
  X(address_conflicts, "claims of others to addresses of ours (RFC 5227)")   \
  X(reassembled, "packets made whole from fragments")                        \
  X(dropped, "frames and segments dropped, by all reasons together")

#define HANDSEL_TCP_COUNTERS(X)                                        \
  X(segments_in, "TCP segments received with good checksums")          \
  X(segments_out, "TCP segments sent")                                 \
  X(syn_received, "SYNs to our listeners")                             \
  X(cookies_sent, "SYNs answered by a cookie, nothing stored")         \
  X(cookies_accepted, "connections made from a returned cookie")       \
  X(connections_initiated, "connections that we began to open")        \
  X(opens_refused, "of these: answered by RST")                        \
  X(opens_timed_out, "of these: not answered")                         \
  X(opens_unreachable, "of these: unreachable, said ICMP")             \
  X(opens_unresolved, "of these: the next hop did not answer")         \
  X(opens_without_tls, "of these: no TLS handshake completed")         \
  X(opens_cut, "of these: given up by us")                             \
  X(connections_opened, "three-way handshakes completed")              \
  X(connections_closed, "connections that ended in order")             \
  X(connections_reset, "connections that a peer's RST ended")          \
  X(connections_aborted, "connections that we reset")                  \
  X(connections_timed_out, "connections whose peer stopped answering") \
  X(half_open_expired, "half-open connections given up")               \
  X(handshake_timeouts, "TLS handshakes not finished in time")         \
  X(close_timeouts, "connections whose peer did not close after us")   \
  X(idle_timeouts, "connections closed for want of progress")          \
  X(resets_sent, "RST segments sent")                                  \
  X(retransmits, "segments sent again")                                \
  X(reductions_undone, "windows restored: no loss, only delay")        \
  X(bytes_in, "payload bytes received in order")                       \
  X(bytes_out, "payload bytes handed to TCP")                          \
  X(flows, "flows in the table now")                                   \
  X(half_open, "flows in SYN_RECEIVED now")                            \
  X(opening, "connections that we are opening now")                    \
  X(time_wait, "connections in TIME_WAIT now")                         \
  X(path_mtu_lowered, "connections whose path turned out narrower (ICMP)")

struct PacketStatistics {
#define X(name, text) Counter name;
  HANDSEL_PACKET_COUNTERS(X)
#undef X
};

struct TcpStatistics {
#define X(name, text) Counter name;
  HANDSEL_TCP_COUNTERS(X)
#undef X
};

struct ShardStatistics {
  PacketStatistics packets;
  TcpStatistics tcp;
  DropCounters drops;
  Histogram tcp_handshake_ns;  ///< from the SYN to the ACK that completes the handshake
  Histogram tcp_connect_ns;    ///< from connect() to the SYN-ACK
  Histogram tls_handshake_ns;  ///< from that ACK to the client's Finished

  void drop(Drop reason) {
    drops.count(reason);
    packets.dropped.add();
  }
};

}  // namespace handsel::flow
