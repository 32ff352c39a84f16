/// From connections to frames: flows that have something to say stand in a list and are asked once a burst.

#include <algorithm>
#include <cassert>

#include "flow/shard.h"

namespace handsel::flow {
namespace {

constexpr int kSegmentsPerTurn = 64;

}  // namespace

void Shard::queue_output(Flow& flow) {
  if (flow.output_queued) return;
  flow.output_queued = true;
  output_.push_back(flow.self.index);  // reserved for as many as there are flows
}

// Each flow that stands in the list has its turn once; who wants another waits for the next call. When the port is
// full, nobody behind is asked: what was received must be looked at first, or two ends that both have much to say would
// each wait for the other to receive.
bool Shard::send_queued(Instant now, FrameSink& sink) {
  forget_stale_output();
  const std::size_t end = output_.size();
  std::size_t at = 0;
  for (; at < end; ++at) {
    Flow* flow = flows_.at(output_[at]);
    if (!flow || !flow->output_queued) continue;  // removed since, or its index already served
    flow->output_queued = false;
    const Said said = send_segments(*flow, now, sink);
    if (said == Said::no_room) {
      flow->output_queued = true;
      break;
    }
    if (said == Said::more) {
      queue_output(*flow);
    } else if (flow->connection.state() == tcp::State::closed) {
      remove(*flow);
      continue;
    } else if (flow->connection.state() == tcp::State::time_wait) {
      retire(*flow, now);
      continue;
    }
    reschedule(*flow);
  }
  output_.erase(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(at));
  return at != 0;
}

// Flows that went while they stood in the list leave their index behind, and whoever has it next stands there twice. As
// long as a port is full nobody is served, and the list must not outgrow its memory.
void Shard::forget_stale_output() {
  if (output_.size() <= flows_.capacity()) return;
  std::erase_if(output_, [this](std::uint32_t index) {
    Flow* flow = flows_.at(index);
    const bool first = flow != nullptr && flow->output_queued;
    if (first) flow->output_queued = false;
    return !first;
  });
  for (const std::uint32_t index : output_) flows_.at(index)->output_queued = true;
}

// At most so many segments of one flow, before the next one has its turn.
Shard::Said Shard::send_segments(Flow& flow, Instant now, FrameSink& sink) {
  if (flow.connection.state() == tcp::State::syn_sent && !link_known(flow, now)) return Said::all;
  for (int i = 0; i < kSegmentsPerTurn; ++i) {
    // The buffer first: a segment that was taken from the connection counts as sent.
    const MutableBytes buffer = sink.begin(wire::EthernetHeader::kUntaggedBytes +
                                           wire::EthernetHeader::kTagBytes * limits::kMaxVlanTags + config_.mtu);
    if (buffer.empty()) return Said::no_room;
    std::optional<tcp::OutSegment> segment = flow.connection.next_segment(now);
    if (!segment) return Said::all;
    emit(flow, *segment, now, buffer, sink);
  }
  return Said::more;
}

void Shard::emit(Flow& flow, tcp::OutSegment& segment, Instant now, MutableBytes buffer, FrameSink& sink) {
  wire::TcpHeader& header = segment.header;
  header.source_port = flow.key.local_port;
  header.destination_port = flow.key.remote_port;
  wire::LinkHeader link{.destination = flow.peer_mac, .source = config_.mac};
  if (config_.vlan) {
    link.tags[0].control = *config_.vlan;
    link.tag_count = 1;
  }
  const std::size_t headers = wire::tcp_frame_header_bytes(link, flow.key.remote, header);
  const std::size_t bytes = headers + segment.payload_bytes;
  assert(bytes <= buffer.size());
  const MutableBytes frame = buffer.first(bytes);
  flow.connection.copy_payload(segment, frame.subspan(headers));
  wire::write_tcp_frame(frame, link,
                        {.source = flow.key.local, .destination = flow.key.remote, .traffic_class = segment.ip_ecn},
                        header, std::nullopt, config_.offload);
  sink.commit(bytes);
  count_sent(bytes);
  statistics_.tcp.segments_out.add();
  if (segment.retransmission) statistics_.tcp.retransmits.add();
  if (header.has(wire::kRst)) statistics_.tcp.resets_sent.add();
  if (flow.trace != Tracer::kNoRecord) [[unlikely]] {
    TraceEvent event;
    event.at = now;
    event.sent = true;
    event.retransmission = segment.retransmission;
    event.header = header;
    event.payload_bytes = segment.payload_bytes;
    tracer_.add(flow.trace, event);
  }
}

void Shard::count_sent(std::size_t bytes) {
  statistics_.packets.tx_frames.add();
  statistics_.packets.tx_bytes.add(bytes);
}

void Shard::trace_segment(Flow& flow, const wire::TcpHeader& header, std::size_t payload, Instant now,
                          std::optional<Drop> dropped) {
  if (flow.trace == Tracer::kNoRecord) [[likely]]
    return;
  TraceEvent event;
  event.at = now;
  event.header = header;
  event.payload_bytes = static_cast<std::uint32_t>(payload);
  event.dropped = dropped;
  tracer_.add(flow.trace, event);
}

// An operator waits no longer: what was recorded so far is handed over.
void Shard::finish_traces() {
  tracer_.finish_all([&](Handle owner) { flows_.get(owner)->trace = Tracer::kNoRecord; });
}

}  // namespace handsel::flow
