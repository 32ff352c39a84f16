/// Segments that belong to no flow: what is let in, by which door, and what is turned away. Until a peer has shown that
/// it receives at its address, as little as possible is stored for it; under pressure nothing is.

#include <algorithm>

#include "flow/shard.h"
#include "tcp/isn.h"
#include "tcp/reset.h"
#include "wire/icmp.h"
#include "wire/icmpv6.h"

namespace handsel::flow {
namespace {

constexpr Duration kCookieSecretLife = std::chrono::hours(1);

// What a router or the peer has to say of a segment of ours.
struct PathError {
  wire::EmbeddedDatagram about;
  std::optional<std::uint32_t> mtu;  // the segment was too big for the next hop, which takes this much
  bool hard = false;                 // RFC 9293 3.9.2.2: it will not pass later either
};

std::optional<PathError> path_error(const wire::FrameView& frame) {
  PathError error;
  std::expected<wire::EmbeddedDatagram, Drop> embedded = std::unexpected(Drop::icmp_ignored);
  if (frame.is_icmp()) {
    const auto icmp = wire::IcmpView::parse(frame.transport);
    if (!icmp || !icmp->is_error()) return std::nullopt;
    embedded = icmp->embedded();
    if (icmp->type() == wire::IcmpType::unreachable) {
      const std::uint8_t code = icmp->code();
      if (code == wire::kFragmentationNeeded) error.mtu = icmp->next_hop_mtu();
      error.hard = code == wire::kProtocolUnreachable || code == wire::kPortUnreachable ||
                   code == wire::kCommunicationProhibited;
    }
  } else if (frame.is_icmpv6()) {
    const auto icmp = wire::Icmpv6View::parse(frame.transport);
    if (!icmp || !icmp->is_error()) return std::nullopt;
    embedded = icmp->embedded();
    if (icmp->type() == wire::Icmpv6Type::packet_too_big) error.mtu = icmp->mtu();
    error.hard = icmp->type() == wire::Icmpv6Type::unreachable &&
                 (icmp->code() == wire::kProhibited || icmp->code() == wire::kPortUnreachableV6);
  }
  if (!embedded || embedded->protocol != wire::kProtocolTcp) return std::nullopt;
  error.about = *embedded;
  return error;
}

}  // namespace

const Listener* Shard::listener_for(const FlowKey& key) const {
  const Listener* for_all = nullptr;
  for (const Listener& each : config_.listeners) {
    if (each.port != key.local_port) continue;
    if (each.address && *each.address == key.local) return &each;
    if (!each.address) for_all = &each;
  }
  return for_all;
}

void Shard::admit(const Arrived& arrived, Instant now, FrameSink& sink) {
  std::optional<wire::SeqNum> iss_above;
  if (take_time_wait(arrived, now, sink, iss_above)) return;
  const Listener* listener = accepting_ ? listener_for(arrived.key) : nullptr;
  if (!arrived.header.has(wire::kSyn) || arrived.header.has(wire::kAck) || arrived.header.has(wire::kRst)) {
    if (listener && take_cookie(arrived, *listener, now, sink)) return;
    return refuse(arrived, Drop::tcp_no_connection, sink);
  }
  if (!listener) return refuse(arrived, Drop::tcp_no_listener, sink);
  statistics_.tcp.syn_received.add();
  // A cookie cannot promise to lie above an old sequence number; a peer known from TIME-WAIT has shown its address.
  if (under_pressure() && !(iss_above && !flows_.full())) {
    rotate_cookie_secret(now);
    const tcp::Config config = connection_config(arrived.key, tcp::numbers_of(isn_key_, tuple_of(arrived.key)));
    if (!answer(arrived, tcp::SynCookies::syn_ack(cookie_secrets_, tuple_of(arrived.key), config, arrived.header, now),
                sink))
      return;
    statistics_.tcp.cookies_sent.add();
    last_cookie_ = now;
    cookies_sent_ = true;
    return;
  }
  open_flow(arrived, *listener, iss_above, now);
}

// True when the segment belongs to a connection in TIME-WAIT and is dealt with. A SYN that may begin a new incarnation
// is not, and says above what the new ISS must lie.
bool Shard::take_time_wait(const Arrived& arrived, Instant now, FrameSink& sink,
                           std::optional<wire::SeqNum>& iss_above) {
  if (time_wait_.size() == 0) return false;
  const auto verdict = time_wait_.on_segment(arrived.hash, arrived.header, arrived.payload.size(), now);
  if (!verdict.found) return false;
  if (verdict.reopen) {
    iss_above = verdict.iss_above;
    return false;
  }
  if (verdict.dropped) statistics_.drop(*verdict.dropped);
  if (verdict.reply) answer(arrived, *verdict.reply, sink);
  return true;
}

// True when the segment is the ACK of a SYN that was answered by a cookie: the flow is made from it.
bool Shard::take_cookie(const Arrived& arrived, const Listener& listener, Instant now, FrameSink& sink) {
  if (!cookies_live(now) || !arrived.header.has(wire::kAck) || arrived.header.has(wire::kSyn)) return false;
  const tcp::Config config = connection_config(arrived.key, tcp::numbers_of(isn_key_, tuple_of(arrived.key)));
  const auto cookie = tcp::SynCookies::check(cookie_secrets_, tuple_of(arrived.key), config, arrived.header, now);
  if (!cookie) {
    // Data may be the second segment of a peer whose first one was lost: a reset would end what the first, sent again,
    // can still begin.
    if (wire::segment_length(arrived.header, arrived.payload.size()) != 0)
      statistics_.drop(Drop::tcp_bad_cookie);
    else
      refuse(arrived, Drop::tcp_bad_cookie, sink);
    return true;
  }
  const Handle handle = flows_.emplace(arrived.key, arrived.hash, listener.endpoint(), arrived.frame.link.source(),
                                       config, chunks_, *cookie, now);
  Flow* flow = add_flow(handle, arrived.hash, now);
  if (!flow) return true;
  statistics_.tcp.cookies_accepted.add();
  on_segment(*flow, arrived, now, sink);
  return true;
}

// Nobody's segment: RST, when it deserves one (RFC 9293 3.10.7.1).
void Shard::refuse(const Arrived& arrived, Drop reason, FrameSink& sink) {
  statistics_.drop(reason);
  const auto reset = tcp::reset_for(arrived.header, arrived.payload.size());
  if (!reset) return;
  if (answer(arrived, *reset, sink)) statistics_.tcp.resets_sent.add();
}

// A segment of no flow, back to where `arrived` came from. `header` has its ports set. Nobody sends it again: when
// there is no room at the port, it is lost.
bool Shard::answer(const Arrived& arrived, const wire::TcpHeader& header, FrameSink& sink) {
  const wire::LinkHeader link = wire::reply_to(arrived.frame.link, config_.mac);
  const std::size_t bytes = wire::tcp_frame_header_bytes(link, arrived.key.remote, header);
  const MutableBytes frame = sink.begin(bytes);
  if (frame.empty()) {
    statistics_.drop(Drop::tx_queue_full);
    return false;
  }
  const wire::IpFields ip{.source = arrived.key.local, .destination = arrived.key.remote};
  wire::write_tcp_frame(frame.first(bytes), link, ip, header, std::nullopt, config_.offload);
  sink.commit(bytes);
  count_sent(bytes);
  statistics_.tcp.segments_out.add();
  return true;
}

bool Shard::under_pressure() const {
  switch (config_.cookies) {
    case CookieMode::always:
      return true;
    case CookieMode::never:
      return false;
    case CookieMode::adaptive:
      break;
  }
  return statistics_.tcp.half_open.get() >= config_.limits.half_open / 2 || flows_.full();
}

// Cookies are believed only as long as one that was sent can be alive: a guesser has no other time (RFC 4987 3.6).
bool Shard::cookies_live(Instant now) const { return cookies_sent_ && now - last_cookie_ < 2 * tcp::SynCookies::kStep; }

void Shard::rotate_cookie_secret(Instant now) {
  if (now - cookie_secret_made_ < kCookieSecretLife) return;
  SipKey fresh;
  entropy_.fill({reinterpret_cast<std::uint8_t*>(fresh.data()), sizeof fresh});
  cookie_secrets_.rotate(fresh);
  secure_wipe(fresh.data(), sizeof fresh);
  cookie_secret_made_ = now;
}

tcp::Config Shard::connection_config(const FlowKey& key, const tcp::TupleNumbers& numbers) const {
  tcp::Config config = config_.tcp;
  const std::size_t ip_bytes = key.local.is_v4() ? wire::Ipv4Header::kMinBytes : wire::Ipv6Header::kBytes;
  config.mss = static_cast<std::uint16_t>(config_.mtu - wire::TcpHeader::kMinBytes - ip_bytes);
  config.path_mss = config.mss;
  config.ipv6 = !key.local.is_v4();
  config.timestamp_offset = numbers.timestamp_offset;
  return config;
}

// True when the frame is an ICMP error about a connection of ours. What it says is believed only when it quotes a
// sequence number in flight (RFC 5927 4.1); the connection decides.
bool Shard::on_icmp_error(const wire::FrameView& frame, Instant now) {
  const std::optional<PathError> error = path_error(frame);
  if (!error) return false;
  const auto& [about, mtu, hard] = *error;
  const FlowKey key{about.source, about.destination, about.source_port, about.destination_port};
  const std::uint32_t index = find(key, key.hash(table_key_));
  if (index == FlowTable::kNone) {
    statistics_.drop(Drop::icmp_ignored);
    return true;
  }
  Flow& flow = *flows_.at(index);
  tcp::Outcome outcome;
  if (mtu) {
    const std::uint32_t headers =
        (key.local.is_v4() ? wire::Ipv4Header::kMinBytes : wire::Ipv6Header::kBytes) + wire::TcpHeader::kMinBytes;
    const std::uint32_t mss = std::min<std::uint32_t>(*mtu, config_.mtu);
    const std::uint16_t before = flow.connection.send_mss();
    outcome = flow.connection.on_packet_too_big(static_cast<std::uint16_t>(mss > headers ? mss - headers : 0),
                                                about.seq, now);
    if (flow.connection.send_mss() < before) statistics_.tcp.path_mtu_lowered.add();
  } else {
    outcome = flow.connection.on_unreachable(about.seq, hard);
    if (outcome.ended != tcp::End::none) flow.open_failure = OpenFailure::unreachable;
    if (!outcome.dropped) flow.said_unreachable = true;
  }
  on_outcome(flow, outcome, now);
  queue_output(flow);
  return true;
}

}  // namespace handsel::flow
