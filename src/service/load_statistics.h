#pragma once
/// What a load generator counts. Written by one worker, read by anyone.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/counter.h"
#include "base/histogram.h"
#include "base/time.h"

namespace handsel::service {

// X(identifier, text): why a connection failed; each has one reason.
#define HANDSEL_LOAD_FAILURES(X)                                                          \
  X(not_begun, "our own engine refused to open it: its drops say why")                    \
  X(refused, "the server answered the SYN with a reset")                                  \
  X(timed_out, "the server did not answer the SYN in time")                               \
  X(unreachable, "a router or the server said by ICMP that nobody is there")              \
  X(unresolved, "the neighbour on the way has not told its link address")                 \
  X(handshake, "TCP was established, the TLS handshake was not completed")                \
  X(tls_failed, "the TLS session failed after its handshake")                             \
  X(truncated, "the server ended it without close_notify: what came may not be all")      \
  X(reset, "the server reset the connection before all was done")                         \
  X(lost, "the server stopped acknowledging what we sent")                                \
  X(no_answer, "nothing went on for as long as --timeout says")                           \
  X(closed_early, "the server closed the connection before all was done")                 \
  X(not_closed, "all was done, and the server did not close the connection after us")     \
  X(bad_response, "the server's answer is not HTTP/1.x, or has more bytes than it tells") \
  X(wrong_bytes, "bytes came that differ from what should have come")

enum class LoadFailure : std::uint8_t {
#define X(name, text) name,
  HANDSEL_LOAD_FAILURES(X)
#undef X
};
inline constexpr std::size_t kLoadFailures = 0
#define X(name, text) +1
    HANDSEL_LOAD_FAILURES(X)
#undef X
    ;
/// "refused" and so on.
std::string_view name_of(LoadFailure why);
/// The reason for a person.
std::string_view explain(LoadFailure why);

/// Durations of one kind.
struct LoadLatency {
  Histogram ns;
  Counter max_ns;

  void record(Duration took) {
    const auto value = static_cast<std::uint64_t>(std::max(took, Duration::zero()).count());
    ns.record(value);
    if (value > max_ns.get()) max_ns.set(value);
  }
};

/// The sums agree: begun = completed + failures + cut + active.
struct LoadStatistics {
  Counter begun;          ///< connections that we set out to open
  Counter opened;         ///< of these: ready to be talked on
  Counter opened_steady;  ///< of these: while connections were still being begun
  Counter completed;      ///< of these: all was done
  Counter cut;            ///< open or opening when the run ended, given up then: no failure of anybody's
  Counter active;         ///< opening or open now
  Counter unstarted;      ///< due by the rate, but never begun: as many as are allowed were open already
  std::array<Counter, kLoadFailures> failures;
  Counter requests;               ///< answered whole, whatever the status; rounds of an echo
  std::array<Counter, 6> status;  ///< of these, by the first digit of the HTTP status
  Counter bytes_received;         ///< bodies, or all that comes where there is no HTTP
  Counter bytes_sent;             ///< all that was handed to TCP or TLS, heads of requests too
  Counter started_ns;             ///< when the first connection was due
  Counter last_ns;                ///< when something last went on
  Counter steady_ns;              ///< when the last connection was begun for, as the time was over; 0: not yet
  LoadLatency connect;            ///< from when a connection was due until TCP was established
  LoadLatency handshake;          ///< from then until the TLS handshake was complete
  LoadLatency first_byte;         ///< from when a request was due to its answer's first byte
  LoadLatency request;            ///< from when a request was due to its answer's last byte
  LoadLatency total;              ///< from when a connection was due until it was over, of completed ones

  void fail(LoadFailure why) { failures[static_cast<std::size_t>(why)].add(); }
};

}  // namespace handsel::service
