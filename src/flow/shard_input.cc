/// From TCP's bytes to the service: whole records are gathered, opened, and handed up.

#include <algorithm>
#include <cassert>

#include "flow/flow_stream.h"
#include "flow/shard.h"
#include "flow/tls_observer.h"

namespace handsel::flow {
namespace {

constexpr std::uint32_t kLowChunks = 64;  // below this a service may have been refused room
constexpr Duration kRoomRetry = std::chrono::milliseconds(20);

}  // namespace

// Hands up what has come into order, as long as somebody wants it. What nobody wants stays in TCP's
// queue, where it closes the peer's window.
void Shard::pump(Flow& flow, Instant now) {
  bool more = true;
  while (more && !flow.ended) {
    tls::Session* session = sessions_.get(flow.session);
    more = session ? pump_tls(flow, *session, now) : pump_plain(flow, now);
  }
  if (!flow.ended) tell_peer_closed(flow, now);
}

bool Shard::pump_plain(Flow& flow, Instant now) {
  const Bytes ready = flow.connection.readable();
  flow.starved = ready.empty();
  if (ready.empty()) return false;
  if (flow.close_asked) {  // nobody reads any more: what still comes is let go
    flow.connection.consume(ready.size());
    return true;
  }
  FlowStream stream(*this, flow, now);
  flow::Service& service = *flow.endpoint.service;
  if (!flow.service_open || !service.wants_data(stream)) return false;
  const std::size_t taken = service.on_data(stream, ready.first(std::min(ready.size(), limits::kMaxPlaintext)));
  flow.connection.consume(taken);
  queue_output(flow);
  if (stream.aborted()) abort(flow, now);
  return taken != 0;
}

// One record, when a whole one is there and somebody is ready for what it may hold.
bool Shard::pump_tls(Flow& flow, tls::Session& session, Instant now) {
  tcp::Connection& connection = flow.connection;
  flow.starved = false;
  if (session.phase() == tls::Phase::failed || session.phase() == tls::Phase::closed) {
    const std::size_t rest = connection.readable().size();
    connection.consume(rest);
    flow.starved = rest == 0;
    return rest != 0;
  }
  if (!deliver_unread(flow, now) || !session.wants_record()) return false;

  const std::size_t available = connection.readable_bytes();
  MutableBytes scratch{record_.get(), limits::kMaxRecordBytes};
  flow.starved = available < tls::kRecordHeaderBytes;
  if (flow.starved) return false;
  connection.peek(0, scratch.first(tls::kRecordHeaderBytes));
  const auto length = session.record_bytes(scratch.first(tls::kRecordHeaderBytes));
  FlowStream stream(*this, flow, now);
  observer_->watch(flow.trace);
  if (!length) {
    after_session(flow, session, session.on_bad_header(scratch.first(tls::kRecordHeaderBytes), stream, now), now);
    return true;  // what follows it is let go
  }
  flow.starved = available < *length;
  if (flow.starved) return false;
  const MutableBytes record = scratch.first(*length);
  connection.peek(0, record);
  connection.consume(*length);
  queue_output(flow);
  after_session(flow, session, session.on_record(record, stream, now), now);
  return true;
}

void Shard::after_session(Flow& flow, tls::Session& session, const tls::Received& received, Instant now) {
  queue_output(flow);
  if (flow.active && !flow.early_told && session.early_room() != 0) offer_early_room(flow, now);
  if (flow.ended) return;
  if (received.connected_now) {
    flow.deadline = now + (flow.close_asked ? config_.limits.close_timeout : config_.limits.idle_timeout);
    statistics_.tls_handshake_ns.record(static_cast<std::uint64_t>((now - flow.since).count()));
    if (flow.trace != Tracer::kNoRecord) {
      TraceRecord& record = tracer_.record(flow.trace);
      record.connected = now;
      record.tls = session.info();
    }
    if (!flow.service_told) open_service(flow, now);
  }
  if (received.early && !flow.service_told && flow.endpoint.service->takes_early_data()) open_service(flow, now);
  if (!received.plaintext.empty()) deliver(flow, received.plaintext, now);
  if (flow.ended) return;
  if (received.peer_closed) flow.close_notified = true;
  if (received.failed) {
    // The alert is in the send queue: it goes out, then a FIN, and what the peer still sends is let go.
    close_service(flow, tcp::End::aborted, now);
    flow.close_asked = true;
    flow.connection.shutdown_write();
    flow.deadline = now + config_.limits.close_timeout;
  }
}

void Shard::offer_early_room(Flow& flow, Instant now) {
  flow.early_told = true;
  FlowStream stream(*this, flow, now);
  flow.endpoint.service->on_early(stream);
  if (stream.aborted()) abort(flow, now);
}

// Gives plaintext to the service; what it does not take waits in `unread`. So does early data for a service that does
// not want it early.
void Shard::deliver(Flow& flow, Bytes plaintext, Instant now) {
  if (flow.ended || flow.close_asked) return;
  FlowStream stream(*this, flow, now);
  std::size_t taken = 0;
  while (flow.service_open && taken < plaintext.size() && flow.endpoint.service->wants_data(stream)) {
    const std::size_t step = flow.endpoint.service->on_data(stream, plaintext.subspan(taken));
    if (step == 0) break;
    taken += step;
  }
  queue_output(flow);
  const Bytes rest = plaintext.subspan(taken);
  if (!stream.aborted() && flow.unread.append(chunks_, rest) == rest.size()) return;
  if (!stream.aborted()) statistics_.drop(Drop::tcp_no_buffer);
  abort(flow, now);
}

// True when nothing is left unread that could be delivered now.
bool Shard::deliver_unread(Flow& flow, Instant now) {
  if (!flow.service_open && !flow.close_asked) return true;
  FlowStream stream(*this, flow, now);
  while (!flow.unread.empty()) {
    if (flow.close_asked) {
      flow.unread.clear(chunks_);
      break;
    }
    if (!flow.endpoint.service->wants_data(stream)) return false;
    const std::size_t taken = flow.endpoint.service->on_data(stream, flow.unread.front(chunks_));
    flow.unread.drop(chunks_, taken);
    queue_output(flow);
    if (stream.aborted()) {
      abort(flow, now);
      return false;
    }
    if (taken == 0) return false;
  }
  return true;
}

// Once everything that came before the peer's FIN (or its close_notify) has been taken.
void Shard::tell_peer_closed(Flow& flow, Instant now) {
  // A record cut off in the middle is the end, too: it will never be whole.
  const bool finished = flow.close_notified || (flow.peer_finished && flow.starved);
  if (!finished || flow.peer_closed_told || (flow.service_open && !flow.unread.empty())) return;
  flow.peer_closed_told = true;
  FlowStream stream(*this, flow, now);
  if (flow.service_open) {
    flow.endpoint.service->on_peer_closed(stream, sessions_.get(flow.session) != nullptr && !flow.close_notified);
  } else {
    stream.close();
  }
  queue_output(flow);
  if (stream.aborted()) abort(flow, now);
}

// Acknowledged bytes have left the send queue: the service may go on, and take what it has left unread.
void Shard::on_room(Flow& flow, Instant now) {
  if (!flow.service_open || flow.close_asked) return;
  FlowStream stream(*this, flow, now);
  flow.endpoint.service->on_writable(stream);
  if (stream.aborted()) return abort(flow, now);
  pump(flow, now);
}

// A flow that holds back because the chunks ran short, with nothing in flight, hears no acknowledgement that would wake
// it: it looks again after a while.
void Shard::watch_for_room(Flow& flow, Instant now) {
  const bool stuck =
      flow.service_open && !flow.close_asked && flow.connection.queued_bytes() == 0 && chunks_.available() < kLowChunks;
  flow.retry = stuck ? now + kRoomRetry : kNever;
}

void Shard::resume_completed(Instant now) {
  while (crypto::Operation* operation = processor_.take_completed()) {
    Flow* flow = flows_.get(Flow::handle_of(operation->owner));
    tls::Session* session = flow ? sessions_.get(flow->session) : nullptr;
    // A session takes its operations back when it goes, so that the owner of a finished one is there.
    assert(session != nullptr);
    FlowStream stream(*this, *flow, now);
    observer_->watch(flow->trace);
    after_session(*flow, *session, session->on_operation_done(*operation, stream, now), now);
    pump(*flow, now);
    watch_for_room(*flow, now);
    reschedule(*flow);
  }
}

}  // namespace handsel::flow
