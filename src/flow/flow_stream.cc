#include "flow/flow_stream.h"

#include <algorithm>

#include "flow/tls_observer.h"

namespace handsel::flow {

std::size_t FlowStream::send_room() const {
  if (flow_.close_asked || flow_.connection.write_shut()) return 0;
  const std::size_t room = flow_.connection.send_room();
  if (!session_) return room;
  // Whatever is sent must fit with the overhead of the records it becomes, and leave room for a close_notify.
  const std::size_t overhead = session_->sealed_bytes(room) - room + session_->reserved_bytes();
  return room > overhead ? room - overhead : 0;
}

void FlowStream::send(Bytes bytes) {
  if (flow_.close_asked || flow_.connection.write_shut() || bytes.empty()) return;
  shard_.statistics_.tcp.bytes_out.add(bytes.size());
  if (session_) shard_.observer_->watch(flow_.trace);
  const bool taken = session_ ? session_->send(bytes, *this) : write_record(bytes);
  // send_room() has promised the room; only a pool of chunks run dry can break it, and then bytes would be missing.
  if (!taken) abort();
  shard_.queue_output(flow_);
}

std::size_t FlowStream::early_room() const { return session_ ? std::min(session_->early_room(), send_room()) : 0; }

void FlowStream::send_early(Bytes bytes) {
  if (bytes.empty()) return;
  shard_.statistics_.tcp.bytes_out.add(bytes.size());
  shard_.observer_->watch(flow_.trace);
  if (!session_->send_early(bytes, *this)) abort();
  shard_.queue_output(flow_);
}

void FlowStream::finish() {
  if (flow_.close_asked || flow_.connection.write_shut()) return;
  if (session_) {
    shard_.observer_->watch(flow_.trace);
    session_->close(*this);
  }
  flow_.connection.shutdown_write();
  shard_.queue_output(flow_);
}

void FlowStream::close() {
  if (flow_.close_asked) return;
  finish();
  // Reading goes on, unheard, until the peer has closed too: a RST for late data could overtake our last bytes.
  flow_.close_asked = true;
  flow_.deadline = now_ + shard_.config_.limits.close_timeout;
  shard_.queue_output(flow_);
}

void FlowStream::abort() { aborted_ = true; }

void FlowStream::expect_whole(bool expected) {
  flow_.whole_expected = expected;
  if (expected && !flow_.close_asked && !early()) flow_.deadline = now_ + shard_.config_.limits.idle_timeout;
}

bool FlowStream::write_record(Bytes record) {
  tcp::Connection& connection = flow_.connection;
  // What finds no room because chunks ran short since may be an alert, without which a FIN would look like a
  // truncation.
  if (connection.send_room() < record.size()) return connection.write_last_words(record);
  const bool whole = connection.write(record) == record.size();
  if (!whole) shard_.statistics_.drop(Drop::tcp_no_buffer);
  shard_.queue_output(flow_);
  return whole;
}

}  // namespace handsel::flow
