#include "wire/fragment.h"

#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/tcp.h"

namespace handsel::wire {
namespace {

constexpr std::size_t kUnit = 8;  // bytes, of a fragment's offset
constexpr std::size_t kMaxPacketBytes = 65'535;

using Verdict = std::optional<Drop>;

Verdict take_ipv4(FragmentView& view, Bytes packet, bool verify) {
  Ipv4View ip;
  if (const Verdict fault = ip.assign(packet)) return fault;
  if (verify && !ip.checksum_ok()) return Drop::ip4_bad_checksum;
  if (!ip.is_fragment()) return Drop::ip_fragment;
  view.source = ip.source();
  view.destination = ip.destination();
  view.identification = ip.identification();
  view.offset = static_cast<std::uint16_t>(ip.fragment_offset() * kUnit);
  view.more = ip.more_fragments();
  view.protocol = ip.protocol();
  view.ttl = ip.ttl();
  view.traffic_class = ip.traffic_class();
  view.payload = ip.payload();
  return std::nullopt;
}

Verdict take_ipv6(FragmentView& view, Bytes packet) {
  Ipv6View ip;
  if (const Verdict fault = ip.assign(packet)) return fault;
  const auto upper = walk_ipv6_extensions(ip.next_header(), ip.payload());
  if (!upper) return upper.error();
  if (!upper->fragment) return Drop::ip_fragment;
  view.source = ip.source();
  view.destination = ip.destination();
  view.identification = upper->fragment->identification;
  view.offset = static_cast<std::uint16_t>(upper->fragment->offset * kUnit);
  view.more = upper->fragment->more_fragments;
  view.protocol = upper->protocol;
  view.ttl = ip.hop_limit();
  view.traffic_class = ip.traffic_class();
  view.payload = ip.payload().subspan(upper->offset);
  return std::nullopt;
}

bool well_formed(const FragmentView& view) {
  if (view.payload.empty() || view.end() > kMaxPacketBytes) return false;
  if (view.more && view.payload.size() % kUnit != 0) return false;
  if (view.protocol != kProtocolTcp) return true;
  // A TCP header in pieces is nobody's but a filter's enemy.
  return view.offset == 0 ? view.payload.size() >= TcpHeader::kMinBytes : view.offset >= TcpHeader::kMinBytes;
}

}  // namespace

std::expected<FragmentView, Drop> parse_fragment(Bytes frame, bool verify_ip) {
  FragmentView view;
  if (const Verdict fault = view.link.assign(frame)) return std::unexpected(*fault);
  Verdict verdict = Drop::eth_unknown_type;
  if (view.link.ether_type() == kEtherIpv4) verdict = take_ipv4(view, view.link.payload(), verify_ip);
  if (view.link.ether_type() == kEtherIpv6) verdict = take_ipv6(view, view.link.payload());
  if (!verdict && !well_formed(view)) verdict = Drop::ip_fragment_malformed;
  if (verdict) return std::unexpected(*verdict);
  return view;
}

}  // namespace handsel::wire
