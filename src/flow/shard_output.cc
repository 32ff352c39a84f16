/// From connections to frames: flows that have something to say stand in a list and are asked once a burst.

#include <algorithm>

#include "flow/shard.h"

namespace handsel::flow {
namespace {

constexpr int kSegmentsPerTurn = 64;  // of one flow before the next one has its turn

}  // namespace

void Shard::queue_output(Flow& flow) {
  if (flow.output_queued) return;
  flow.output_queued = true;
  output_.push_back(flow.self.index);  // reserved for as many as there are flows
}

bool Shard::send_queued(Instant now, FrameSink& sink) {
  if (output_.empty()) return false;
  output_.swap(output_next_);
  for (std::size_t i = 0; i < output_next_.size(); ++i) {
    Flow& flow = *flows_.at(output_next_[i]);
    flow.output_queued = false;
    const bool said_all = send_segments(flow, now, sink);
    if (!said_all) {
      queue_output(flow);
    } else if (flow.connection.state() == tcp::State::closed) {
      remove(flow);
      continue;
    }
    reschedule(flow);
  }
  output_next_.clear();
  return true;
}

// False when there is more to say, and no buffer or no turn left to say it with.
bool Shard::send_segments(Flow& flow, Instant now, FrameSink& sink) {
  for (int i = 0; i < kSegmentsPerTurn; ++i) {
    const std::size_t headers = wire::tcp_frame_max_header_bytes(flow.key.local.is_v4(), config_.vlan.has_value());
    const MutableBytes frame = sink.begin(headers + flow.connection.effective_mss());
    if (frame.empty()) return false;
    const std::optional<tcp::OutSegment> segment = flow.connection.next_segment(now);
    if (!segment) return true;
    emit(flow, *segment, frame, sink);
    trace_segment(flow, segment->header, segment->payload_bytes, true, now);
  }
  return false;
}

}  // namespace handsel::flow
