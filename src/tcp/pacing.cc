/// Pacing: a window is spread over its round trip rather than sent in one burst.

#include "tcp/connection.h"

namespace handsel::tcp {

namespace {
/// Timers have a resolution of about a millisecond: what was missed meanwhile is made up for.
constexpr Duration kCredit = std::chrono::milliseconds(1);
// In hundredths of cwnd a round trip, as Linux: slow start must be able to double, later there is some slack.
constexpr std::uint64_t kSlowStartPace = 200;
constexpr std::uint64_t kPace = 120;
}  // namespace

/// Whether the next segment has to wait; next_deadline() then names its time. The first flight goes at once, and so
/// does what finds nothing in flight.
bool Connection::held_by_pacing(Instant now) {
  if (!pacing_ || board_.empty() || bytes_acknowledged_ == 0) return false;
  Flight& flight = board_.flight(*pool_);
  flight.pace_waits = flight.pace_at > now;
  return flight.pace_waits;
}

void Connection::pace(std::uint32_t length, Instant now) {
  if (!pacing_ || bytes_acknowledged_ == 0) return;
  Flight& flight = board_.flight(*pool_);
  const std::uint64_t percent = congestion_.cwnd < congestion_.ssthresh / 2 ? kSlowStartPace : kPace;
  const std::uint64_t gap_ns = std::uint64_t{length} * rtt_.srtt_us() * 100'000 / (congestion_.cwnd * percent);
  flight.pace_at = std::max(flight.pace_at, now - kCredit) + Duration(gap_ns);
}

Instant Connection::pacing_deadline() const {
  if (board_.empty()) return kNever;
  const Flight& flight = board_.flight(*pool_);
  return flight.pace_waits ? flight.pace_at : kNever;
}

void Connection::on_pacing_timer(Instant now) {
  if (board_.empty()) return;
  Flight& flight = board_.flight(*pool_);
  if (flight.pace_at <= now) flight.pace_waits = false;
}

}  // namespace handsel::tcp
