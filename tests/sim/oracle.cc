#include "oracle.h"

#include <algorithm>

#include "endpoints.h"
#include "wire/print.h"

namespace handsel::sim {
namespace {

using wire::SeqNum;
using wire::TcpHeader;

constexpr std::uint16_t kLeastMss = 216;  // what a peer who asks for less is given
constexpr std::size_t kTimestampBytes = 12;
constexpr std::size_t kMostCandidates = 512;  // no liar lies more often
constexpr std::size_t kMostPending = 4'096;

}  // namespace

void RangeSet::add(std::int64_t begin, std::int64_t end) {
  if (begin >= end) return;
  auto next = ranges_.upper_bound(begin);
  if (next != ranges_.begin() && std::prev(next)->second >= begin) --next;
  while (next != ranges_.end() && next->first <= end) {
    begin = std::min(begin, next->first);
    end = std::max(end, next->second);
    next = ranges_.erase(next);
  }
  ranges_.emplace(begin, end);
}

bool RangeSet::covers(std::int64_t begin, std::int64_t end) const { return end_of_run(begin) >= end; }

std::int64_t RangeSet::end_of_run(std::int64_t from) const {
  const auto next = ranges_.upper_bound(from);
  return next == ranges_.begin() ? from : std::max(from, std::prev(next)->second);
}

void Side::forget() { *this = Side{}; }

void Side::delivered(const TcpHeader& header, Bytes payload) {
  if (header.has(wire::kRst)) return;
  if (header.has(wire::kSyn)) {
    const PeerSyn syn{header.seq, header.options.mss.value_or(1'220), header.window, header.options.window_scale};
    if (peer_syns_.size() == kMostCandidates) peer_syns_.erase(peer_syns_.begin());
    peer_syns_.push_back(syn);
    return;
  }
  if (fixed_) take(header, payload.size());
  if (fixed_ && !may_give_way()) return;
  if (pending_.size() == kMostPending) pending_.erase(pending_.begin());
  pending_.push_back({header, payload.size()});
}

void Side::delivered_forgery(const TcpHeader& header, Bytes payload) {
  if (header.has(wire::kRst)) return;
  TcpHeader bare = header;
  bare.flags = 0;  // neither its acknowledgement nor its window counts
  delivered(bare, payload);
}

void Side::take(const TcpHeader& header, std::size_t payload_bytes) {
  const std::int64_t begin = header.seq - (peer_.isn + 1);
  received_.add(begin, begin + wire::segment_length(header, payload_bytes));
  const std::int64_t acknowledged = header.ack - (ours_.isn + 1);
  const std::uint8_t scale = scaling() ? std::min<std::uint8_t>(*peer_.scale, 14) : std::uint8_t{0};
  if (header.has(wire::kAck) && acknowledged <= static_cast<std::int64_t>(sent_.size()) + 1)
    window_end_ = std::max(window_end_, acknowledged + (std::int64_t{header.window} << scale));
}

void Side::sent_syn(const TcpHeader& header) {
  OurSyn syn{header.seq, std::nullopt, header.options.window_scale};
  if (header.has(wire::kAck)) syn.peer_isn = header.ack - 1;
  const bool known = std::ranges::find(our_syns_, syn) != our_syns_.end();
  if (known && (!fixed_ || (header.seq == ours_.isn && syn.peer_isn.value_or(peer_.isn) == peer_.isn))) return;
  if (fixed_ && may_give_way()) {
    fixed_ = false;
  } else if (fixed_) {  // a new incarnation
    const auto syns = std::move(peer_syns_);
    forget();
    peer_syns_ = syns;
  }
  if (our_syns_.size() == kMostCandidates) our_syns_.erase(our_syns_.begin());
  if (!known) our_syns_.push_back(syn);
}

// Behind another of our SYNs than the one that was taken for the connection's.
bool Side::begins_another(const TcpHeader& header) const {
  if (!may_give_way() || header.seq == ours_.isn + 1) return false;
  return our_syn(header.seq - 1) != nullptr;
}

// The latest with that number.
const Side::OurSyn* Side::our_syn(SeqNum isn) const {
  const auto found = std::ranges::find(our_syns_.rbegin(), our_syns_.rend(), isn, &OurSyn::isn);
  return found == our_syns_.rend() ? nullptr : &*found;
}

// The first segment behind the handshake says which of the numbers are the connection's.
std::string Side::fix(const TcpHeader& header) {
  const OurSyn* ours = our_syn(header.seq - 1);
  if (!ours) ours = our_syn(header.seq);  // a keep-alive
  if (!ours) return "its sequence number is not the one behind its SYN";
  ours_ = *ours;
  const SeqNum theirs = ours_.peer_isn.value_or(header.ack - 1);
  bool found = false;
  for (const PeerSyn& each : peer_syns_) {  // copies of a liar's SYN may differ: each bound is the widest
    if (each.isn != theirs) continue;
    if (!found) peer_ = each;
    found = true;
    peer_.mss = std::max(peer_.mss, each.mss);
    peer_.window = std::max(peer_.window, each.window);
    if (each.scale) peer_.scale = std::max(peer_.scale.value_or(0), *each.scale);
  }
  if (!found) return "it acknowledges a SYN that never came";
  fixed_ = true;
  may_begin_anew_ = false;
  received_ = {};
  sent_.clear();
  fin_.reset();
  right_edge_.reset();
  window_end_ = peer_.window;
  for (const Pending& each : pending_) take(each.header, each.payload_bytes);
  return {};
}

std::string Side::judge_ack(const TcpHeader& header) const {
  const SeqNum first = peer_.isn + 1;
  if (header.ack - first > received_.end_of_run(0)) return "it acknowledges what never came";
  for (const wire::SackBlock& block : std::span(header.options.sack).first(header.options.sack_count))
    if (!received_.covers(block.left - first, block.right - first) || block.left >= block.right)
      return "it reports a block that never came";
  return {};
}

std::string Side::judge_data(const TcpHeader& header, Bytes payload) {
  const std::int64_t offset = header.seq - (ours_.isn + 1);
  const auto begin = static_cast<std::size_t>(offset);
  if (payload.empty() && !header.has(wire::kFin)) return {};
  if (offset < 0) return "it sends from before its first byte";
  if (begin > sent_.size() + (fin_ ? 1 : 0)) return "it leaves bytes out";
  const std::size_t end = begin + payload.size();
  std::size_t old = 0;
  const auto repeats = [&] {
    const std::size_t known = std::min(begin, sent_.size());
    old = std::min(payload.size(), sent_.size() - known);
    return std::equal(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(old),
                      sent_.begin() + static_cast<std::ptrdiff_t>(known));
  };
  if (!repeats()) {
    if (!may_begin_anew_) return "it sends other bytes than the first time";
    sent_.resize(begin);
    fin_.reset();
    old = 0;
  }
  if (fin_ && (end > *fin_ || (header.has(wire::kFin) && end != *fin_))) return "it sends behind its FIN";
  // One byte more is a window probe (RFC 9293 3.8.6.1).
  if (offset + wire::segment_length(header, payload.size()) > window_end_ + 1) return "it sends beyond the window";
  sent_.insert(sent_.end(), payload.begin() + static_cast<std::ptrdiff_t>(old), payload.end());
  if (header.has(wire::kFin)) fin_ = end;
  const std::size_t options = header.options.timestamps ? kTimestampBytes : 0;
  if (payload.size() + options > std::max(peer_.mss, kLeastMss)) return "it sends more than the peer's MSS";
  return {};
}

std::string Side::judge_window(const TcpHeader& header) {
  const SeqNum edge = header.ack + (std::uint32_t{header.window} << our_scale());
  // A scaled field does not say every number: what is promised may seem to shrink by less than a unit (RFC 7323 2.4).
  const std::uint32_t unit = 1u << our_scale();
  if (right_edge_ && edge + unit <= *right_edge_) return "its right window edge moves left";
  right_edge_ = right_edge_ ? wire::later_of(*right_edge_, edge) : edge;
  return {};
}

std::string Side::sent(const TcpHeader& header, Bytes payload, bool strict) {
  if (header.has(wire::kRst)) {
    may_begin_anew_ = !strict;
    return {};
  }
  if (header.has(wire::kSyn)) {
    sent_syn(header);
    return payload.empty() ? std::string{} : "it sends data on a SYN";
  }
  if (our_syns_.empty()) return {};  // an answer out of TIME-WAIT to who never had a connection
  if (!fixed_ || begins_another(header))
    if (auto wrong = fix(header); !wrong.empty()) return wrong;
  if (!header.has(wire::kAck)) return "it has no ACK";
  if (auto wrong = judge_ack(header); !wrong.empty()) return wrong;
  if (auto wrong = judge_data(header, payload); !wrong.empty()) return wrong;
  if (!may_give_way()) pending_.clear();
  return strict ? judge_window(header) : std::string{};
}

// --- all connections -------------------------------------------------------------------------------------------------

void WireOracle::add_client(std::uint16_t id, std::uint16_t mtu, bool lies) { clients_[id] = {mtu, lies}; }

WireOracle::Key WireOracle::key_of(const Passage& passage, const wire::FrameView& frame) {
  const auto& [at, to_server, client] = passage;
  return to_server ? Key{client, frame.source, frame.tcp.source_port(), frame.tcp.destination_port()}
                   : Key{client, frame.destination, frame.tcp.destination_port(), frame.tcp.source_port()};
}

void WireOracle::on_sent(const Passage& passage, Bytes frame) {
  const auto client = clients_.find(passage.client);
  const bool lies = client != clients_.end() && client->second.lies;
  if (passage.to_server && lies) return;
  const auto refuse = [&](const std::string& what) {
    object((passage.to_server ? "client " + std::to_string(passage.client) : std::string("server")) + ": " + what +
           ": " + wire::describe_frame(frame));
  };
  const auto view = wire::parse_frame(frame, {});
  if (!view) return refuse("a frame that does not parse");
  const std::uint16_t mtu = passage.to_server ? client->second.mtu : server_mtu_;
  if (frame.size() > wire::EthernetHeader::kUntaggedBytes + mtu) return refuse("a frame larger than the MTU");
  if (!view->is_tcp()) return;
  Conversation& conversation = conversations_[key_of(passage, *view)];
  Side& side = passage.to_server ? conversation.client : conversation.server;
  if (const auto wrong = side.sent(view->tcp.to_header(), view->tcp.payload(), !lies); !wrong.empty()) refuse(wrong);
}

void WireOracle::on_delivered(const Passage& passage, Bytes frame) {
  const auto view = wire::parse_frame(frame, {});
  if (!view || !view->is_tcp()) return;
  if (passage.to_server) on_forgery(*view);
  const auto found = conversations_.find(key_of(passage, *view));
  if (found == conversations_.end()) {
    if (!view->tcp.has(wire::kSyn)) return;
    conversations_[key_of(passage, *view)].server.delivered(view->tcp.to_header(), {});
    return;
  }
  Side& side = passage.to_server ? found->second.server : found->second.client;
  side.delivered(view->tcp.to_header(), view->tcp.payload());
}

// A segment in the name of somebody on another link.
void WireOracle::on_forgery(const wire::FrameView& frame) {
  for (auto& [key, conversation] : conversations_) {
    const auto& [client, address, port, server_port] = key;
    if (address != frame.source || port != frame.tcp.source_port() || server_port != frame.tcp.destination_port())
      continue;
    if (client_mac(client) != frame.link.source())
      conversation.server.delivered_forgery(frame.tcp.to_header(), frame.tcp.payload());
  }
}

}  // namespace handsel::sim
