#pragma once
/// Which link address a neighbour has: asked for, verified, aged and forgotten. ARP and neighbour discovery in one
/// table, without I/O: what to ask comes out as values.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/limits.h"
#include "base/siphash.h"
#include "base/slab.h"
#include "base/time.h"
#include "base/timer_wheel.h"
#include "flow/flow_table.h"
#include "wire/address.h"

namespace handsel::flow {

/// The states of RFC 4861 7.3.2, for IPv4 too: RFC 826 has no ageing of its own, and RFC 1122 2.3.2.1 asks for one of
/// several, of which a unicast poll of entries in use is what PROBE does. Worker thread only; all memory is taken when
/// it is made.
///
/// An entry is made when somebody here wants to send, or when a neighbour asks for one of our addresses; that second
/// kind never costs one of the first its place. What nobody asked for changes existing entries only, and only to STALE,
/// so that it is verified when it is used. Only an answer to a question that is open makes an entry REACHABLE.
class Neighbours {
 public:
  static constexpr std::uint32_t kNone = ~0u;
  static constexpr Duration kRetransmit = std::chrono::seconds(1);  ///< RetransTimer; RFC 1122: one request a second
  static constexpr int kQueries = 3;                                ///< MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT
  static constexpr Duration kReachable = std::chrono::seconds(30);  ///< BaseReachableTime, varied by half
  static constexpr Duration kDelay = std::chrono::seconds(5);       ///< DELAY_FIRST_PROBE_TIME
  static constexpr Duration kStaleLife = std::chrono::minutes(10);  ///< unused for so long: forgotten

  enum class State : std::uint8_t { incomplete, reachable, stale, delay, probe };

  /// `key` hashes addresses and varies the reachable time from worker to worker.
  Neighbours(const SipKey& key, Instant now, std::uint32_t capacity = limits::kMaxNeighbours);

  /// What resolve() knows.
  struct Resolution {
    std::optional<wire::MacAddress> mac;  ///< send there; nullopt: wait for the entry
    std::uint32_t entry = kNone;          ///< kNone: the table is full of neighbours that are being asked for
  };
  /// For a packet that is about to go to `address`: its link address, or a query for it begins.
  Resolution resolve(const wire::IpAddress& address, Instant now);

  /// What a neighbour says of itself.
  struct Claim {
    wire::IpAddress address;
    std::optional<wire::MacAddress> mac;  ///< an advertisement may leave it out
    bool answer = false;                  ///< says that it answers; believed while we ask
    bool override_cache = true;           ///< RFC 4861 4.4; in ARP everything does (RFC 826)
    bool to_us = false;                   ///< a request for an address of ours: its sender will want our answers
  };
  /// What became of it.
  struct Learnt {
    std::uint32_t resolved = kNone;  ///< this entry has its address now: those who wait for it may send
    bool changed = false;            ///< a known link address was replaced
  };
  Learnt learn(const Claim& claim, Instant now);

  /// A peer behind this neighbour has answered: packets reach it (RFC 4861 7.3.1).
  void confirm(const wire::IpAddress& address, Instant now);

  /// A question to be sent: to one neighbour, or to whoever hears it.
  struct Query {
    wire::IpAddress target;
    std::optional<wire::MacAddress> to;
  };
  /// Moves to `now`. `send(Query)` is false when nothing can be sent now; it is asked again. `fail(entry)` comes for an
  /// entry that nobody has answered for, before it goes: whoever waits for it waits in vain. True when anything was
  /// done.
  template <class Send, class Fail>
  bool advance(Instant now, Send&& send, Fail&& fail) {
    bool worked = false;
    timers_.advance(now, [&](std::uint32_t index) {
      worked = true;
      if (!on_timer(index, now)) {
        fail(index);
        remove(index);
      }
    });
    while (!owed_.empty()) {
      Entry& entry = *entries_.at(owed_.back());
      worked = true;
      if (!send(Query{entry.address, entry.state == State::probe ? std::optional(entry.mac) : std::nullopt})) break;
      entry.query_owed = false;
      owed_.pop_back();
    }
    return worked;
  }
  /// advance() has something to do at the latest at this instant.
  Instant next_deadline() const { return owed_.empty() ? timers_.next_deadline() : Instant{}; }

  /// Head of the list of those who wait for an entry, the caller's to keep; kNone when nobody does.
  std::uint32_t& waiting(std::uint32_t entry) { return entries_.at(entry)->waiting; }

  /// For displays and tests: nullopt when there is no entry.
  std::optional<State> state_of(const wire::IpAddress& address);
  std::uint32_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Entry(const wire::IpAddress& of, std::uint64_t address_hash, Instant now)
        : address(of), hash(address_hash), touched(now) {}
    wire::IpAddress address;
    std::uint64_t hash;
    Instant touched;  // when it was last used to send, or made
    std::uint32_t waiting = kNone;
    wire::MacAddress mac;
    State state = State::incomplete;
    std::uint8_t queries = 0;  // asked in this state
    bool wanted = false;       // we have sent by it, or want to
    bool query_owed = false;
  };

  std::uint32_t find(const wire::IpAddress& address, std::uint64_t hash);
  std::uint32_t add(const wire::IpAddress& address, std::uint64_t hash, bool wanted, Instant now);
  bool make_room(bool wanted);
  void ask(std::uint32_t index, Instant now);
  void enter(std::uint32_t index, State state, Instant now);
  bool on_timer(std::uint32_t index, Instant now);
  void remove(std::uint32_t index);

  SipKey key_;
  Duration reachable_;
  Slab<Entry> entries_;
  FlowTable table_;
  TimerWheel timers_;
  std::vector<std::uint32_t> owed_;  // entries whose query has yet to be sent; reserved once
};

}  // namespace handsel::flow
