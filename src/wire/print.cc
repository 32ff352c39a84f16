#include "wire/print.h"

#include "wire/arp.h"
#include "wire/icmp.h"
#include "wire/icmpv6.h"
#include "wire/nd.h"

namespace handsel::wire {
namespace {

/// Appends its arguments: text as it is, numbers in decimal.
class Line {
 public:
  Line& operator<<(std::string_view text) {
    text_ += text;
    return *this;
  }
  Line& operator<<(std::uint32_t number) {
    text_ += std::to_string(number);
    return *this;
  }
  Line& operator<<(const IpAddress& address) { return *this << address.to_string(); }
  Line& operator<<(const MacAddress& mac) { return *this << mac.to_string(); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::uint32_t length_of(Bytes bytes) { return static_cast<std::uint32_t>(bytes.size()); }

/// tcpdump's letters.
std::string flag_letters(std::uint8_t flags) {
  std::string letters;
  if (flags & kFin) letters += 'F';
  if (flags & kSyn) letters += 'S';
  if (flags & kRst) letters += 'R';
  if (flags & kPsh) letters += 'P';
  if (flags & kUrg) letters += 'U';
  if (flags & kEce) letters += 'E';
  if (flags & kCwr) letters += 'W';
  if (flags & kAck) letters += '.';
  return letters.empty() ? "none" : letters;
}

void print_tcp(const FrameView& frame, Line& line) {
  const TcpHeader tcp = frame.tcp.to_header();
  const Bytes payload = frame.tcp.payload();
  line << frame.source << "." << tcp.source_port << " > " << frame.destination << "." << tcp.destination_port
       << ": Flags [" << flag_letters(tcp.flags) << "]";
  const std::uint32_t length = segment_length(tcp, payload.size());
  line << ", seq " << tcp.seq.raw();
  if (length != 0) line << ":" << (tcp.seq + length).raw();
  if (tcp.has(kAck)) line << ", ack " << tcp.ack.raw();
  line << ", win " << tcp.window;
  if (tcp.has(kUrg)) line << ", urg " << tcp.urgent_pointer;
  if (const std::string options = describe(tcp.options); !options.empty()) line << ", options [" << options << "]";
  line << ", length " << length_of(payload);
}

void print_embedded(const std::expected<EmbeddedDatagram, Drop>& embedded, Line& line) {
  if (!embedded) return;
  line << " about " << embedded->source << "." << embedded->source_port << " > " << embedded->destination << "."
       << embedded->destination_port;
  if (embedded->protocol == kProtocolTcp) line << " seq " << embedded->seq.raw();
}

void print_icmp(const FrameView& frame, Line& line) {
  line << frame.source << " > " << frame.destination << ": ICMP ";
  const auto icmp = IcmpView::parse(frame.transport);
  if (!icmp) {
    line << name_of(icmp.error());
    return;
  }
  if (icmp->is_echo()) {
    line << (icmp->type() == IcmpType::echo_request ? "echo request" : "echo reply") << ", id " << icmp->identifier()
         << ", seq " << icmp->sequence();
  } else if (icmp->is_error()) {
    line << (icmp->type() == IcmpType::unreachable ? "unreachable" : "time exceeded") << ", code " << icmp->code();
    if (icmp->type() == IcmpType::unreachable && icmp->code() == kFragmentationNeeded)
      line << ", mtu " << icmp->next_hop_mtu();
    print_embedded(icmp->embedded(), line);
  } else {
    line << "type " << static_cast<std::uint32_t>(icmp->type()) << ", code " << icmp->code();
  }
  line << ", length " << length_of(frame.transport);
}

struct PrintNd {
  Line& line;
  void operator()(const NeighbourSolicitation& message) const { line << "who has " << message.target; }
  void operator()(const NeighbourAdvertisement& message) const {
    line << "neighbour advertisement, target " << message.target;
    if (message.target_link) line << " is at " << *message.target_link;
    if (message.solicited) line << ", solicited";
  }
  void operator()(const RouterSolicitation&) const { line << "router solicitation"; }
  void operator()(const RouterAdvertisement& message) const {
    line << "router advertisement, lifetime " << message.lifetime_s << " s";
    if (message.prefix) line << ", prefix " << message.prefix->to_string();
    if (message.mtu) line << ", mtu " << *message.mtu;
  }
};

void print_icmpv6(const FrameView& frame, Line& line) {
  line << frame.source << " > " << frame.destination << ": ICMP6 ";
  const auto icmp = Icmpv6View::parse(frame.transport);
  if (!icmp) {
    line << name_of(icmp.error());
    return;
  }
  if (icmp->is_neighbour_discovery()) {
    const auto message = parse_nd(frame.transport, {frame.source, frame.destination}, frame.ttl);
    if (message)
      std::visit(PrintNd{line}, *message);
    else
      line << name_of(message.error());
  } else if (icmp->is_echo()) {
    line << (icmp->type() == Icmpv6Type::echo_request ? "echo request" : "echo reply") << ", id " << icmp->identifier()
         << ", seq " << icmp->sequence();
  } else if (icmp->is_error()) {
    line << (icmp->type() == Icmpv6Type::packet_too_big ? "packet too big" : "error type ");
    if (icmp->type() == Icmpv6Type::packet_too_big)
      line << ", mtu " << icmp->mtu();
    else
      line << static_cast<std::uint32_t>(icmp->type()) << ", code " << icmp->code();
    print_embedded(icmp->embedded(), line);
  } else {
    line << "type " << static_cast<std::uint32_t>(icmp->type()) << ", code " << icmp->code();
  }
  line << ", length " << length_of(frame.transport);
}

void print_arp(const FrameView& frame, Line& line) {
  const auto arp = ArpView::parse(frame.transport);
  if (!arp) {
    line << "ARP, " << name_of(arp.error());
    return;
  }
  if (arp->operation() == ArpOperation::request)
    line << "ARP, who has " << arp->target_ip() << " tell " << arp->sender_ip();
  else
    line << "ARP, " << arp->sender_ip() << " is at " << arp->sender_mac();
}

}  // namespace

std::string describe(const TcpOptions& options) {
  Line line;
  const char* comma = "";
  const auto next = [&]() -> Line& {
    line << comma;
    comma = ",";
    return line;
  };
  if (options.mss) next() << "mss " << *options.mss;
  if (options.sack_permitted) next() << "sackOK";
  if (options.timestamps) next() << "TS val " << options.timestamps->value << " ecr " << options.timestamps->echo_reply;
  if (options.window_scale) next() << "wscale " << *options.window_scale;
  for (std::size_t i = 0; i < options.sack_count; ++i)
    next() << "sack {" << options.sack[i].left.raw() << ":" << options.sack[i].right.raw() << "}";
  return line.take();
}

std::string flag_names(std::uint8_t flags) {
  static constexpr std::pair<TcpFlag, std::string_view> kNames[] = {
      {kSyn, "SYN"}, {kFin, "FIN"}, {kRst, "RST"}, {kPsh, "PSH"},
      {kAck, "ACK"}, {kUrg, "URG"}, {kEce, "ECE"}, {kCwr, "CWR"},
  };
  std::string names;
  for (const auto& [flag, name] : kNames) {
    if (!(flags & flag)) continue;
    if (!names.empty()) names += ' ';
    names += name;
  }
  return names.empty() ? "none" : names;
}

std::string describe(const FrameView& frame) {
  Line line;
  for (std::size_t i = 0; i < frame.link.tag_count(); ++i) line << "vlan " << frame.link.tag(i).id() << " ";
  if (frame.is_arp()) {
    print_arp(frame, line);
    return line.take();
  }
  line << (frame.ip_version == 4 ? "IP " : "IP6 ");
  if (frame.is_tcp()) {
    print_tcp(frame, line);
  } else if (frame.is_icmp()) {
    print_icmp(frame, line);
  } else if (frame.is_icmpv6()) {
    print_icmpv6(frame, line);
  } else {
    line << frame.source << " > " << frame.destination << ": protocol " << frame.protocol << ", length "
         << length_of(frame.transport);
  }
  return line.take();
}

std::string describe_frame(Bytes frame) {
  const auto view = parse_frame(frame, {.verify_ip = false, .verify_transport = false});
  if (view) return describe(*view);
  Line line;
  line << name_of(view.error()) << ", " << length_of(frame) << " bytes";
  return line.take();
}

}  // namespace handsel::wire
