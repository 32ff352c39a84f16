#include "invariants.h"

#include <algorithm>

namespace handsel::sim {
namespace {

using tcp::Connection;
using tcp::State;

// A timer of the wheel fires at most a tick late (base/timer_wheel.h).
constexpr Duration kTick = Duration(1 << TimerWheel::kTickShift);

constexpr Duration kLongestTimeout = std::chrono::seconds(61);  // RFC 6298 2.5, and a tick

bool synchronised(const Connection& connection) { return connection.state() >= State::established; }

}  // namespace

std::string ConnectionCheck::order(const Connection& connection) {
  if (connection.snd_una() > connection.snd_nxt()) return "SND.UNA is beyond SND.NXT";
  if (connection.state() == State::syn_sent) return {};  // nothing of the peer is known
  const wire::SeqNum edge = connection.rcv_nxt() + connection.rcv_wnd();
  if (known_) {
    if (connection.snd_una() < una_) return "SND.UNA goes back";
    if (connection.rcv_nxt() < rcv_nxt_) return "RCV.NXT goes back";
    if (edge < edge_) return "the right window edge moves left";
    if (connection.bytes_received() < received_) return "bytes received are fewer than before";
  }
  known_ = true;
  una_ = connection.snd_una();
  rcv_nxt_ = connection.rcv_nxt();
  edge_ = edge;
  received_ = connection.bytes_received();
  return {};
}

std::string ConnectionCheck::bounds(const Connection& connection, const tcp::Config& config) {
  widest_window_ = std::max(widest_window_, connection.snd_wnd());
  // A window probe is one byte beyond the window (RFC 9293 3.8.6.1).
  if (synchronised(connection) && connection.bytes_in_flight() > widest_window_ + 1)
    return "more is in flight than the peer ever allowed";
  const std::size_t unit = std::size_t{1} << connection.receive_wscale();  // what the window field cannot say
  if (connection.queued_bytes() > config.send_buffer_bytes) return "the send queue is beyond its bound";
  if (connection.readable_bytes() + connection.reassembly_bytes() > config.receive_buffer_bytes + unit)
    return "the receive queues are beyond their bound";
  if (connection.rcv_wnd() > config.receive_buffer_bytes + unit) return "the window is wider than the buffer";
  const bool sends = synchronised(connection) && connection.state() != State::time_wait;
  if (sends && connection.cwnd() < connection.send_mss()) return "the congestion window is below one segment";
  return {};
}

// Every byte that was counted lies between the numbers, and every byte between the numbers was counted.
std::string ConnectionCheck::accounts(const Connection& connection) const {
  if (!synchronised(connection)) return {};
  const auto received = static_cast<std::uint32_t>(connection.rcv_nxt() - (connection.irs() + 1));
  const std::uint32_t more = received - static_cast<std::uint32_t>(connection.bytes_received());
  if (more > 1) return "RCV.NXT and the bytes received do not agree";  // 1: the FIN
  const auto acknowledged = static_cast<std::uint32_t>(connection.snd_una() - (connection.iss() + 1));
  if (acknowledged - static_cast<std::uint32_t>(connection.bytes_acknowledged()) > 1)
    return "SND.UNA and the bytes acknowledged do not agree";
  if (connection.readable_bytes() > connection.bytes_received()) return "more is readable than was received";
  return {};
}

std::string ConnectionCheck::after_event(const Connection& connection, const tcp::Config& config, Instant now) {
  if (connection.state() == State::closed) return {};
  if (auto wrong = order(connection); !wrong.empty()) return wrong;
  if (auto wrong = bounds(connection, config); !wrong.empty()) return wrong;
  if (auto wrong = accounts(connection); !wrong.empty()) return wrong;
  // The user timeout, which is hours away in these worlds, is no such timer; TIME-WAIT has no other.
  const Instant latest = connection.state() == State::time_wait ? now + config.time_wait : now + kLongestTimeout;
  if (needs_timer(connection) && connection.next_deadline() > latest) return "it waits for ever";
  return {};
}

bool needs_timer(const Connection& connection) {
  switch (connection.state()) {
    case State::closed:
    case State::listen:
      return false;
    case State::syn_sent:
    case State::syn_received:
    case State::time_wait:
      return true;
    default:
      // Data or a FIN unacknowledged, or waiting for the window to open. Otherwise it is the peer's turn.
      return connection.bytes_in_flight() != 0 || connection.unsent_bytes() != 0 ||
             (connection.write_shut() &&
              (connection.state() == State::established || connection.state() == State::close_wait));
  }
}

void ChunkBounds::add_queue(std::size_t bytes) {
  least += (bytes + tcp::ByteQueue::kChunkPayload - 1) / tcp::ByteQueue::kChunkPayload;
  if (bytes != 0) most += 4 * bytes / tcp::ByteQueue::kChunkPayload + 2;
}

void ChunkBounds::add(const Connection& connection) {
  add_queue(connection.queued_bytes());
  const std::uint32_t islands = connection.reassembly_bytes();
  add_queue(connection.readable_bytes());
  if (islands != 0) {
    ++least;
    most += 1 + 2 * std::min<std::size_t>(islands, limits::kMaxReassemblyRanges) +
            4 * islands / tcp::ByteQueue::kChunkPayload;
  }
  // The scoreboard: a record for each segment, which has a byte at least. Its first chunk stays, and what is in flight
  // may begin in the middle of another one.
  if (connection.bytes_in_flight() != 0 && synchronised(connection)) most += 3 + connection.bytes_in_flight() / 40;
}

std::string Invariants::judge_flow(const flow::Flow& flow, Instant now) {
  const auto [known, fresh] = flows_.try_emplace(flow.self.index, Known{flow.self.generation, {}});
  if (!fresh && known->second.generation != flow.self.generation) known->second = {flow.self.generation, {}};
  if (auto wrong = known->second.check.after_event(flow.connection, shard_.config().tcp, now); !wrong.empty())
    return wrong;
  if (flow.half_open == synchronised(flow.connection) && flow.connection.state() != State::closed)
    return "its being half open is not its state";
  const Instant next = std::min({flow.deadline, flow.retry, flow.connection.next_deadline()});
  if (next == kNever) return "a flow without a deadline";
  if (shard_.next_deadline() > next + 2 * kTick) return "the shard sleeps past a flow's deadline";
  return {};
}

void Invariants::judge_shard(Instant now) {
  std::uint32_t flows = 0;
  std::uint32_t half_open = 0;
  std::uint32_t opening = 0;
  ChunkBounds chunks;
  shard_.for_each_flow([&](const flow::Flow& flow) {
    ++flows;
    (flow.active ? opening : half_open) += flow.half_open ? 1 : 0;
    chunks.add(flow.connection);
    chunks.add_queue(flow.unread.size());
    if (const auto wrong = judge_flow(flow, now); !wrong.empty())
      object(name_ + "'s flow of " + flow.key.remote.to_string() + ":" + std::to_string(flow.key.remote_port) + " in " +
             std::string(tcp::name_of(flow.connection.state())) + ": " + wrong);
  });
  const flow::TcpStatistics& tcp = shard_.statistics().tcp;
  if (flows != shard_.flows()) object("flows are miscounted");
  if (half_open != tcp.half_open.get() || opening != tcp.opening.get()) object("half-open flows are miscounted");
  if (half_open > shard_.config().limits.half_open) object("more flows are half open than may be");
  const std::size_t held = shard_.config().limits.chunks - shard_.chunks_available();
  if (held < chunks.least || held > chunks.most)
    object(name_ + ": " + std::to_string(held) + " chunks are held where " + std::to_string(chunks.least) + " to " +
           std::to_string(chunks.most) + " hold what there is");
  if (shard_.next_deadline() <= now && shard_.next_deadline() == Instant{}) object("the shard did not finish talking");
}

void Invariants::judge_client(Client& client, Instant now) {
  const Connection* connection = client.endpoint->connection();
  if (!connection) return;
  std::string wrong = client.check.after_event(*connection, client.endpoint->config().tcp, now);
  ChunkBounds chunks;
  chunks.add(*connection);
  const std::size_t held = client.endpoint->chunks_held();
  if (wrong.empty() && (held < chunks.least || held > chunks.most))
    wrong = std::to_string(held) + " chunks are held where " + std::to_string(chunks.least) + " to " +
            std::to_string(chunks.most) + " hold what there is";
  if (!wrong.empty())
    object("client " + std::to_string(client.endpoint->config().id) + " in " +
           std::string(tcp::name_of(connection->state())) + ": " + wrong);
}

void Invariants::after_event(Instant now) {
  judge_shard(now);
  for (Client& client : clients_) judge_client(client, now);
}

}  // namespace handsel::sim
