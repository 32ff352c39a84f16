#pragma once
/// Early data is taken once: a worker's memory of the ClientHellos that have brought some (RFC 8446 8.2).

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/entropy.h"
#include "base/limits.h"
#include "base/siphash.h"

namespace handsel::tls {

/// A ClientHello counts as fresh for limits::kEarlyDataWindowMs around the moment that its ticket's age speaks of (RFC
/// 8446 8.3), so that a copy can pass for fresh at most twice as long after the first: that long it is remembered here.
/// All memory is taken at start. What finds no room is not admitted, and costs its sender a round trip, no more.
///
/// A copy may reach another worker, or the same engine started anew, whose memory is another. So a ticket names the
/// guard of the worker that has issued it, and only there its early data is taken.
class ReplayGuard {
 public:
  /// Room for about `entries` ClientHellos in each span of remembering, 8 bytes each.
  ReplayGuard(std::uint32_t entries, Entropy& entropy);

  /// Tells this guard from all others.
  std::uint64_t name() const { return name_; }

  enum class Verdict : std::uint8_t { fresh, replayed, full };
  /// `binder` is one that has been verified: nobody without the ticket's secret can make another for the same hello.
  /// When the verdict is `fresh` it will not be so again. `now_unix_ms` does not run backwards.
  Verdict admit(Bytes binder, std::uint64_t now_unix_ms);

  static constexpr std::uint64_t kSpanMs = 2 * limits::kEarlyDataWindowMs;

 private:
  // A fingerprint of 48 bits and, below it, the span in which it came: 1 to 65,535. Those of this span and the one
  // before it count; any other may be overwritten, so that nothing needs to be cleared.
  using Entry = std::uint64_t;
  static constexpr std::size_t kEntriesPerSet = 8;
  struct alignas(64) Set {
    Entry entries[kEntriesPerSet];
  };

  SipKey key_{};
  std::uint64_t name_ = 0;
  std::unique_ptr<Set[]> sets_;
  std::uint64_t set_mask_;
};

}  // namespace handsel::tls
