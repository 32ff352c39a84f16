#pragma once
/// A client's memory of sessions that servers will take up again (RFC 8446 2.2, 4.6.1; RFC 5077; RFC 5246 7.3).

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/slab.h"
#include "crypto/hash.h"
#include "tls/key_schedule13.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// For whom, and under which rules, a session was made: it serves no other (ClientConfig::session_scope).
using SessionScope = std::array<std::uint8_t, 16>;

/// One session that can be resumed.
struct StoredSession {
  SessionScope scope{};
  Version version{};
  CipherSuite suite{};
  bool extended_master_secret = false;  ///< of TLS 1.2: must be the same when resumed (RFC 7627 5.3)
  std::uint32_t age_add = 0;            ///< of TLS 1.3
  std::uint32_t max_early_data = 0;     ///< of TLS 1.3: bytes that may be sent early with it
  std::uint16_t alpn = 0xffff;          ///< index of the protocol, which early data is of; 0xffff: none
  std::uint64_t received_unix_ms = 0;   ///< when the ticket came
  std::uint64_t expires_unix_ms = 0;
  std::uint8_t session_id_bytes = 0;       ///< of TLS 1.2 without a ticket
  std::uint16_t ticket_bytes = 0;          ///< 0: there is a session id alone
  Secret<crypto::kMaxDigestBytes> secret;  ///< TLS 1.3: the pre-shared key; 1.2: the master secret
  std::array<std::uint8_t, kMaxSessionIdBytes> session_id{};
  std::array<std::uint8_t, limits::kMaxStoredTicketBytes> ticket{};

  Bytes ticket_view() const { return Bytes(ticket).first(ticket_bytes); }
  Bytes session_id_view() const { return Bytes(session_id).first(session_id_bytes); }
  /// False, and nothing is kept, when it is longer than limits::kMaxStoredTicketBytes.
  bool set_ticket(Bytes bytes);
};

/// One worker's sessions, in memory taken at start: when it is full, the oldest gives way. A session is handed out once
/// ("clients SHOULD NOT reuse a ticket for multiple connections", RFC 8446 C.4). Outlives every tls::Session.
class SessionCache {
 public:
  struct Sizes {
    std::uint32_t sessions = 1'024;
    std::uint32_t sessions_per_scope = 4;  ///< the oldest of the scope gives way. Looked for one by one: few, or as
                                           ///< many as there are sessions
    std::uint32_t connections = 1'024;     ///< connections at once for which tickets may still come
  };

  explicit SessionCache(const Sizes& sizes);
  SessionCache(const SessionCache&) = delete;
  SessionCache& operator=(const SessionCache&) = delete;

  /// A session taken out of the cache; its memory goes back, wiped, when this goes.
  class Taken {
   public:
    Taken() = default;
    Taken(SessionCache& cache, Handle handle) : cache_(&cache), handle_(handle) {}
    Taken(Taken&& other) noexcept
        : cache_(std::exchange(other.cache_, nullptr)), handle_(std::exchange(other.handle_, {})) {}
    Taken& operator=(Taken&& other) noexcept {
      std::swap(cache_, other.cache_);
      std::swap(handle_, other.handle_);
      return *this;
    }
    ~Taken() { drop(); }

    explicit operator bool() const { return cache_ != nullptr; }
    const StoredSession* operator->() const { return cache_->stored(handle_); }
    const StoredSession& operator*() const { return *cache_->stored(handle_); }
    void drop() {
      if (cache_ != nullptr) std::exchange(cache_, nullptr)->slots_.erase(handle_);
    }

   private:
    SessionCache* cache_ = nullptr;
    Handle handle_;
  };

  /// The newest session of this scope that has not expired; false when there is none.
  Taken take(const SessionScope& scope, std::uint64_t now_unix_ms);

  /// Room for a session to be filled in and added by keep(); without that it goes back, wiped, when this goes.
  class Room {
   public:
    Room() = default;
    Room(SessionCache& cache, Handle handle) : cache_(&cache), handle_(handle) {}
    Room(Room&& other) noexcept
        : cache_(std::exchange(other.cache_, nullptr)), handle_(std::exchange(other.handle_, {})) {}
    Room& operator=(Room&& other) noexcept {
      std::swap(cache_, other.cache_);
      std::swap(handle_, other.handle_);
      return *this;
    }
    ~Room() {
      if (cache_ != nullptr) cache_->slots_.erase(handle_);
    }

    explicit operator bool() const { return cache_ != nullptr; }
    StoredSession* operator->() const { return cache_->slots_.get(handle_); }
    StoredSession& operator*() const { return *cache_->slots_.get(handle_); }
    /// Makes the session findable.
    void keep() { std::exchange(cache_, nullptr)->keep(handle_); }

   private:
    SessionCache* cache_ = nullptr;
    Handle handle_;
  };

  /// The oldest session gives way when there is no room; nothing when all are taken out.
  Room open();

  /// What a connection holds while tickets may come. Its handle is empty when there are too many.
  struct Pending {
    SessionScope scope{};
    CipherSuite suite{};
    std::uint16_t alpn = 0xffff;  ///< as in StoredSession
    TrafficSecret resumption;     ///< the resumption master secret (RFC 8446 7.1)
  };
  Handle hold(Pending pending) { return pending_.emplace(std::move(pending)); }
  Pending* pending(Handle handle) { return pending_.get(handle); }
  void release(Handle handle) {
    if (pending_.get(handle) != nullptr) pending_.erase(handle);
  }

  /// Sessions that can be taken.
  std::uint32_t size() const { return size_; }
  std::uint32_t taken_out() const { return slots_.size() - size_; }
  std::uint32_t pending_count() const { return pending_.size(); }

 private:
  static constexpr std::uint32_t kNone = ~0u;
  /// Links of one slot: in its bucket, newest first, and in the order of age.
  struct Links {
    std::uint32_t bucket_next = kNone;
    std::uint32_t bucket_previous = kNone;
    std::uint32_t older = kNone;
    std::uint32_t newer = kNone;
    bool listed = false;
  };

  const StoredSession* stored(Handle handle) { return slots_.get(handle); }
  std::uint32_t& bucket_of(const SessionScope& scope);
  void keep(Handle handle);
  void make_room_in(const SessionScope& scope);
  void unlist(std::uint32_t index);
  void evict(std::uint32_t index);

  Sizes sizes_;
  Slab<StoredSession> slots_;
  Slab<Pending> pending_;
  std::unique_ptr<Links[]> links_;
  std::unique_ptr<std::uint32_t[]> buckets_;
  std::uint32_t bucket_mask_;
  std::uint32_t oldest_ = kNone;
  std::uint32_t newest_ = kNone;
  std::uint32_t size_ = 0;
};

}  // namespace handsel::tls
