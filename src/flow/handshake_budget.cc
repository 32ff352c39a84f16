#include "flow/handshake_budget.h"

#include "base/limits.h"

namespace handsel::flow {
namespace {

constexpr std::int64_t kSharesOfRate = 16;
constexpr std::int64_t kLeastBurst = 8;  // handshakes: so that a small rate's half and quarter are some

Duration cost_of(std::uint32_t per_second) {
  return per_second == 0 ? Duration::zero() : Duration(std::chrono::seconds(1)) / per_second;
}
std::int64_t burst_of(std::uint32_t per_second) { return std::max<std::int64_t>(per_second / 4, kLeastBurst); }
std::int64_t peer_burst_of(std::uint32_t per_second) {
  return std::max<std::int64_t>(burst_of(per_second) / kSharesOfRate, 1);
}

}  // namespace

HandshakeBudget::HandshakeBudget(const Limits& limits, const SipKey& key, Instant now)
    : full_in_progress_max_(limits.in_progress - limits.in_progress / 4),
      all_(cost_of(limits.per_second), cost_of(limits.per_second) * burst_of(limits.per_second)),
      each_(kSharesOfRate * all_.cost(), kSharesOfRate * all_.cost() * peer_burst_of(limits.per_second)),
      all_empty_at_(now - all_.capacity()),
      key_(key) {
  if (limits.per_second == 0) return;
  each_empty_at_ = std::make_unique<Instant[]>(limits::kBudgetPeers);
  std::fill_n(each_empty_at_.get(), limits::kBudgetPeers, now - each_.capacity());
}

// Of IPv6 the network counts: a host has 2^64 addresses in it (RFC 4291 2.5.4).
Instant& HandshakeBudget::share_of(const wire::IpAddress& peer) {
  const std::uint64_t word = peer.is_v4() ? peer.v4() : peer.words()[0];
  SipHasher<1, 3> hasher(key_);
  hasher.absorb(word);
  return each_empty_at_[hasher.finish(8, 0) % limits::kBudgetPeers];
}

tls::Error HandshakeBudget::judge(const wire::IpAddress& peer, bool resumes, Instant now) {
  if (!resumes && statistics_.full_in_progress.get() >= full_in_progress_max_) return tls::Error::budget_progress;
  if (!each_empty_at_) return tls::Error::none;
  const Duration left = all_.credit(all_empty_at_, now) - all_.cost();
  if (left < (resumes ? Duration::zero() : all_.capacity() / 4)) return tls::Error::budget_rate;
  Instant& share = share_of(peer);
  if (left < all_.capacity() / 2 && each_.credit(share, now) < each_.cost()) return tls::Error::budget_share;
  all_empty_at_ = all_.taken(all_empty_at_, now);
  share = each_.taken(share, now);
  return tls::Error::none;
}

tls::Error HandshakeBudget::admit(const wire::IpAddress& peer, bool resumes, Instant now) {
  const tls::Error refused = judge(peer, resumes, now);
  if (refused != tls::Error::none) {
    (resumes ? statistics_.resumed_refused : statistics_.full_refused).add();
  } else {
    (resumes ? statistics_.resumed_admitted : statistics_.full_admitted).add();
    if (!resumes) statistics_.full_in_progress.add();
  }
  return refused;
}

void HandshakeBudget::ended(bool resumes) {
  if (!resumes) statistics_.full_in_progress.sub();
}

}  // namespace handsel::flow
