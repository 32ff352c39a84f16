#include "tcp/cookies.h"

#include <algorithm>

namespace handsel::tcp {

using wire::SeqNum;
using wire::TcpHeader;

namespace {

constexpr std::uint8_t kForCookie = 3;
constexpr std::uint32_t kMacMask = 0x00FF'FFFF;
constexpr std::uint32_t kTimeMask = 31;
// The sizes that links have: default, minimum of IPv6, PPPoE, tunnels, Ethernet with and without IPv6, jumbo.
constexpr std::array<std::uint16_t, 8> kMss = {216, 536, 1'220, 1'360, 1'400, 1'440, 1'460, 8'900};

// The low bits of the timestamp.
constexpr std::uint32_t kOptionBits = 63;
constexpr std::uint32_t kScaleMask = 15;  // 15: no window scale
constexpr std::uint32_t kSackBit = 16;
constexpr std::uint32_t kEcnBit = 32;

std::uint32_t step_of(Instant now) { return static_cast<std::uint32_t>(now.time_since_epoch() / SynCookies::kStep); }
std::uint32_t now_ms(Instant now) { return static_cast<std::uint32_t>(now.time_since_epoch().count() / 1'000'000); }

SeqNum cookie(const SipKey& key, const Tuple& tuple, SeqNum peer_iss, std::uint32_t step, std::uint32_t mss_index) {
  const std::uint64_t bound = std::uint64_t{peer_iss.raw()} << 32 | (step << 3 | mss_index);
  const auto mac = static_cast<std::uint32_t>(tuple_hash(key, kForCookie, tuple, bound));
  return SeqNum((step & kTimeMask) << 27 | mss_index << 24 | (mac & kMacMask));
}

}  // namespace

TcpHeader SynCookies::syn_ack(const CookieSecrets& secrets, const Tuple& tuple, const Config& config,
                              const TcpHeader& syn, Instant now) {
  const std::uint16_t peer_mss = syn.options.mss.value_or(config.ipv6 ? 1'220 : 536);
  const auto above = std::upper_bound(kMss.begin() + 1, kMss.end(), peer_mss);
  const auto mss_index = static_cast<std::uint32_t>(above - kMss.begin() - 1);
  TcpHeader reply;
  reply.source_port = syn.destination_port;
  reply.destination_port = syn.source_port;
  reply.seq = cookie(secrets.current(), tuple, syn.seq, step_of(now), mss_index);
  reply.ack = syn.seq + 1;
  reply.flags = wire::kSyn | wire::kAck;
  reply.window = first_window(config);
  reply.options.mss = config.mss;
  if (!config.timestamps || !syn.options.timestamps) return reply;
  std::uint32_t bits = kScaleMask;
  if (config.window_scaling && syn.options.window_scale) {
    bits = std::min<std::uint32_t>(*syn.options.window_scale, 14);
    reply.options.window_scale = receive_wscale_for(config);
  }
  if (config.sack && syn.options.sack_permitted) {
    bits |= kSackBit;
    reply.options.sack_permitted = true;
  }
  if (config.ecn && (syn.flags & (wire::kEce | wire::kCwr)) == (wire::kEce | wire::kCwr)) {
    bits |= kEcnBit;
    reply.flags |= wire::kEce;
  }
  const std::uint32_t clock = now_ms(now) + config.timestamp_offset;
  std::uint32_t value = (clock & ~kOptionBits) | bits;
  if (static_cast<std::int32_t>(value - clock) > 0) value -= kOptionBits + 1;  // never ahead of what follows it
  reply.options.timestamps = wire::TcpTimestamps{value, syn.options.timestamps->value};
  return reply;
}

std::optional<CookieSyn> SynCookies::check(const CookieSecrets& secrets, const Tuple& tuple, const Config& config,
                                           const TcpHeader& ack, Instant now) {
  const SeqNum returned = ack.ack - 1;
  const SeqNum peer_iss = ack.seq - 1;
  const std::uint32_t mss_index = returned.raw() >> 24 & 7;
  const std::uint32_t age = (step_of(now) - (returned.raw() >> 27)) & kTimeMask;
  if (age > 1) return std::nullopt;
  const std::uint32_t step = step_of(now) - age;
  if (cookie(secrets.current(), tuple, peer_iss, step, mss_index) != returned &&
      cookie(secrets.previous(), tuple, peer_iss, step, mss_index) != returned)
    return std::nullopt;

  CookieSyn found;
  found.iss = returned;
  TcpHeader& syn = found.syn;
  syn.source_port = ack.source_port;
  syn.destination_port = ack.destination_port;
  syn.seq = peer_iss;
  syn.flags = wire::kSyn;
  syn.window = ack.window;
  syn.options.mss = kMss[mss_index];
  // A peer that leaves the timestamp out of its ACK loses what rode on it, as if it had never offered it.
  if (!config.timestamps || !ack.options.timestamps) return found;
  const std::uint32_t echo = ack.options.timestamps->echo_reply;
  const std::uint32_t behind = now_ms(now) + config.timestamp_offset - echo;
  if (behind > 2 * std::chrono::duration_cast<std::chrono::milliseconds>(kStep).count() + 64) return found;
  syn.options.timestamps = ack.options.timestamps;
  if ((echo & kScaleMask) <= 14) syn.options.window_scale = static_cast<std::uint8_t>(echo & kScaleMask);
  syn.options.sack_permitted = (echo & kSackBit) != 0;
  if ((echo & kEcnBit) != 0) syn.flags |= wire::kEce | wire::kCwr;
  return found;
}

}  // namespace handsel::tcp
