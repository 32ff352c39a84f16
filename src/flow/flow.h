#pragma once
/// One flow: a TCP connection, maybe a TLS session on it, and the service behind. Everything a worker knows of a peer.

#include <array>
#include <cstdint>
#include <optional>

#include "base/slab.h"
#include "base/time.h"
#include "flow/endpoint.h"
#include "flow/flow_key.h"
#include "flow/service.h"
#include "flow/trace.h"
#include "tcp/byte_queue.h"
#include "tcp/connection.h"
#include "tcp/cookies.h"
#include "wire/address.h"

namespace handsel::flow {

/// The place of a flow in the list of those that wait for a neighbour's link address: indices in the slab.
struct NeighbourWait {
  static constexpr std::uint32_t kNone = ~0u;
  std::uint32_t entry = kNone;  ///< of the neighbours; kNone: not waiting
  std::uint32_t previous = kNone;
  std::uint32_t next = kNone;
};

/// Lives in the shard's slab from the SYN, or from connect(), to TIME_WAIT.
struct Flow {
  Flow(const FlowKey& flow_key, std::uint64_t key_hash, const Endpoint& ours, const wire::MacAddress& from,
       const tcp::Config& config, ChunkPool& chunks, const wire::TcpHeader& syn, wire::SeqNum iss, Instant now)
      : key(flow_key),
        hash(key_hash),
        endpoint(ours),
        peer_mac(from),
        since(now),
        connection(config, chunks, syn, iss, now) {}
  /// From a SYN cookie: `syn` is what the cookie remembered of it.
  Flow(const FlowKey& flow_key, std::uint64_t key_hash, const Endpoint& ours, const wire::MacAddress& from,
       const tcp::Config& config, ChunkPool& chunks, const tcp::CookieSyn& cookie, Instant now)
      : key(flow_key),
        hash(key_hash),
        endpoint(ours),
        peer_mac(from),
        since(now),
        connection(config, chunks, cookie.syn, cookie.iss, now, tcp::Connection::FromCookie{}) {}
  /// We open it.
  Flow(const FlowKey& flow_key, std::uint64_t key_hash, const Endpoint& ours, const tcp::Config& config,
       ChunkPool& chunks, wire::SeqNum iss, Instant now)
      : key(flow_key), active(true), hash(key_hash), endpoint(ours), since(now), connection(config, chunks, iss, now) {}

  FlowKey key;
  // Bits, so that they fit beside the key.
  bool active : 1 = false;            ///< we opened it
  bool half_open : 1 = true;          ///< counted as such, or as opening, until the three-way handshake is done
  bool output_queued : 1 = false;     ///< stands in the shard's list of flows with something to say
  bool service_open : 1 = false;      ///< on_open was called, on_closed not yet
  bool service_told : 1 = false;      ///< on_open or on_open_failed was called
  bool early_told : 1 = false;        ///< on_early was called
  bool peer_finished : 1 = false;     ///< the peer's FIN is in order
  bool peer_closed_told : 1 = false;  ///< on_peer_closed was called
  bool close_asked : 1 = false;       ///< the service wants no more
  bool close_notified : 1 = false;    ///< the peer's close_notify came
  bool whole_expected : 1 = false;    ///< by the service: bytes alone do not defer the deadline
  bool starved : 1 = false;           ///< the last attempt to read stopped because bytes were missing
  bool ended : 1 = false;             ///< service and session are gone; TCP may still linger
  bool said_unreachable : 1 = false;  ///< by an ICMP error about our SYN that leaves hope (RFC 9293 3.9.2.2, SHLD-25)
  std::uint8_t trace = Tracer::kNoRecord;
  tcp::End end = tcp::End::none;  ///< for Stream::end()
  std::uint64_t hash;
  Endpoint endpoint;
  /// Where the peer's last acceptable frame came from: answers go back the same way. Before there was one, the next
  /// hop.
  wire::MacAddress peer_mac;
  std::optional<OpenFailure> open_failure;  ///< where `end` does not say it
  Handle self;
  Handle session;             ///< of the shard's TLS sessions; empty on plain TCP
  Instant since;              ///< when the opening began; once TCP is established, when it was
  Instant deadline = kNever;  ///< of the TLS handshake, then of idleness
  Instant retry = kNever;     ///< when to look again for room to send, while chunks are short
  tcp::Connection connection;
  tcp::ByteQueue unread;  ///< plaintext that the service has not taken yet
  NeighbourWait wait;

  /// A handle as one word: the mark that crypto operations carry.
  std::uint64_t owner_mark() const { return std::uint64_t{self.generation} << 32 | self.index; }
  static Handle handle_of(std::uint64_t mark) {
    return {static_cast<std::uint32_t>(mark), static_cast<std::uint32_t>(mark >> 32)};
  }

  alignas(8) std::array<std::uint8_t, kServiceStateBytes> service_state{};
};

}  // namespace handsel::flow
