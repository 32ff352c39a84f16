#include "tls/session_cache.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace handsel::tls {

bool StoredSession::set_ticket(Bytes bytes) {
  if (bytes.size() > ticket.size()) return false;
  std::ranges::copy(bytes, ticket.begin());
  ticket_bytes = static_cast<std::uint16_t>(bytes.size());
  return true;
}

SessionCache::SessionCache(const Sizes& sizes)
    : sizes_(sizes),
      slots_(sizes.sessions),
      pending_(sizes.connections),
      links_(new Links[sizes.sessions]),
      bucket_mask_(std::bit_ceil(std::max(sizes.sessions, 1u)) - 1) {
  buckets_.reset(new std::uint32_t[bucket_mask_ + 1]);
  std::fill_n(buckets_.get(), bucket_mask_ + 1, kNone);
}

// A scope is a digest: its first bytes are as good as any hash of it.
std::uint32_t& SessionCache::bucket_of(const SessionScope& scope) {
  return buckets_[load_be32(scope.data()) & bucket_mask_];
}

SessionCache::Taken SessionCache::take(const SessionScope& scope, std::uint64_t now_unix_ms) {
  std::uint32_t next = kNone;
  for (std::uint32_t index = bucket_of(scope); index != kNone; index = next) {
    next = links_[index].bucket_next;
    const StoredSession& session = *slots_.at(index);
    if (session.scope != scope) continue;
    if (now_unix_ms >= session.expires_unix_ms || now_unix_ms < session.received_unix_ms) {
      evict(index);
      continue;
    }
    unlist(index);
    return {*this, slots_.handle_at(index)};
  }
  return {};
}

SessionCache::Room SessionCache::open() {
  if (slots_.full() && oldest_ != kNone) evict(oldest_);
  const Handle handle = slots_.emplace();
  return handle ? Room(*this, handle) : Room();
}

// At most sessions_per_scope of one scope.
void SessionCache::make_room_in(const SessionScope& scope) {
  if (sizes_.sessions_per_scope >= sizes_.sessions) return;  // open() keeps that bound
  std::uint32_t same = 0;
  std::uint32_t last = kNone;
  for (std::uint32_t at = bucket_of(scope); at != kNone; at = links_[at].bucket_next)
    if (slots_.at(at)->scope == scope) {
      ++same;
      last = at;
    }
  if (same >= sizes_.sessions_per_scope && last != kNone) evict(last);
}

void SessionCache::keep(Handle handle) {
  const std::uint32_t index = handle.index;
  make_room_in(slots_.at(index)->scope);
  std::uint32_t& head = bucket_of(slots_.at(index)->scope);
  if (head != kNone) links_[head].bucket_previous = index;
  links_[index] = {.bucket_next = head, .bucket_previous = kNone, .older = newest_, .newer = kNone, .listed = true};
  head = index;
  (newest_ == kNone ? oldest_ : links_[newest_].newer) = index;
  newest_ = index;
  ++size_;
}

void SessionCache::unlist(std::uint32_t index) {
  assert(links_[index].listed);
  const Links& links = links_[index];
  if (links.bucket_next != kNone) links_[links.bucket_next].bucket_previous = links.bucket_previous;
  (links.bucket_previous == kNone ? bucket_of(slots_.at(index)->scope) : links_[links.bucket_previous].bucket_next) =
      links.bucket_next;
  (links.older == kNone ? oldest_ : links_[links.older].newer) = links.newer;
  (links.newer == kNone ? newest_ : links_[links.newer].older) = links.older;
  links_[index] = {};
  --size_;
}

void SessionCache::evict(std::uint32_t index) {
  unlist(index);
  slots_.erase(slots_.handle_at(index));
}

}  // namespace handsel::tls
