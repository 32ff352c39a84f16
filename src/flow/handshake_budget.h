#pragma once
/// How many TLS handshakes a worker begins: so many a second, so many in progress. No clock: time is a parameter.

#include <algorithm>
#include <cstdint>
#include <memory>

#include "base/counter.h"
#include "base/siphash.h"
#include "base/time.h"
#include "tls/alert.h"
#include "wire/address.h"

namespace handsel::flow {

/// Tokens that come with time, up to a bound. All there is to remember of one is since when it would have been empty:
/// an Instant, which the caller keeps.
class TokenBucket {
 public:
  /// One token each `cost`, and at most as many as `capacity` holds. Full at first.
  TokenBucket(Duration cost, Duration capacity) : cost_(cost), capacity_(capacity) {}

  Duration cost() const { return cost_; }
  Duration capacity() const { return capacity_; }
  /// What is there at `now`, in the time that it took to come.
  Duration credit(Instant empty_at, Instant now) const { return std::min(now - empty_at, capacity_); }
  /// `empty_at` after one token is taken; where there was none it owes none either.
  Instant taken(Instant empty_at, Instant now) const {
    return std::min(std::max(empty_at, now - capacity_) + cost_, now);
  }

 private:
  Duration cost_;
  Duration capacity_;
};

// X(identifier, explanation)
#define HANDSEL_ADMISSION_COUNTERS(X)                                         \
  X(full_admitted, "full handshakes begun")                                   \
  X(full_refused, "full handshakes turned away before their public-key work") \
  X(resumed_admitted, "resumed handshakes begun")                             \
  X(resumed_refused, "resumed handshakes turned away")                        \
  X(full_in_progress, "full handshakes in progress now, their hello understood")

struct AdmissionStatistics {
#define X(name, text) Counter name;
  HANDSEL_ADMISSION_COUNTERS(X)
#undef X
};

/// One worker's. The rate is a bucket that holds a quarter of a second's handshakes:
///
///     full          half                 quarter                empty
///      |  everybody  |  within its share  |  and only to resume  |
///
/// A peer is within its share as long as it begins no more than a sixteenth of the rate. So whoever floods lives on
/// what the others leave, the others need not fear it, and nothing is lost while there is nobody else. Of the
/// handshakes in progress a quarter is for resumptions alone.
class HandshakeBudget {
 public:
  struct Limits {
    std::uint32_t per_second = 0;       ///< 0: as many as come
    std::uint32_t in_progress = 4'096;  ///< of both sorts; that there is memory for no more is another's to say
  };
  HandshakeBudget(const Limits& limits, const SipKey& key, Instant now);

  /// Error::none, and the handshake is counted as in progress until ended(); or by what it is refused: budget_rate,
  /// budget_share, budget_progress.
  tls::Error admit(const wire::IpAddress& peer, bool resumes, Instant now);
  void ended(bool resumes);

  const AdmissionStatistics& statistics() const { return statistics_; }

 private:
  tls::Error judge(const wire::IpAddress& peer, bool resumes, Instant now);
  Instant& share_of(const wire::IpAddress& peer);

  std::uint32_t full_in_progress_max_;
  TokenBucket all_;
  TokenBucket each_;
  Instant all_empty_at_;
  SipKey key_;
  /// By a hash of the peer, each its bucket; null without a rate. Peers that meet in one share it.
  std::unique_ptr<Instant[]> each_empty_at_;
  AdmissionStatistics statistics_;
};

}  // namespace handsel::flow
