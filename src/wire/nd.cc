#include "wire/nd.h"

namespace handsel::wire {
namespace {

enum NdOption : std::uint8_t {
  kSourceLink = 1,
  kTargetLink = 2,
  kPrefixInformation = 3,
  kMtu = 5,
};

constexpr std::size_t kLinkOptionBytes = 8;
constexpr std::size_t kPrefixOptionBytes = 32;
constexpr std::size_t kMtuOptionBytes = 8;
constexpr std::size_t kSolicitationBytes = 8;  ///< of a router solicitation, without options
constexpr std::size_t kRouterAdvertisementBytes = 16;
constexpr std::size_t kNeighbourBytes = 24;  ///< of both neighbour messages

/// What the options of any of the four messages said.
struct Options {
  std::optional<MacAddress> source_link;
  std::optional<MacAddress> target_link;
  std::optional<std::uint32_t> mtu;
  Bytes prefix;  ///< the first prefix option, whole, or empty
};

/// nullopt when an option has length zero or runs past the end (RFC 4861 7.1.1). Every option is 8 bytes or more, so a
/// message's length bounds the walk.
std::optional<Options> parse_options(Bytes bytes) {
  Options options;
  while (!bytes.empty()) {
    if (bytes.size() < 2) return std::nullopt;
    const std::size_t size = 8 * std::size_t{bytes[1]};
    if (size == 0 || size > bytes.size()) return std::nullopt;
    const std::uint8_t* at = bytes.data();
    if (at[0] == kSourceLink && size == kLinkOptionBytes) options.source_link = MacAddress::from_bytes(at + 2);
    if (at[0] == kTargetLink && size == kLinkOptionBytes) options.target_link = MacAddress::from_bytes(at + 2);
    if (at[0] == kMtu && size == kMtuOptionBytes) options.mtu = load_be32(at + 4);
    if (at[0] == kPrefixInformation && size == kPrefixOptionBytes && options.prefix.empty() && at[2] <= 128)
      options.prefix = bytes.first(size);
    bytes = bytes.subspan(size);
  }
  return options;
}

using Result = std::expected<NdMessage, Drop>;
Result malformed() { return std::unexpected(Drop::nd_malformed); }

/// ff02::1:ff00:0/104 (RFC 4291 2.7.1).
bool is_solicited_node_group(const IpAddress& address) { return address == address.solicited_node(); }

/// RFC 4861 7.1.1.
Result parse_solicitation(Bytes message, const Icmpv6Path& path) {
  if (message.size() < kNeighbourBytes) return malformed();
  const NeighbourSolicitation fields{IpAddress::from_v6(message.data() + 8), {}};
  const auto options = parse_options(message.subspan(kNeighbourBytes));
  if (!options || fields.target.is_multicast()) return malformed();
  if (path.source.is_unspecified() && (options->source_link || !is_solicited_node_group(path.destination)))
    return malformed();
  return NeighbourSolicitation{fields.target, options->source_link};
}

/// RFC 4861 7.1.2.
Result parse_advertisement(Bytes message, const Icmpv6Path& path) {
  if (message.size() < kNeighbourBytes) return malformed();
  const std::uint8_t flags = message[4];
  NeighbourAdvertisement fields{
      IpAddress::from_v6(message.data() + 8), (flags & 0x80) != 0, (flags & 0x40) != 0, (flags & 0x20) != 0, {}};
  const auto options = parse_options(message.subspan(kNeighbourBytes));
  if (!options || fields.target.is_multicast()) return malformed();
  if (path.destination.is_multicast() && fields.solicited) return malformed();
  fields.target_link = options->target_link;
  return fields;
}

/// RFC 4861 6.1.1.
Result parse_router_solicitation(Bytes message, const Icmpv6Path& path) {
  const auto options = parse_options(message.subspan(kSolicitationBytes));
  if (!options || (path.source.is_unspecified() && options->source_link)) return malformed();
  return RouterSolicitation{options->source_link};
}

/// RFC 4861 6.1.2.
Result parse_router_advertisement(Bytes message, const Icmpv6Path& path) {
  if (message.size() < kRouterAdvertisementBytes || !path.source.is_link_local()) return malformed();
  const auto options = parse_options(message.subspan(kRouterAdvertisementBytes));
  if (!options) return malformed();
  const std::uint8_t* at = message.data();
  RouterAdvertisement fields;
  fields.hop_limit = at[4];
  fields.managed = (at[5] & 0x80) != 0;
  fields.other_configuration = (at[5] & 0x40) != 0;
  fields.lifetime_s = load_be16(at + 6);
  fields.reachable_ms = load_be32(at + 8);
  fields.retransmit_ms = load_be32(at + 12);
  fields.source_link = options->source_link;
  fields.mtu = options->mtu;
  if (!options->prefix.empty()) {
    const std::uint8_t* prefix = options->prefix.data();
    fields.prefix = IpPrefix{IpAddress::from_v6(prefix + 16), prefix[2]};
    fields.prefix_on_link = (prefix[3] & 0x80) != 0;
    fields.prefix_autonomous = (prefix[3] & 0x40) != 0;
    fields.prefix_valid_s = load_be32(prefix + 4);
    fields.prefix_preferred_s = load_be32(prefix + 8);
  }
  return fields;
}

void emit_link_option(NdOption kind, const std::optional<MacAddress>& mac, Writer& writer) {
  if (!mac) return;
  writer.u8(kind);
  writer.u8(kLinkOptionBytes / 8);
  writer.bytes(mac->bytes());
}

void emit_prefix_option(const RouterAdvertisement& fields, Writer& writer) {
  if (!fields.prefix) return;
  writer.u8(kPrefixInformation);
  writer.u8(kPrefixOptionBytes / 8);
  writer.u8(fields.prefix->length);
  writer.u8(static_cast<std::uint8_t>((fields.prefix_on_link ? 0x80 : 0) | (fields.prefix_autonomous ? 0x40 : 0)));
  writer.u32(fields.prefix_valid_s);
  writer.u32(fields.prefix_preferred_s);
  writer.zeros(4);
  writer.bytes(fields.prefix->address.bytes());
}

/// Type, code 0, a checksum that is still zero.
void emit_start(Icmpv6Type type, Writer& writer) {
  writer.u8(static_cast<std::uint8_t>(type));
  writer.zeros(3);
}

/// Gives `message` room of its whole size, has `write` fill it, and computes the checksum.
template <typename Message, typename Write>
void emit_sealed(const Message& message, const Icmpv6Path& path, Writer& writer, Write write) {
  const MutableBytes room = writer.hole(message_bytes(message));
  if (room.empty()) return;
  Writer body(room);
  write(body);
  detail::seal_icmpv6(room, path);
}

std::size_t link_option_bytes(const std::optional<MacAddress>& mac) { return mac ? kLinkOptionBytes : 0; }

}  // namespace

std::expected<NdMessage, Drop> parse_nd(Bytes message, const Icmpv6Path& path, std::uint8_t hop_limit) {
  const auto view = Icmpv6View::parse(message);
  if (!view) return std::unexpected(view.error());
  if (!view->is_neighbour_discovery()) return std::unexpected(Drop::icmp_ignored);
  if (hop_limit != kNdHopLimit || view->code() != 0) return malformed();
  switch (view->type()) {
    case Icmpv6Type::neighbour_solicitation:
      return parse_solicitation(message, path);
    case Icmpv6Type::neighbour_advertisement:
      return parse_advertisement(message, path);
    case Icmpv6Type::router_solicitation:
      return parse_router_solicitation(message, path);
    default:
      return parse_router_advertisement(message, path);
  }
}

std::size_t message_bytes(const NeighbourSolicitation& message) {
  return kNeighbourBytes + link_option_bytes(message.source_link);
}
std::size_t message_bytes(const NeighbourAdvertisement& message) {
  return kNeighbourBytes + link_option_bytes(message.target_link);
}
std::size_t message_bytes(const RouterSolicitation& message) {
  return kSolicitationBytes + link_option_bytes(message.source_link);
}
std::size_t message_bytes(const RouterAdvertisement& message) {
  return kRouterAdvertisementBytes + link_option_bytes(message.source_link) + (message.mtu ? kMtuOptionBytes : 0) +
         (message.prefix ? kPrefixOptionBytes : 0);
}

void emit(const NeighbourSolicitation& message, const Icmpv6Path& path, Writer& writer) {
  emit_sealed(message, path, writer, [&](Writer& body) {
    emit_start(Icmpv6Type::neighbour_solicitation, body);
    body.zeros(4);
    body.bytes(message.target.bytes());
    emit_link_option(kSourceLink, message.source_link, body);
  });
}

void emit(const NeighbourAdvertisement& message, const Icmpv6Path& path, Writer& writer) {
  emit_sealed(message, path, writer, [&](Writer& body) {
    emit_start(Icmpv6Type::neighbour_advertisement, body);
    body.u8(static_cast<std::uint8_t>((message.router ? 0x80 : 0) | (message.solicited ? 0x40 : 0) |
                                      (message.override_cache ? 0x20 : 0)));
    body.zeros(3);
    body.bytes(message.target.bytes());
    emit_link_option(kTargetLink, message.target_link, body);
  });
}

void emit(const RouterSolicitation& message, const Icmpv6Path& path, Writer& writer) {
  emit_sealed(message, path, writer, [&](Writer& body) {
    emit_start(Icmpv6Type::router_solicitation, body);
    body.zeros(4);
    emit_link_option(kSourceLink, message.source_link, body);
  });
}

void emit(const RouterAdvertisement& message, const Icmpv6Path& path, Writer& writer) {
  emit_sealed(message, path, writer, [&](Writer& body) {
    emit_start(Icmpv6Type::router_advertisement, body);
    body.u8(message.hop_limit);
    body.u8(static_cast<std::uint8_t>((message.managed ? 0x80 : 0) | (message.other_configuration ? 0x40 : 0)));
    body.u16(message.lifetime_s);
    body.u32(message.reachable_ms);
    body.u32(message.retransmit_ms);
    emit_link_option(kSourceLink, message.source_link, body);
    if (message.mtu) {
      body.u8(kMtu);
      body.u8(kMtuOptionBytes / 8);
      body.u16(0);
      body.u32(*message.mtu);
    }
    emit_prefix_option(message, body);
  });
}

}  // namespace handsel::wire
