#include "flow/neighbours.h"

#include <algorithm>

namespace handsel::flow {
namespace {

// RFC 4861 6.3.2: uniformly between half and one and a half times the base, so that hosts do not ask in step. Drawn
// once from the worker's key; the RFC draws anew every few hours, for routers that change the base.
Duration reachable_time(const SipKey& key) {
  constexpr std::uint64_t kBase = static_cast<std::uint64_t>(Neighbours::kReachable.count());
  return Duration(static_cast<std::int64_t>(kBase / 2 + siphash24(key, {}) % kBase));
}

}  // namespace

Neighbours::Neighbours(const SipKey& key, Instant now, std::uint32_t capacity)
    : key_(key), reachable_(reachable_time(key)), entries_(capacity), table_(capacity), timers_(capacity, now) {
  owed_.reserve(capacity);
}

Neighbours::Resolution Neighbours::resolve(const wire::IpAddress& address, Instant now) {
  const std::uint64_t hash = siphash24(key_, address.bytes());
  std::uint32_t index = find(address, hash);
  if (index == kNone) {
    index = add(address, hash, true, now);
    if (index == kNone) return {};
    enter(index, State::incomplete, now);
  }
  Entry& entry = *entries_.at(index);
  entry.wanted = true;
  entry.touched = now;
  if (entry.state == State::incomplete) return {std::nullopt, index};
  if (entry.state == State::stale) enter(index, State::delay, now);
  return {entry.mac, index};
}

// RFC 4861 7.2.5 and 7.2.3; RFC 826's "packet reception", but that what comes unasked is to be verified.
Neighbours::Learnt Neighbours::learn(const Claim& claim, Instant now) {
  Learnt learnt;
  if (claim.mac && (claim.mac->is_multicast() || claim.mac->is_zero())) return learnt;
  const std::uint64_t hash = siphash24(key_, claim.address.bytes());
  std::uint32_t index = find(claim.address, hash);
  if (index == kNone) {
    if (!claim.to_us || !claim.mac) return learnt;
    index = add(claim.address, hash, false, now);
    if (index == kNone) return learnt;
    entries_.at(index)->mac = *claim.mac;
    enter(index, State::stale, now);
    return learnt;
  }
  Entry& entry = *entries_.at(index);
  const bool answer = claim.answer && (entry.state == State::incomplete || entry.state == State::probe);
  if (entry.state == State::incomplete) {
    if (!claim.mac) return learnt;
    entry.mac = *claim.mac;
    enter(index, answer ? State::reachable : State::stale, now);
    learnt.resolved = index;
    return learnt;
  }
  const bool differs = claim.mac && *claim.mac != entry.mac;
  if (differs && !claim.override_cache) {
    if (entry.state == State::reachable) enter(index, State::stale, now);
    return learnt;
  }
  if (differs) {
    entry.mac = *claim.mac;
    learnt.changed = true;
  }
  if (answer)
    enter(index, State::reachable, now);
  else if (differs)
    enter(index, State::stale, now);
  return learnt;
}

void Neighbours::confirm(const wire::IpAddress& address, Instant now) {
  const std::uint32_t index = find(address, siphash24(key_, address.bytes()));
  if (index != kNone && entries_.at(index)->state != State::incomplete) enter(index, State::reachable, now);
}

std::optional<Neighbours::State> Neighbours::state_of(const wire::IpAddress& address) {
  const std::uint32_t index = find(address, siphash24(key_, address.bytes()));
  return index == kNone ? std::nullopt : std::optional(entries_.at(index)->state);
}

std::uint32_t Neighbours::find(const wire::IpAddress& address, std::uint64_t hash) {
  return table_.find(hash, [&](std::uint32_t index) { return entries_.at(index)->address == address; });
}

std::uint32_t Neighbours::add(const wire::IpAddress& address, std::uint64_t hash, bool wanted, Instant now) {
  if (entries_.full() && !make_room(wanted)) return kNone;
  const Handle handle = entries_.emplace(address, hash, now);
  table_.insert(hash, handle.index);
  return handle.index;
}

// The entry unused for longest gives way: for a neighbour that we want any for which nobody waits, for one that asked
// only another of those. The search is as long as the table, and happens only when that is full.
bool Neighbours::make_room(bool wanted) {
  std::uint32_t victim = kNone;
  for (std::uint32_t i = 0; i < entries_.capacity(); ++i) {
    const Entry* entry = entries_.at(i);
    if (entry == nullptr || entry->state == State::incomplete || (entry->wanted && !wanted)) continue;
    const Entry* best = victim == kNone ? nullptr : entries_.at(victim);
    const bool worse =
        best != nullptr && (entry->wanted != best->wanted ? entry->wanted : entry->touched >= best->touched);
    if (!worse) victim = i;
  }
  if (victim == kNone) return false;
  remove(victim);
  return true;
}

void Neighbours::ask(std::uint32_t index, Instant now) {
  Entry& entry = *entries_.at(index);
  ++entry.queries;
  if (!entry.query_owed) owed_.push_back(index);
  entry.query_owed = true;
  timers_.schedule(index, now + kRetransmit);
}

void Neighbours::enter(std::uint32_t index, State state, Instant now) {
  Entry& entry = *entries_.at(index);
  entry.state = state;
  entry.queries = 0;
  if (std::exchange(entry.query_owed, false)) std::erase(owed_, index);
  switch (state) {
    case State::incomplete:
    case State::probe:
      ask(index, now);
      break;
    case State::reachable:
      timers_.schedule(index, now + reachable_);
      break;
    case State::stale:
      timers_.schedule(index, now + kStaleLife);
      break;
    case State::delay:
      timers_.schedule(index, now + kDelay);
      break;
  }
}

// False when the entry is at its end.
bool Neighbours::on_timer(std::uint32_t index, Instant now) {
  const Entry& entry = *entries_.at(index);
  switch (entry.state) {
    case State::incomplete:
    case State::probe:
      if (entry.queries == kQueries) return false;
      ask(index, now);
      return true;
    case State::reachable:
      enter(index, State::stale, now);
      return true;
    case State::stale:
      return false;
    case State::delay:
      enter(index, State::probe, now);
      return true;
  }
  return false;
}

void Neighbours::remove(std::uint32_t index) {
  Entry& entry = *entries_.at(index);
  if (entry.query_owed) std::erase(owed_, index);
  timers_.cancel(index);
  table_.erase(entry.hash, index);
  entries_.erase(entries_.handle_at(index));
}

}  // namespace handsel::flow
