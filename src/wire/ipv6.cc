#include "wire/ipv6.h"

namespace handsel::wire {
namespace {

/// RFC 8200 4.2: the two highest bits of an option that we do not know say what becomes of the packet; 00 is "skip".
bool options_acceptable(Bytes options) {
  constexpr std::uint8_t kPad1 = 0, kActionBits = 0xc0;
  while (!options.empty()) {
    if (options[0] == kPad1) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2) return false;
    const std::size_t size = 2 + std::size_t{options[1]};
    if (size > options.size() || (options[0] & kActionBits) != 0) return false;
    options = options.subspan(size);
  }
  return true;
}

/// True when the extension `header` (whole) lets the packet through.
bool extension_acceptable(std::uint8_t kind, Bytes header) {
  if (kind == kRouting) return header[3] == 0;  // segments left: we are no router
  return options_acceptable(header.subspan(2));
}

}  // namespace

std::expected<Ipv6Upper, Drop> walk_ipv6_extensions(std::uint8_t next_header, Bytes payload) {
  Ipv6Upper upper{next_header, 0, std::nullopt};
  for (std::size_t walked = 0;; ++walked) {
    const std::uint8_t kind = upper.protocol;
    const bool is_fragment = kind == kFragment;
    if (!is_fragment && kind != kHopByHop && kind != kRouting && kind != kDestinationOptions) return upper;
    if (walked == limits::kMaxIpv6Extensions) return std::unexpected(Drop::ip6_too_many_extensions);

    const Bytes rest = payload.subspan(upper.offset);
    if (rest.size() < 8) return std::unexpected(Drop::ip6_bad_extension);
    if (is_fragment) {
      const auto fragment = Ipv6FragmentHeader::parse(rest);
      upper.offset = static_cast<std::uint16_t>(upper.offset + Ipv6FragmentHeader::kBytes);
      upper.protocol = fragment->next_header;
      if (fragment->is_atomic()) continue;
      upper.fragment = *fragment;
      return upper;
    }
    const std::size_t size = 8 + 8 * std::size_t{rest[1]};
    if (size > rest.size() || (kind == kHopByHop && walked != 0) || !extension_acceptable(kind, rest.first(size)))
      return std::unexpected(Drop::ip6_bad_extension);
    upper.protocol = rest[0];
    upper.offset = static_cast<std::uint16_t>(upper.offset + size);
  }
}

}  // namespace handsel::wire
