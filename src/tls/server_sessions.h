#pragma once
/// A server's memory of TLS 1.2 sessions that clients take up again by their id (RFC 5246 7.3, F.1.4): those clients
/// alone that know no tickets, which need no memory here.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/slab.h"
#include "tls/protocol.h"
#include "tls/ticket.h"

namespace handsel::tls {

struct ServerConfig;

/// One session that can be resumed.
struct ServedSession {
  std::array<std::uint8_t, kMaxSessionIdBytes> id{};  ///< drawn by us: unpredictable
  const ServerConfig* config = nullptr;               ///< under which it was made, and is to be resumed
  TicketState state;                                  ///< what a ticket would say
};

/// One worker's sessions, in memory taken at start: when it is full, the one longest unused gives way, wiped. Outlives
/// every tls::Session.
class ServerSessions {
 public:
  explicit ServerSessions(std::uint32_t capacity);
  ServerSessions(const ServerSessions&) = delete;
  ServerSessions& operator=(const ServerSessions&) = delete;

  /// Names the session of this id, and counts as a use; empty when there is none.
  Handle find(Bytes id);
  const ServedSession* get(Handle handle) { return slots_.get(handle); }
  /// Adds a session, whose id is new. Its handle is empty when the capacity is zero.
  Handle keep(ServedSession session);
  /// Does nothing when the session has gone already.
  void forget(Handle handle);

  std::uint32_t size() const { return slots_.size(); }
  /// The next session to be kept costs another one its place.
  bool full() const { return slots_.full(); }

 private:
  static constexpr std::uint32_t kNone = ~0u;
  /// Links of one slot: in its bucket, and in the order of use.
  struct Links {
    std::uint32_t bucket_next = kNone;
    std::uint32_t older = kNone;
    std::uint32_t newer = kNone;
  };

  std::uint32_t& bucket_of(Bytes id) { return buckets_[load_be32(id.data()) & bucket_mask_]; }
  void make_newest(std::uint32_t index);
  void take_out_of_order(std::uint32_t index);
  void evict(std::uint32_t index);

  Slab<ServedSession> slots_;
  std::unique_ptr<Links[]> links_;
  std::unique_ptr<std::uint32_t[]> buckets_;
  std::uint32_t bucket_mask_;
  std::uint32_t oldest_ = kNone;
  std::uint32_t newest_ = kNone;
};

}  // namespace handsel::tls
