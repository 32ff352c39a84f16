#include "flow/shard.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <new>

#include "flow/tls_admission.h"
#include "flow/tls_observer.h"

namespace handsel::flow {
namespace {

SipKey random_key(Entropy& entropy) {
  SipKey key;
  entropy.fill({reinterpret_cast<std::uint8_t*>(key.data()), sizeof key});
  return key;
}

// A message in pieces longer than a handshake's own block holds is rare: one long buffer for this many handshakes.
constexpr std::uint32_t kHandshakesPerLongMessage = 16;

// Without TLS its memory is not taken: of what a flow costs more than a third.
bool uses_tls(const ShardConfig& config) {
  return config.opens_tls ||
         std::ranges::any_of(config.listeners, [](const Listener& each) { return each.tls != nullptr; });
}

bool remembers_sessions(const ShardConfig& config) {
  return config.limits.session_ids != 0 && std::ranges::any_of(config.listeners, [](const Listener& each) {
           return each.tls != nullptr && each.tls->min_version <= tls::Version::tls12 && each.tls->session_ids;
         });
}

bool takes_early_data(const ShardConfig& config) {
  return std::ranges::any_of(config.listeners,
                             [](const Listener& each) { return each.tls != nullptr && each.tls->max_early_data != 0; });
}

}  // namespace

Shard::Shard(const ShardConfig& config, const ShardResources& resources, Instant now)
    : config_(config),
      entropy_(*resources.entropy),
      table_key_(random_key(entropy_)),
      isn_key_(random_key(entropy_)),
      cookie_secrets_(random_key(entropy_)),
      time_wait_(config.limits.time_wait, config.tcp.time_wait),
      chunks_(config.limits.chunks),
      flows_(config.limits.flows),
      client_sessions_(config.opens_tls ? std::make_unique<tls::SessionCache>(config.client_sessions) : nullptr),
      replay_guard_(takes_early_data(config) ? std::make_unique<tls::ReplayGuard>(config.limits.replay_guard, entropy_)
                                             : nullptr),
      exporters_(config.limits.exporters),
      server_sessions_(remembers_sessions(config) ? std::make_unique<tls::ServerSessions>(config.limits.session_ids)
                                                  : nullptr),
      sessions_(uses_tls(config) ? config.limits.flows : 0),
      table_(config.limits.flows),
      timers_(config.limits.flows, now),
      stage_(resources.kernels, config.stage, resources.cycles),
      processor_(resources.processor != nullptr ? *resources.processor : stage_),
      frames_(uses_tls(config) ? config.limits.handshakes : 0,
              uses_tls(config) ? std::max(1u, config.limits.handshakes / kHandshakesPerLongMessage) : 0),
      budget_({config.limits.handshakes_per_second, config.limits.handshakes}, random_key(entropy_), now),
      admission_(std::make_unique<TlsAdmission>(flows_, budget_)),
      tls_context_{processor_,
                   *resources.aead,
                   entropy_,
                   frames_,
                   tls_statistics_,
                   resources.unix_at_zero_ms,
                   client_sessions_.get(),
                   &exporters_,
                   server_sessions_.get(),
                   replay_guard_.get(),
                   admission_.get()},
      responder_(config.mac, config.vlan, config.addresses),
      routes_(config.addresses, config.gateways),
      neighbours_(random_key(entropy_), now),
      ports_(random_key(entropy_)),
      tracer_(config.id, config.limits.trace_records),
      observer_(std::make_unique<TlsObserver>(tracer_)),
      record_(new std::uint8_t[limits::kMaxRecordBytes]),
      arrived_(new Arrived[limits::kBurst]),
      cookie_secret_made_(now) {
  // A flow stands in the list once; an index may stand twice when its flow was replaced within a burst.
  output_.reserve(2 * (config.limits.flows + limits::kBurst));
}

void Shard::forget(const tls::TicketKeys& former) { former.forget(tls_context_.aead); }

Shard::~Shard() {
  for (std::uint32_t i = 0; i < flows_.capacity(); ++i)
    if (Flow* flow = flows_.at(i)) {
      flow->unread.clear(chunks_);
      if (flow->session) sessions_.erase(flow->session);
      flows_.erase(flow->self);
    }
  secure_wipe(record_.get(), limits::kMaxRecordBytes);
}

// Three passes over the burst, each touching memory that the one before has asked for: parse every frame
// and prefetch its bucket; guess every flow and prefetch it; act.
void Shard::on_burst(std::span<const ReceivedFrame> frames, Instant now, FrameSink& sink) {
  std::size_t segments = 0;
  assert(frames.size() <= limits::kBurst);
  for (const ReceivedFrame& frame : frames)
    if (parse(frame, now, sink, arrived_[segments])) ++segments;
  const std::span<const Arrived> arrived{arrived_.get(), segments};
  for (const Arrived& each : arrived)
    if (const std::uint32_t index = table_.guess(each.hash); index != FlowTable::kNone) flows_.prefetch(index);
  // Looked up only now: a segment of this burst may have opened or ended the flow of a later one.
  for (const Arrived& each : arrived) act(each, now, sink);
  fragments_.release();
}

// True when the frame holds a TCP segment for us; all else is answered or dropped here.
bool Shard::parse(const ReceivedFrame& frame, Instant now, FrameSink& sink, Arrived& arrived) {
  statistics_.packets.rx_frames.add();
  statistics_.packets.rx_bytes.add(frame.bytes.size());
  const auto drop = [&](Drop reason) {
    statistics_.drop(reason);
    return false;
  };
  if (frame.bytes.size() > limits::kMaxFrameBytes) return drop(Drop::frame_oversized);
  auto view = wire::parse_frame(frame.bytes, {!frame.checksums_good, !frame.checksums_good});
  if (!view && view.error() == Drop::ip_fragment) [[unlikely]] {
    const MutableBytes whole = reassemble(frame, now);
    if (whole.empty()) return false;
    view = wire::parse_frame(whole, {});
  }
  if (!view) return drop(view.error());
  if (const auto refused = responder_.refuse(*view)) return drop(*refused);
  if (!view->is_tcp()) {
    if (learn(*view, now, sink) || on_icmp_error(*view, now)) return false;
    if (const auto refused = responder_.answer(*view, sink, statistics_.packets)) return drop(*refused);
    return false;
  }
  // Made in place: a copy would read in wide words what was just written in narrow ones, and wait for it.
  ::new (static_cast<void*>(&arrived.header)) wire::TcpHeader(view->tcp.to_header());
  if (!wire::tcp_flags_sane(arrived.header.flags)) return drop(Drop::tcp_bad_flags);
  if (arrived.header.source_port == 0 || arrived.header.destination_port == 0) return drop(Drop::tcp_port_zero);
  statistics_.tcp.segments_in.add();
  arrived.frame = *view;
  arrived.payload = view->tcp.payload();
  arrived.key = {view->destination, view->source, arrived.header.destination_port, arrived.header.source_port};
  arrived.hash = arrived.key.hash(table_key_);
  table_.prefetch(arrived.hash);
  if ((arrived.header.flags & (wire::kSyn | wire::kFin)) != 0) time_wait_.prefetch(arrived.hash);
  return true;
}

// The whole packet as a frame once all its fragments are there; nothing as long as some are missing. Only TCP is worth
// the memory, and only what is for us.
MutableBytes Shard::reassemble(const ReceivedFrame& frame, Instant now) {
  const auto fragment = wire::parse_fragment(frame.bytes, !frame.checksums_good);
  std::optional<Drop> refused;
  if (!fragment) {
    refused = fragment.error();
  } else if (fragment->protocol != wire::kProtocolTcp) {
    refused = Drop::ip_fragment;
  } else {
    wire::FrameView about;
    about.link = fragment->link;
    about.source = fragment->source;
    about.destination = fragment->destination;
    about.ip_version = fragment->source.is_v4() ? 4 : 6;
    about.protocol = fragment->protocol;
    refused = responder_.refuse(about);
  }
  if (!refused) return fragments_.take(*fragment, now);
  statistics_.drop(*refused);
  return {};
}

std::uint32_t Shard::find(const FlowKey& key, std::uint64_t hash) {
  return table_.find(hash, [&](std::uint32_t index) { return flows_.at(index)->key == key; });
}

void Shard::act(const Arrived& arrived, Instant now, FrameSink& sink) {
  const std::uint32_t index = find(arrived.key, arrived.hash);
  if (index == FlowTable::kNone || on_segment(*flows_.at(index), arrived, now, sink)) admit(arrived, now, sink);
}

// True when the flow is over and gone, and the segment is to be taken as if there had been none.
bool Shard::on_segment(Flow& flow, const Arrived& arrived, Instant now, FrameSink& sink) {
  if (flow.connection.state() == tcp::State::closed) {  // its last word has not left yet
    remove(flow);
    return true;
  }
  const std::uint64_t received_before = flow.connection.bytes_received();
  const std::uint16_t undone_before = flow.connection.undone();
  const tcp::Outcome outcome =
      flow.connection.on_segment(arrived.header, arrived.payload, static_cast<std::uint8_t>(arrived.frame.ecn()), now);
  if (outcome.reopen) {
    remove(flow);
    return true;
  }
  // The way back follows the peer's router when that changes, but only on the word of a segment that was acceptable.
  if (!outcome.dropped) flow.peer_mac = arrived.frame.link.source();
  if (flow.wait.entry != NeighbourWait::kNone && flow.connection.state() != tcp::State::syn_sent) stop_waiting(flow);
  trace_segment(flow, arrived.header, arrived.payload.size(), now, outcome.dropped);
  statistics_.tcp.bytes_in.add(flow.connection.bytes_received() - received_before);
  if (flow.connection.undone() != undone_before) [[unlikely]]
    statistics_.tcp.reductions_undone.add();
  if (outcome.refuse) refuse(arrived, Drop::tcp_no_connection, sink);
  refresh_deadline(flow, outcome, now);
  on_outcome(flow, outcome, now);
  if (!flow.ended && (outcome.readable || outcome.peer_finished)) pump(flow, now);
  flow.connection.detach_segment();
  if (!flow.ended && outcome.acknowledged) on_room(flow, now);
  watch_for_room(flow, now);
  queue_output(flow);
  return false;
}

// A handshake has one deadline from its start. Later anything from a peer that we owe nothing defers it; a peer that we
// owe bytes must take some or send some, or it could hold them for ever. Where the service expects something whole,
// bytes that drip do not count, nor does a sign of life. Once we have closed, only what is taken counts.
void Shard::refresh_deadline(Flow& flow, const tcp::Outcome& outcome, Instant now) {
  if (flow.half_open || flow.ended || handshaking(flow)) return;
  if (!flow.close_asked) {
    const bool alive = outcome.readable || flow.connection.queued_bytes() == 0;
    if (outcome.acknowledged || (alive && !flow.whole_expected)) flow.deadline = now + config_.limits.idle_timeout;
  } else if (outcome.acknowledged) {
    flow.deadline = now + config_.limits.close_timeout;
  }
}

bool Shard::run(Instant now, bool idle, FrameSink& sink) {
  bool worked = processor_.run(now, idle);
  resume_completed(now);
  timers_.advance(now, [&](std::uint32_t index) {
    worked = true;
    on_timer(*flows_.at(index), now);
  });
  time_wait_.expire(now);
  fragments_.expire(now);
  statistics_.tcp.time_wait.set(time_wait_.size());
  if (tracer_.take_flush()) finish_traces();
  worked |= send_queued(now, sink);
  return advance_neighbours(now, sink) || worked;
}

Instant Shard::next_deadline() const {
  if (!output_.empty()) return Instant{};
  return std::min({timers_.next_deadline(), processor_.next_deadline(), time_wait_.next_deadline(),
                   neighbours_.next_deadline(), fragments_.next_deadline()});
}

void Shard::announce(FrameSink& sink) { responder_.announce(sink, statistics_.packets); }

}  // namespace handsel::flow
