/// Link addresses: what neighbours say of themselves, what is asked of them, and the flows that wait for the answer.

#include <utility>

#include "flow/shard.h"
#include "wire/control_frame.h"

namespace handsel::flow {
namespace {

constexpr Duration kDefendInterval = std::chrono::seconds(10);  // RFC 5227 1.1

}  // namespace

// True when the frame was only that: an answer of a neighbour, for which nothing is left to do.
bool Shard::learn(const wire::FrameView& frame, Instant now, FrameSink& sink) {
  if (frame.is_arp()) return learn_from_arp(frame, now, sink);
  return frame.is_icmpv6() && learn_from_nd(frame, now, sink);
}

bool Shard::learn_from_arp(const wire::FrameView& frame, Instant now, FrameSink& sink) {
  const auto arp = wire::ArpView::parse(frame.transport);
  if (!arp || arp->sender_ip().is_unspecified()) return false;  // RFC 5227 2.1.1: a probe claims nothing
  if (routes_.is_ours(arp->sender_ip())) {
    if (arp->sender_mac() != config_.mac) note_conflict(now, sink);
    return true;
  }
  const bool for_us = routes_.is_ours(arp->target_ip());
  const bool reply = arp->operation() == wire::ArpOperation::reply;
  take_claim({.address = arp->sender_ip(),
              .mac = arp->sender_mac(),
              .answer = reply && for_us,
              .to_us = !reply && for_us && routes_.on_link(arp->sender_ip()) && routes_.is_host(arp->sender_ip())},
             now);
  return reply && for_us;
}

bool Shard::learn_from_nd(const wire::FrameView& frame, Instant now, FrameSink& sink) {
  const auto message = wire::parse_nd(frame.transport, {frame.source, frame.destination}, frame.ttl);
  if (!message) return false;
  if (const auto* solicitation = std::get_if<wire::NeighbourSolicitation>(&*message)) {
    if (solicitation->source_link && routes_.on_link(frame.source) && !routes_.is_ours(frame.source))
      take_claim(
          {.address = frame.source, .mac = solicitation->source_link, .to_us = routes_.is_ours(solicitation->target)},
          now);
    return false;
  }
  const auto* advertisement = std::get_if<wire::NeighbourAdvertisement>(&*message);
  if (!advertisement) return false;
  if (routes_.is_ours(advertisement->target)) {
    if (frame.link.source() != config_.mac) note_conflict(now, sink);
    return true;
  }
  take_claim({.address = advertisement->target,
              .mac = advertisement->target_link,
              .answer = advertisement->solicited,
              .override_cache = advertisement->override_cache},
             now);
  return true;
}

void Shard::take_claim(const Neighbours::Claim& claim, Instant now) {
  const Neighbours::Learnt learnt = neighbours_.learn(claim, now);
  statistics_.packets.neighbours.set(neighbours_.size());
  if (learnt.changed) statistics_.packets.neighbour_changes.add();
  if (learnt.resolved == Neighbours::kNone) return;
  for (std::uint32_t index = neighbours_.waiting(learnt.resolved); index != NeighbourWait::kNone;) {
    Flow& flow = *flows_.at(index);
    index = flow.wait.next;
    stop_waiting(flow);
    queue_output(flow);
  }
}

// RFC 5227 2.4 (b): we keep the address, and say so once in a while.
void Shard::note_conflict(Instant now, FrameSink& sink) {
  statistics_.packets.address_conflicts.add();
  if (defended_ != Instant{} && now - defended_ < kDefendInterval) return;
  defended_ = now;
  announce(sink);
}

bool Shard::advance_neighbours(Instant now, FrameSink& sink) {
  const bool worked = neighbours_.advance(
      now, [&](const Neighbours::Query& query) { return send_query(query, sink); },
      [&](std::uint32_t entry) {
        for (std::uint32_t index = neighbours_.waiting(entry); index != NeighbourWait::kNone;) {
          Flow& flow = *flows_.at(index);
          index = flow.wait.next;
          stop_waiting(flow);
          statistics_.drop(Drop::neighbour_unresolved);
          fail_open(flow, OpenFailure::unresolved, now);
        }
      });
  if (worked) statistics_.packets.neighbours.set(neighbours_.size());
  return worked;
}

// RFC 826; RFC 4861 7.2.2. False when there is no buffer to send it in.
bool Shard::send_query(const Neighbours::Query& query, FrameSink& sink) {
  constexpr std::size_t kRoom = 128;  // link header, IPv6 header, solicitation with its option
  const auto source = routes_.source_for(query.target);
  if (!source) return true;  // connect() has seen to it that there is one
  const MutableBytes frame = sink.begin(kRoom);
  if (frame.empty()) return false;
  Writer writer(frame.first(kRoom));
  wire::LinkHeader link{.destination = query.to.value_or(wire::MacAddress::broadcast()), .source = config_.mac};
  if (config_.vlan) {
    link.tags[0].control = *config_.vlan;
    link.tag_count = 1;
  }
  if (query.target.is_v4()) {
    wire::emit_arp_frame(
        link, {.sender_mac = config_.mac, .sender_ip = *source, .target_mac = {}, .target_ip = query.target}, writer);
    statistics_.packets.arp_queries.add();
  } else {
    const wire::IpAddress to = query.to ? query.target : query.target.solicited_node();
    if (!query.to) link.destination = wire::MacAddress::for_multicast(to);
    wire::emit_icmpv6_frame(link, {.source = *source, .destination = to, .ttl = wire::kNdHopLimit},
                            wire::NeighbourSolicitation{query.target, config_.mac}, writer);
    statistics_.packets.nd_queries.add();
  }
  sink.commit(writer.size());
  count_sent(writer.size());
  return true;
}

std::optional<wire::MacAddress> Shard::link_address(const wire::IpAddress& to, Instant now) {
  const auto hop = routes_.next_hop(to);
  return hop ? neighbours_.resolve(*hop, now).mac : std::nullopt;
}

// A SYN asks each time it leaves: what was known may be no more. True when the flow knows where to send it.
bool Shard::link_known(Flow& flow, Instant now) {
  if (flow.wait.entry != NeighbourWait::kNone) return false;
  if (!flow.connection.wants_output()) return true;
  const Neighbours::Resolution found = neighbours_.resolve(*routes_.next_hop(flow.key.remote), now);
  if (found.mac) {
    flow.peer_mac = *found.mac;
    return true;
  }
  if (found.entry == Neighbours::kNone) {
    statistics_.drop(Drop::neighbour_table_full);
    fail_open(flow, OpenFailure::unresolved, now);
    return true;
  }
  wait_for(flow, found.entry);
  return false;
}

void Shard::wait_for(Flow& flow, std::uint32_t entry) {
  std::uint32_t& head = neighbours_.waiting(entry);
  flow.wait = {.entry = entry, .next = head};
  if (head != NeighbourWait::kNone) flows_.at(head)->wait.previous = flow.self.index;
  head = flow.self.index;
}

void Shard::stop_waiting(Flow& flow) {
  const NeighbourWait place = std::exchange(flow.wait, {});
  if (place.entry == NeighbourWait::kNone) return;
  (place.previous == NeighbourWait::kNone ? neighbours_.waiting(place.entry) : flows_.at(place.previous)->wait.next) =
      place.next;
  if (place.next != NeighbourWait::kNone) flows_.at(place.next)->wait.previous = place.previous;
}

}  // namespace handsel::flow
