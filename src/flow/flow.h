#pragma once
/// One flow: a TCP connection, maybe a TLS session on it, and the service behind. Everything a worker knows of a peer.

#include <array>
#include <cstdint>

#include "base/slab.h"
#include "base/time.h"
#include "flow/flow_key.h"
#include "flow/listener.h"
#include "flow/service.h"
#include "flow/trace.h"
#include "tcp/byte_queue.h"
#include "tcp/connection.h"
#include "tcp/cookies.h"
#include "wire/address.h"

namespace handsel::flow {

/// Lives in the shard's slab from the SYN to the end of TIME_WAIT.
struct Flow {
  Flow(const FlowKey& flow_key, std::uint64_t key_hash, const Listener& to, const wire::MacAddress& from,
       const tcp::Config& config, ChunkPool& chunks, const wire::TcpHeader& syn, wire::SeqNum iss, Instant now)
      : key(flow_key),
        hash(key_hash),
        listener(&to),
        peer_mac(from),
        started(now),
        connection(config, chunks, syn, iss, now) {}
  /// From a SYN cookie: `syn` is what the cookie remembered of it.
  Flow(const FlowKey& flow_key, std::uint64_t key_hash, const Listener& to, const wire::MacAddress& from,
       const tcp::Config& config, ChunkPool& chunks, const tcp::CookieSyn& cookie, Instant now)
      : key(flow_key),
        hash(key_hash),
        listener(&to),
        peer_mac(from),
        started(now),
        connection(config, chunks, cookie.syn, cookie.iss, now, tcp::Connection::FromCookie{}) {}

  FlowKey key;
  std::uint64_t hash;
  const Listener* listener;
  wire::MacAddress peer_mac;  ///< where the peer's last frame came from: answers go back the same way
  std::uint8_t trace = Tracer::kNoRecord;
  bool output_queued = false;  ///< stands in the shard's list of flows with something to say
  bool half_open = true;       ///< counted as such until the three-way handshake is done
  bool service_open = false;   ///< on_open was called, on_closed not yet
  bool peer_finished = false;  ///< the peer's FIN is in order
  bool peer_closed_told = false;
  bool close_asked = false;     ///< the service wants no more
  bool close_notified = false;  ///< the peer's close_notify came
  bool starved = false;         ///< the last attempt to read stopped because bytes were missing
  bool ended = false;           ///< service and session are gone; TCP may still linger
  Handle self;
  Handle session;  ///< of the shard's TLS sessions; empty on plain TCP
  Instant started;
  Instant established{};
  Instant deadline = kNever;  ///< of the TLS handshake, then of idleness
  Instant retry = kNever;     ///< when to look again for room to send, while chunks are short
  tcp::Connection connection;
  tcp::ByteQueue unread;  ///< plaintext that the service has not taken yet

  /// A handle as one word: the mark that crypto operations carry.
  std::uint64_t owner_mark() const { return std::uint64_t{self.generation} << 32 | self.index; }
  static Handle handle_of(std::uint64_t mark) {
    return {static_cast<std::uint32_t>(mark), static_cast<std::uint32_t>(mark >> 32)};
  }

  alignas(8) std::array<std::uint8_t, kServiceStateBytes> service_state{};
};

}  // namespace handsel::flow
