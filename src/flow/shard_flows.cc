/// The life of a flow: opened by a SYN, established, given a session and a service, ended, removed.

#include <algorithm>
#include <cassert>
#include <utility>

#include "flow/flow_stream.h"
#include "flow/shard.h"
#include "flow/tls_observer.h"

namespace handsel::flow {

void Shard::open_flow(const Arrived& arrived, const Listener& listener, std::optional<wire::SeqNum> iss_above,
                      Instant now) {
  if (statistics_.tcp.half_open.get() >= config_.limits.half_open) return statistics_.drop(Drop::flow_half_open_full);
  const tcp::TupleNumbers numbers = tcp::numbers_of(isn_key_, tuple_of(arrived.key));
  wire::SeqNum iss = numbers.initial_sequence(now);
  if (iss_above && iss <= *iss_above) iss = *iss_above + 1;  // RFC 6191: no old segment may look like a new one
  const Handle handle = flows_.emplace(arrived.key, arrived.hash, listener.endpoint(), arrived.frame.link.source(),
                                       connection_config(arrived.key, numbers), chunks_, arrived.header, iss, now);
  Flow* flow = add_flow(handle, arrived.hash, now);
  if (!flow) return;
  trace_segment(*flow, arrived.header, arrived.payload.size(), now, std::nullopt);
  queue_output(*flow);  // which sets its timer, too
}

// Enters a flow that was just made into the table; nullptr, and counted, when there is no room for it.
Flow* Shard::add_flow(Handle handle, std::uint64_t hash, Instant now) {
  if (!handle || !table_.insert(hash, handle.index)) {
    if (handle) flows_.erase(handle);
    statistics_.drop(Drop::flow_table_full);
    return nullptr;
  }
  Flow& flow = *flows_.get(handle);
  flow.self = handle;
  (flow.active ? statistics_.tcp.opening : statistics_.tcp.half_open).add();
  statistics_.tcp.flows.set(flows_.size());
  flow.trace = tracer_.start(flow.key, handle, now);
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
    end_upper_half(flow, outcome.ended, now);
  }
}

void Shard::count_end(const Flow& flow, tcp::End end) {
  TcpStatistics& tcp = statistics_.tcp;
  if (flow.half_open) {
    if (!flow.active && end == tcp::End::timed_out) tcp.half_open_expired.add();
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
  (flow.active ? statistics_.tcp.opening : statistics_.tcp.half_open).sub();
  statistics_.tcp.connections_opened.add();
  const auto took = static_cast<std::uint64_t>((now - flow.since).count());
  flow.since = now;
  (flow.active ? statistics_.tcp_connect_ns : statistics_.tcp_handshake_ns).record(took);
  if (flow.active) neighbours_.confirm(*routes_.next_hop(flow.key.remote), now);
  if (flow.trace != Tracer::kNoRecord) tracer_.record(flow.trace).established = now;
  if (!flow.endpoint.uses_tls()) {
    flow.deadline = now + config_.limits.idle_timeout;
    return open_service(flow, now);
  }
  begin_session(flow, now);
}

void Shard::begin_session(Flow& flow, Instant now) {
  const Endpoint& ours = flow.endpoint;
  flow.deadline = now + config_.limits.handshake_timeout;
  flow.session = ours.tls_client
                     ? sessions_.emplace(tls_context_, *ours.tls_client, observer_.get(), flow.owner_mark(), now)
                     : sessions_.emplace(tls_context_, *ours.tls_server, observer_.get(), flow.owner_mark(), now);
  tls::Session* session = sessions_.get(flow.session);
  if (!session || session->phase() == tls::Phase::failed) {
    statistics_.drop(Drop::handshake_memory);
    return abort(flow, now);
  }
  if (!ours.tls_client) return;
  FlowStream stream(*this, flow, now);
  observer_->watch(flow.trace);
  after_session(flow, *session, session->connect(stream, now), now);
}

void Shard::open_service(Flow& flow, Instant now) {
  flow.service_open = true;
  flow.service_told = true;
  FlowStream stream(*this, flow, now);
  flow.endpoint.service->on_open(stream);
  queue_output(flow);
  if (stream.aborted()) abort(flow, now);
}

void Shard::close_service(Flow& flow, tcp::End end, Instant now) {
  if (flow.end == tcp::End::none) flow.end = end;
  FlowStream stream(*this, flow, now);
  if (flow.service_open) {
    flow.service_open = false;
    flow.endpoint.service->on_closed(stream);
  } else if (flow.active && !flow.service_told) {
    flow.service_told = true;
    const OpenFailure why = open_failure(flow);
    count_open_failure(why);
    flow.endpoint.service->on_open_failed(stream, why);
  }
}

// Everything above TCP goes; the connection may have a FIN to repeat or a TIME_WAIT to sit out.
void Shard::end_upper_half(Flow& flow, tcp::End end, Instant now) {
  if (flow.ended) return;
  close_service(flow, end, now);
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
  end_upper_half(flow, tcp::End::aborted, now);
}

// TIME-WAIT needs no connection: 48 bytes remember what it takes to answer for it.
void Shard::retire(Flow& flow, Instant now) {
  time_wait_.insert(flow.hash, flow.connection, now);
  remove(flow);
}

// Called where nothing holds a reference to the flow: by the output pass, and before a new flow of the same tuple.
void Shard::remove(Flow& flow) {
  assert(flow.ended || flow.half_open);
  stop_waiting(flow);
  if (flow.half_open) (flow.active ? statistics_.tcp.opening : statistics_.tcp.half_open).sub();
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
