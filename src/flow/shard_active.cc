/// Connections that we open: where to, from which address and port, and what becomes of the attempt.

#include <algorithm>
#include <utility>

#include "flow/flow_stream.h"
#include "flow/shard.h"
#include "tcp/isn.h"

namespace handsel::flow {

std::expected<Handle, Drop> Shard::connect(const Target& target, Instant now) {
  const auto denied = [&](Drop reason) {
    statistics_.drop(reason);
    return std::unexpected(reason);
  };
  if (!accepting_) return denied(Drop::open_draining);
  if (target.port == 0 || !routes_.is_host(target.address)) return denied(Drop::open_bad_target);
  if (!routes_.next_hop(target.address)) return denied(Drop::open_no_route);
  const auto local = target.local_address ? target.local_address : routes_.source_for(target.address);
  if (!local || !routes_.is_ours(*local) || local->is_v4() != target.address.is_v4())
    return denied(Drop::open_bad_source);
  if (statistics_.tcp.opening.get() >= config_.limits.opening) return denied(Drop::flow_opening_full);
  if (flows_.full()) return denied(Drop::flow_table_full);

  FlowKey key{*local, target.address, target.local_port.value_or(0), target.port};
  std::optional<wire::SeqNum> iss_above;
  if (target.local_port) {
    if (*target.local_port == 0 || !port_free(key, now, iss_above)) return denied(Drop::open_port_taken);
  } else {
    const auto port = source_port(key, now, iss_above);
    if (!port) return denied(Drop::open_no_port);
    key.local_port = *port;
  }
  const tcp::TupleNumbers numbers = tcp::numbers_of(isn_key_, tuple_of(key));
  wire::SeqNum iss = numbers.initial_sequence(now);
  if (iss_above && iss <= *iss_above) iss = *iss_above + 1;  // RFC 6191: no old segment may look like a new one
  const std::uint64_t hash = key.hash(table_key_);
  const Handle handle = flows_.emplace(key, hash, target.endpoint, connection_config(key, numbers), chunks_, iss, now);
  Flow* flow = add_flow(handle, hash, now);
  if (!flow) return std::unexpected(Drop::flow_table_full);
  std::ranges::copy(target.state.first(std::min(target.state.size(), kServiceStateBytes)), flow->service_state.begin());
  statistics_.tcp.connections_initiated.add();
  queue_output(*flow);
  reschedule(*flow);
  return handle;
}

bool Shard::wake(Handle handle, Instant now) {
  Flow* flow = flows_.get(handle);
  if (!flow || !flow->service_open || flow->close_asked) return false;
  on_room(*flow, now);
  watch_for_room(*flow, now);
  queue_output(*flow);
  reschedule(*flow);
  return true;
}

bool Shard::cut(Handle handle, Instant now) {
  Flow* flow = flows_.get(handle);
  if (!flow || flow->ended) return false;
  abort(*flow, now);
  return true;
}

std::optional<std::uint16_t> Shard::source_port(FlowKey key, Instant now, std::optional<wire::SeqNum>& iss_above) {
  return ports_.pick(
      tuple_of(key),
      [&](std::uint16_t port) {
        key.local_port = port;
        return port_free(key, now, iss_above);
      },
      limits::kSourcePortAttempts);
}

// RFC 6056 3.2: a port that something listens on is not for us, whichever of our addresses it listens at.
bool Shard::port_free(const FlowKey& key, Instant now, std::optional<wire::SeqNum>& iss_above) {
  const auto listens = [&](const Listener& each) { return each.port == key.local_port; };
  if (std::ranges::any_of(config_.listeners, listens)) return false;
  const std::uint64_t hash = key.hash(table_key_);
  if (find(key, hash) != FlowTable::kNone) return false;
  if (time_wait_.size() == 0) return true;
  const auto waiting = time_wait_.reuse(hash, now);
  if (waiting.reopen) iss_above = waiting.iss_above;
  return !waiting.found || waiting.reopen;
}

OpenFailure Shard::open_failure(const Flow& flow) {
  if (flow.open_failure) return *flow.open_failure;
  if (!flow.half_open) return OpenFailure::handshake;
  switch (flow.end) {
    case tcp::End::refused:
    case tcp::End::reset_by_peer:
      return OpenFailure::refused;
    case tcp::End::timed_out:
      return flow.said_unreachable ? OpenFailure::unreachable : OpenFailure::timed_out;
    case tcp::End::none:
    case tcp::End::closed:
    case tcp::End::aborted:
      break;
  }
  return OpenFailure::cut;
}

void Shard::count_open_failure(OpenFailure why) {
  TcpStatistics& tcp = statistics_.tcp;
  switch (why) {
    case OpenFailure::refused:
      return tcp.opens_refused.add();
    case OpenFailure::timed_out:
      return tcp.opens_timed_out.add();
    case OpenFailure::unreachable:
      return tcp.opens_unreachable.add();
    case OpenFailure::unresolved:
      return tcp.opens_unresolved.add();
    case OpenFailure::handshake:
      return tcp.opens_without_tls.add();
    case OpenFailure::cut:
      return tcp.opens_cut.add();
  }
}

void Shard::fail_open(Flow& flow, OpenFailure why, Instant now) {
  flow.open_failure = why;
  abort(flow, now);
}

}  // namespace handsel::flow
