/// The life of a flow: opened by a SYN, established, given a session and a service, ended, removed.

#include <algorithm>
#include <cassert>
#include <utility>

#include "flow/flow_stream.h"
#include "flow/shard.h"
#include "flow/tls_observer.h"

namespace handsel::flow {

void Shard::open_flow(const Arrived& arrived, const Listener& listener, wire::SeqNum iss, Instant now) {
  if (statistics_.tcp.half_open.get() >= config_.limits.half_open) return statistics_.drop(Drop::flow_half_open_full);
  const Handle handle = flows_.emplace(arrived.key, arrived.hash, listener, arrived.frame.link.source(),
                                       connection_config(arrived.key), chunks_, arrived.header, iss, now);
  Flow* flow = add_flow(handle, arrived, now);
  if (!flow) return;
  trace_segment(*flow, arrived.header, arrived.payload.size(), now, std::nullopt);
  queue_output(*flow);
  reschedule(*flow);
}

// Enters a flow that was just made into the table; nullptr, and counted, when there is no room for it.
Flow* Shard::add_flow(Handle handle, const Arrived& arrived, Instant now) {
  if (!handle || !table_.insert(arrived.hash, handle.index)) {
    if (handle) flows_.erase(handle);
    statistics_.drop(Drop::flow_table_full);
    return nullptr;
  }
  Flow& flow = *flows_.get(handle);
  flow.self = handle;
  statistics_.tcp.half_open.add();
  statistics_.tcp.flows.set(flows_.size());
  flow.trace = tracer_.start(flow.key, now);
  return &flow;
}

void Shard::on_outcome(Flow& flow, const tcp::Outcome& outcome, Instant now) {
  if (outcome.dropped) statistics_.drop(*outcome.dropped);
  if (outcome.wants_output) queue_output(flow);
  if (outcome.peer_finished) flow.peer_finished = true;
  if (outcome.established) on_established(flow, now);
  if (outcome.ended != tcp::End::none) {
    // What came in order before the end is still the service's.
    if (!flow.ended) pump(flow, now);
    if (flow.ended) return;  // the service has aborted it
    count_end(flow, outcome.ended);
    end_upper_half(flow, now);
  }
}

void Shard::count_end(const Flow& flow, tcp::End end) {
  TcpStatistics& tcp = statistics_.tcp;
  if (flow.half_open) {
    if (end == tcp::End::timed_out) tcp.half_open_expired.add();
    return;
  }
  switch (end) {
    case tcp::End::closed:
      tcp.connections_closed.add();
      break;
    case tcp::End::reset_by_peer:
      tcp.connections_reset.add();
      break;
    case tcp::End::timed_out:
      tcp.connections_timed_out.add();
      break;
    case tcp::End::aborted:
      tcp.connections_aborted.add();
      break;
    case tcp::End::refused:
    case tcp::End::none:
      break;
  }
}

void Shard::on_established(Flow& flow, Instant now) {
  flow.half_open = false;
  flow.established = now;
  statistics_.tcp.half_open.sub();
  statistics_.tcp.connections_opened.add();
  statistics_.tcp_handshake_ns.record(static_cast<std::uint64_t>((now - flow.started).count()));
  if (flow.trace != Tracer::kNoRecord) tracer_.record(flow.trace).established = now;
  if (!flow.listener->tls) {
    flow.deadline = now + config_.limits.idle_timeout;
    return open_service(flow, now);
  }
  flow.deadline = now + config_.limits.handshake_timeout;
  flow.session = sessions_.emplace(tls_context_, *flow.listener->tls, observer_.get(), flow.owner_mark(), now);
  tls::Session* session = sessions_.get(flow.session);
  if (!session || session->phase() == tls::Phase::failed) {
    statistics_.drop(Drop::handshake_memory);
    abort(flow, now);
  }
}

void Shard::open_service(Flow& flow, Instant now) {
  flow.service_open = true;
  FlowStream stream(*this, flow, now);
  flow.listener->service->on_open(stream);
  queue_output(flow);
  if (stream.aborted()) abort(flow, now);
}

void Shard::close_service(Flow& flow, Instant now) {
  if (!flow.service_open) return;
  FlowStream stream(*this, flow, now);
  flow.listener->service->on_closed(stream);
  flow.service_open = false;
}

// Everything above TCP goes; the connection may have a FIN to repeat or a TIME_WAIT to sit out.
void Shard::end_upper_half(Flow& flow, Instant now) {
  if (flow.ended) return;
  close_service(flow, now);
  flow.ended = true;
  flow.close_asked = true;
  flow.deadline = kNever;
  flow.retry = kNever;
  flow.unread.clear(chunks_);
  secure_wipe(flow.service_state);
  if (flow.session) sessions_.erase(std::exchange(flow.session, {}));
  queue_output(flow);
}

// RST to the peer; the flow goes once that has left.
void Shard::abort(Flow& flow, Instant now) {
  if (flow.connection.state() == tcp::State::closed) return;
  flow.connection.abort();
  count_end(flow, tcp::End::aborted);
  end_upper_half(flow, now);
}

// TIME-WAIT needs no connection: 48 bytes remember what it takes to answer for it.
void Shard::retire(Flow& flow, Instant now) {
  time_wait_.insert(tuple_of(flow.key), flow.connection, now);
  remove(flow);
}

// Called where nothing holds a reference to the flow: by the output pass, and before a new flow of the same tuple.
void Shard::remove(Flow& flow) {
  assert(flow.ended || flow.half_open);
  if (flow.half_open) statistics_.tcp.half_open.sub();
  if (flow.trace != Tracer::kNoRecord) tracer_.finish(flow.trace);
  timers_.cancel(flow.self.index);
  table_.erase(flow.hash, flow.self.index);
  flows_.erase(flow.self);
  statistics_.tcp.flows.set(flows_.size());
}

void Shard::on_timer(Flow& flow, Instant now) {
  if (now >= flow.deadline) {
    TcpStatistics& tcp = statistics_.tcp;
    (handshaking(flow) ? tcp.handshake_timeouts : flow.close_asked ? tcp.close_timeouts : tcp.idle_timeouts).add();
    abort(flow, now);
  } else if (now >= flow.retry) {
    on_room(flow, now);
    watch_for_room(flow, now);
    queue_output(flow);
  } else if (now >= flow.connection.next_deadline()) {
    on_outcome(flow, flow.connection.on_timer(now), now);
    queue_output(flow);
  }
  reschedule(flow);
}

bool Shard::handshaking(const Flow& flow) {
  const tls::Session* session = sessions_.get(flow.session);
  return session && session->phase() == tls::Phase::handshaking;
}

void Shard::reschedule(Flow& flow) {
  const Instant next = std::min({flow.deadline, flow.retry, flow.connection.next_deadline()});
  if (next == kNever)
    timers_.cancel(flow.self.index);
  else
    timers_.schedule(flow.self.index, next);
}

}  // namespace handsel::flow
