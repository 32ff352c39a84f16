/// Active opens against a peer that a test drives by hand: what goes wrong, and in which order.

#include "two_shards.h"
#include "wire/icmp.h"

namespace handsel::flow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::kAck;
using wire::kRst;
using wire::kSyn;

class ActiveOpen : public ShardRig {
 protected:
  static constexpr std::uint16_t kOurPort = 5'000;
  static constexpr std::uint16_t kTheirPort = 6'000;

  Target target() { return {.address = kPeer, .port = kTheirPort, .endpoint = {&client}, .local_port = kOurPort}; }
  /// The neighbour tells its address.
  void answer_arp() { give_arp(wire::ArpOperation::reply, kPeerMac, kPeer, kOurs); }
  std::vector<wire::ArpPacket> take_arp() {
    std::vector<wire::ArpPacket> packets;
    for (const auto& frame : sink.frames)
      if (const auto view = wire::parse_frame(frame, {}); view && view->is_arp())
        packets.push_back(wire::ArpView::parse(view->transport)->to_packet());
    sink.frames.clear();
    return packets;
  }
  /// connect(), up to the SYN, which is returned.
  wire::TcpHeader open_until_syn() {
    EXPECT_TRUE(shard->connect(target(), now));
    settle();
    answer_arp();
    const auto segments = sent();
    EXPECT_EQ(segments.size(), 1u);
    return segments.empty() ? wire::TcpHeader{} : segments[0];
  }
  void expect_failed(OpenFailure why) {
    EXPECT_EQ(client.failures, std::vector{why});
    EXPECT_EQ(client.opened, 0);
    EXPECT_EQ(shard->flows(), 0u);
    EXPECT_EQ(tcp().opening.get(), 0u);
  }

  TestClient client;
};

TEST_F(ActiveOpen, syn_leaves_when_the_neighbour_is_known_and_not_before) {
  start();
  ASSERT_TRUE(shard->connect(target(), now));
  settle();
  const auto questions = take_arp();
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0], (wire::ArpPacket{.sender_mac = kOurMac, .sender_ip = kOurs, .target_ip = kPeer}));
  answer_arp();
  ASSERT_EQ(sink.frames.size(), 1u);
  const auto frame = wire::parse_frame(sink.frames[0], {});
  EXPECT_EQ(frame->link.destination(), kPeerMac);
  const auto syn = sent().at(0);
  EXPECT_EQ(syn.flags & (kSyn | kAck | kRst), kSyn);
  EXPECT_EQ(syn.source_port, kOurPort);
  EXPECT_EQ(syn.options.mss, 1'460);
}

TEST_F(ActiveOpen, neighbour_that_never_answers_fails_the_open_by_name) {
  start();
  ASSERT_TRUE(shard->connect(target(), now));
  Target other = target();
  other.local_port = kOurPort + 1;
  ASSERT_TRUE(shard->connect(other, now));
  pass(milliseconds(2'900));
  EXPECT_TRUE(client.failures.empty());
  EXPECT_EQ(take_arp().size(), 3u);
  pass(milliseconds(500));
  EXPECT_EQ(client.failures, (std::vector{OpenFailure::unresolved, OpenFailure::unresolved}));
  EXPECT_EQ(drops(Drop::neighbour_unresolved), 2u);
  EXPECT_EQ(tcp().opens_unresolved.get(), 2u);
  EXPECT_EQ(shard->flows(), 0u);
  EXPECT_EQ(shard->neighbours().size(), 0u);
}

TEST_F(ActiveOpen, those_who_wait_may_leave_in_any_order) {
  start();
  std::vector<Handle> handles;
  for (std::uint16_t i = 0; i < 5; ++i) {
    Target each = target();
    each.local_port = kOurPort + i;
    handles.push_back(*shard->connect(each, now));
  }
  settle();
  for (const int gone : {2, 4, 0}) EXPECT_TRUE(shard->cut(handles[gone], now));
  settle();
  answer_arp();
  EXPECT_EQ(sent().size(), 2u);
}

TEST_F(ActiveOpen, silent_peer_times_out) {
  start();
  open_until_syn();
  pass(config.tcp.syn_timeout + seconds(1));
  const auto repeats = sent();
  EXPECT_GE(repeats.size(), 3u);
  for (const wire::TcpHeader& each : repeats) EXPECT_TRUE(each.has(kSyn));
  expect_failed(OpenFailure::timed_out);
  EXPECT_EQ(client.end, tcp::End::timed_out);
  EXPECT_EQ(tcp().opens_timed_out.get(), 1u);
  EXPECT_EQ(tcp().half_open_expired.get(), 0u);
}

TEST_F(ActiveOpen, reset_is_a_refusal_only_when_it_acknowledges_the_syn) {
  start();
  const std::uint32_t iss = open_until_syn().seq.raw();
  give(frame_of(segment(kTheirPort, kOurPort, kRst | kAck, 0, iss + 2)));
  give(frame_of(segment(kTheirPort, kOurPort, kRst, iss + 1, 0)));
  EXPECT_TRUE(client.failures.empty());
  give(frame_of(segment(kTheirPort, kOurPort, kRst | kAck, 0, iss + 1)));
  expect_failed(OpenFailure::refused);
  EXPECT_TRUE(sent().empty());
}

struct ActiveOpenIcmp : ActiveOpen {
  /// Sends a SYN, and says by ICMP that it did not arrive, quoting its sequence number but for `off_by`.
  void open_and_complain(std::uint8_t code, std::uint32_t off_by) {
    ASSERT_TRUE(shard->connect(target(), now));
    settle();
    sink.frames.clear();
    answer_arp();
    std::vector<std::uint8_t> ours = sink.frames.at(0);
    ours[14 + 20 + 7] = static_cast<std::uint8_t>(ours[14 + 20 + 7] + off_by);  // sequence number
    const wire::IcmpError error{.code = code, .original = Bytes(ours).subspan(14)};
    std::vector<std::uint8_t> frame(200);
    Writer writer(frame);
    wire::emit_icmp_frame({.destination = kOurMac, .source = kPeerMac}, {.source = kPeer, .destination = kOurs}, error,
                          writer);
    frame.resize(writer.size());
    give(frame);
  }
};

struct Believed {
  const char* name;
  std::uint8_t code;
  std::uint32_t off_by;
  bool believed;
};
class ActiveOpenQuotes : public ActiveOpenIcmp, public ::testing::WithParamInterface<Believed> {};

TEST_P(ActiveOpenQuotes, unreachable_ends_the_open_when_it_quotes_the_syn) {
  start();
  open_and_complain(GetParam().code, GetParam().off_by);
  if (GetParam().believed) {
    expect_failed(OpenFailure::unreachable);
    EXPECT_EQ(tcp().opens_unreachable.get(), 1u);
  } else {
    EXPECT_TRUE(client.failures.empty());
    EXPECT_EQ(drops(Drop::icmp_ignored), 1u);
  }
}

INSTANTIATE_TEST_SUITE_P(Quotes, ActiveOpenQuotes,
                         ::testing::Values(Believed{"TheSyn", wire::kPortUnreachable, 0, true},
                                           Believed{"Prohibited", wire::kCommunicationProhibited, 0, true},
                                           Believed{"AnotherSequenceNumber", wire::kPortUnreachable, 1, false}),
                         [](const auto& each) { return each.param.name; });

TEST_F(ActiveOpenIcmp, soft_error_ends_nothing_and_explains_the_timeout) {
  start();
  open_and_complain(wire::kHostUnreachable, 0);
  EXPECT_TRUE(client.failures.empty());
  EXPECT_EQ(drops(Drop::icmp_ignored), 0u);
  pass(config.tcp.syn_timeout + seconds(1));
  expect_failed(OpenFailure::unreachable);
  EXPECT_EQ(client.end, tcp::End::timed_out);
}

TEST_F(ActiveOpen, simultaneous_open_establishes_both) {
  start();
  const std::uint32_t iss = open_until_syn().seq.raw();
  give(frame_of(segment(kTheirPort, kOurPort, kSyn, 900, 0)));
  const auto answer = sent();
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(answer[0].flags & (kSyn | kAck), kSyn | kAck);
  EXPECT_EQ(answer[0].seq.raw(), iss);
  EXPECT_EQ(answer[0].ack.raw(), 901u);
  EXPECT_EQ(client.opened, 0);
  give(frame_of(segment(kTheirPort, kOurPort, kSyn | kAck, 900, iss + 1)));
  EXPECT_EQ(client.opened, 1);
  EXPECT_EQ(tcp().opening.get(), 0u);
  EXPECT_EQ(tcp().half_open.get(), 0u);
  EXPECT_EQ(shard->flows(), 1u);
}

TEST_F(ActiveOpen, peers_syn_that_overtakes_the_neighbours_answer_is_answered_where_it_came_from) {
  start();
  ASSERT_TRUE(shard->connect(target(), now));
  settle();
  sink.frames.clear();
  give(frame_of(segment(kTheirPort, kOurPort, kSyn, 900, 0)));
  ASSERT_EQ(sink.frames.size(), 1u);
  EXPECT_EQ(wire::parse_frame(sink.frames[0], {})->link.destination(), kPeerMac);
  const auto answer = sent().at(0);
  EXPECT_EQ(answer.flags & (kSyn | kAck), kSyn | kAck);
  give(frame_of(segment(kTheirPort, kOurPort, kAck, 901, answer.seq.raw() + 1)));
  EXPECT_EQ(client.opened, 1);
  pass(seconds(5));  // nobody waits for the neighbour any more
  EXPECT_TRUE(client.failures.empty());
  EXPECT_EQ(shard->flows(), 1u);
}

TEST_F(ActiveOpen, syn_sent_again_goes_where_the_neighbour_is_now) {
  start();
  open_until_syn();
  const wire::MacAddress moved{{2, 0, 0, 0, 0, 9}};
  give_arp(wire::ArpOperation::request, moved, kPeer, kPeer);  // gratuitous
  sink.frames.clear();
  pass(seconds(2));
  ASSERT_FALSE(sink.frames.empty());
  EXPECT_EQ(wire::parse_frame(sink.frames[0], {})->link.destination(), moved);
}

struct Denied {
  const char* name;
  Drop why;
  void (*change)(ShardConfig&, Target&);
};
class ActiveOpenDenied : public ActiveOpen, public ::testing::WithParamInterface<Denied> {};

TEST_P(ActiveOpenDenied, by_name_and_counted) {
  Target wanted = target();
  GetParam().change(config, wanted);
  start();
  const auto handle = shard->connect(wanted, now);
  ASSERT_FALSE(handle);
  EXPECT_EQ(handle.error(), GetParam().why);
  EXPECT_EQ(drops(GetParam().why), 1u);
  EXPECT_EQ(tcp().connections_initiated.get(), 0u);
  EXPECT_EQ(shard->flows(), 0u);
  settle();
  EXPECT_TRUE(client.failures.empty());
}

wire::IpAddress ip(const char* text) { return *wire::IpAddress::parse(text); }

INSTANTIATE_TEST_SUITE_P(
    Reasons, ActiveOpenDenied,
    ::testing::Values(
        Denied{"PortZero", Drop::open_bad_target, [](ShardConfig&, Target& wanted) { wanted.port = 0; }},
        Denied{"Group", Drop::open_bad_target, [](ShardConfig&, Target& wanted) { wanted.address = ip("224.0.0.5"); }},
        Denied{"Broadcast", Drop::open_bad_target,
               [](ShardConfig&, Target& wanted) { wanted.address = ip("10.77.0.255"); }},
        Denied{"Ourselves", Drop::open_bad_target,
               [](ShardConfig&, Target& wanted) { wanted.address = ip("10.77.0.2"); }},
        Denied{"NoGateway", Drop::open_no_route,
               [](ShardConfig&, Target& wanted) { wanted.address = ip("192.0.2.1"); }},
        Denied{"NotOurs", Drop::open_bad_source,
               [](ShardConfig&, Target& wanted) { wanted.local_address = ip("10.77.0.7"); }},
        Denied{"OtherFamily", Drop::open_bad_source,
               [](ShardConfig&, Target& wanted) { wanted.local_address = ip("fd77::2"); }},
        Denied{"ListenersPort", Drop::open_port_taken, [](ShardConfig&, Target& wanted) { wanted.local_port = 80; }},
        Denied{"SourcePortZero", Drop::open_port_taken, [](ShardConfig&, Target& wanted) { wanted.local_port = 0; }},
        Denied{"NoneMayOpen", Drop::flow_opening_full, [](ShardConfig& set, Target&) { set.limits.opening = 0; }},
        Denied{"NoFlows", Drop::flow_table_full, [](ShardConfig& set, Target&) { set.limits.flows = 0; }}),
    [](const auto& each) { return each.param.name; });

TEST_F(ActiveOpen, same_tuple_is_not_opened_twice) {
  start();
  ASSERT_TRUE(shard->connect(target(), now));
  EXPECT_EQ(shard->connect(target(), now).error(), Drop::open_port_taken);
}

TEST_F(ActiveOpen, draining_shard_opens_nothing_new) {
  start();
  open_until_syn();
  shard->stop_accepting();
  Target other = target();
  other.local_port.reset();
  EXPECT_EQ(shard->connect(other, now).error(), Drop::open_draining);
  EXPECT_EQ(shard->flows(), 1u);
}

TEST_F(ActiveOpen, bound_of_those_being_opened_is_free_again_when_one_is_open) {
  config.limits.opening = 1;
  start();
  const std::uint32_t iss = open_until_syn().seq.raw();
  Target other = target();
  other.local_port.reset();
  EXPECT_EQ(shard->connect(other, now).error(), Drop::flow_opening_full);
  give(frame_of(segment(kTheirPort, kOurPort, kSyn | kAck, 900, iss + 1)));
  EXPECT_EQ(client.opened, 1);
  EXPECT_TRUE(shard->connect(other, now));
}

TEST_F(ActiveOpen, those_being_opened_are_not_taken_for_a_flood_of_syns) {
  config.limits.half_open = 2;
  start();
  for (int i = 0; i < 10; ++i) {
    Target each = target();
    each.local_port.reset();
    ASSERT_TRUE(shard->connect(each, now));
  }
  give(frame_of(segment(4'000, kPlain, kSyn, 100, 0)));
  EXPECT_EQ(tcp().cookies_sent.get(), 0u);
}

TEST_F(ActiveOpen, tls_without_memory_for_sessions_fails_by_name) {
  start();
  const auto tls = config.listeners[1].tls;
  config.listeners.pop_back();
  shard = std::make_unique<Shard>(config, resources(), now);
  Target wanted = target();
  wanted.endpoint.tls_server = tls.get();
  ASSERT_TRUE(shard->connect(wanted, now));
  settle();
  answer_arp();
  const std::uint32_t iss = sent().at(0).seq.raw();
  give(frame_of(segment(kTheirPort, kOurPort, kSyn | kAck, 900, iss + 1)));
  expect_failed(OpenFailure::handshake);
  EXPECT_EQ(drops(Drop::handshake_memory), 1u);
  EXPECT_EQ(tcp().opens_without_tls.get(), 1u);
}

TEST_F(ActiveOpen, every_port_a_listeners_leaves_none) {
  start();
  for (std::uint32_t port = tcp::EphemeralPorts::kFirst; port <= tcp::EphemeralPorts::kLast; ++port)
    config.listeners.push_back({std::nullopt, static_cast<std::uint16_t>(port), nullptr, &service});
  shard = std::make_unique<Shard>(config, resources(), now);
  Target wanted = target();
  wanted.local_port.reset();
  EXPECT_EQ(shard->connect(wanted, now).error(), Drop::open_no_port);
}

}  // namespace
}  // namespace handsel::flow
