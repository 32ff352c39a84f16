#include "tls/replay_guard.h"

#include <algorithm>
#include <bit>

namespace handsel::tls {
namespace {

constexpr std::uint64_t kSpans = 65'535;
constexpr std::uint64_t kSpanBits = 16;

}  // namespace

ReplayGuard::ReplayGuard(std::uint32_t entries, Entropy& entropy) {
  const std::uint64_t sets = std::bit_ceil(std::max<std::uint64_t>(entries / kEntriesPerSet, 1));
  sets_ = std::make_unique<Set[]>(sets);
  set_mask_ = sets - 1;
  entropy.fill({reinterpret_cast<std::uint8_t*>(key_.data()), sizeof key_});
  entropy.fill({reinterpret_cast<std::uint8_t*>(&name_), sizeof name_});
}

ReplayGuard::Verdict ReplayGuard::admit(Bytes binder, std::uint64_t now_unix_ms) {
  const std::uint64_t span = now_unix_ms / kSpanMs % kSpans + 1;
  const std::uint64_t span_before = span == 1 ? kSpans : span - 1;
  // Under a key of ours, or a client could fill the set of its choice.
  const std::uint64_t hash = siphash24(key_, binder);
  const std::uint64_t fingerprint = hash >> kSpanBits << kSpanBits;
  Entry* free = nullptr;
  for (Entry& entry : sets_[hash & set_mask_].entries) {
    const std::uint64_t came_in = entry & ((1u << kSpanBits) - 1);
    if (came_in != span && came_in != span_before)
      free = &entry;
    else if (entry - came_in == fingerprint)
      return Verdict::replayed;
  }
  if (free == nullptr) return Verdict::full;
  *free = fingerprint | span;
  return Verdict::fresh;
}

}  // namespace handsel::tls
