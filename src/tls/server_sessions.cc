#include "tls/server_sessions.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace handsel::tls {

ServerSessions::ServerSessions(std::uint32_t capacity)
    : slots_(capacity), links_(new Links[capacity]), bucket_mask_(std::bit_ceil(std::max(capacity, 1u)) - 1) {
  buckets_.reset(new std::uint32_t[bucket_mask_ + 1]);
  std::fill_n(buckets_.get(), bucket_mask_ + 1, kNone);
}

// Clients choose what is looked for, but not what is found: the ids in a bucket are random, and so are few.
Handle ServerSessions::find(Bytes id) {
  if (id.size() != kMaxSessionIdBytes) return {};
  for (std::uint32_t index = bucket_of(id); index != kNone; index = links_[index].bucket_next) {
    if (!std::ranges::equal(slots_.at(index)->id, id)) continue;
    take_out_of_order(index);
    make_newest(index);
    return slots_.handle_at(index);
  }
  return {};
}

Handle ServerSessions::keep(ServedSession session) {
  if (slots_.full() && oldest_ != kNone) evict(oldest_);
  std::uint32_t& head = bucket_of(session.id);
  const Handle handle = slots_.emplace(std::move(session));
  if (!handle) return {};
  links_[handle.index].bucket_next = std::exchange(head, handle.index);
  make_newest(handle.index);
  return handle;
}

void ServerSessions::forget(Handle handle) {
  if (slots_.get(handle) != nullptr) evict(handle.index);
}

void ServerSessions::make_newest(std::uint32_t index) {
  links_[index].older = newest_;
  links_[index].newer = kNone;
  (newest_ == kNone ? oldest_ : links_[newest_].newer) = index;
  newest_ = index;
}

void ServerSessions::take_out_of_order(std::uint32_t index) {
  const Links& links = links_[index];
  (links.older == kNone ? oldest_ : links_[links.older].newer) = links.newer;
  (links.newer == kNone ? newest_ : links_[links.newer].older) = links.older;
}

void ServerSessions::evict(std::uint32_t index) {
  for (std::uint32_t* at = &bucket_of(slots_.at(index)->id); *at != kNone; at = &links_[*at].bucket_next)
    if (*at == index) {
      *at = links_[index].bucket_next;
      break;
    }
  take_out_of_order(index);
  links_[index] = {};
  slots_.erase(slots_.handle_at(index));
}

}  // namespace handsel::tls
