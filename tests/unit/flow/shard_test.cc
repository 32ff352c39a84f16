#include "flow/shard.h"

#include "shard_rig.h"
#include "wire/icmp.h"

namespace handsel::flow {
namespace {

using wire::kAck;
using wire::kFin;
using wire::kPsh;
using wire::kRst;
using wire::kSyn;

class ShardTest : public ShardRig {};

TEST_F(ShardTest, syn_to_a_listener_is_answered_by_x_plus_1) {
  start();
  give(frame_of(segment(4'000, kPlain, kSyn, 0xffff'ffff, 0)));
  const auto answer = sent();
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(answer[0].flags, kSyn | kAck);
  EXPECT_EQ(answer[0].ack.raw(), 0u);  // X + 1, modulo 2^32
  EXPECT_EQ(answer[0].destination_port, 4'000);
}

TEST_F(ShardTest, syn_to_a_port_without_listener_draws_a_reset_and_is_counted) {
  start();
  give(frame_of(segment(4'000, 81, kSyn, 100, 0)));
  const auto answer = sent();
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(answer[0].flags, kRst | kAck);
  EXPECT_EQ(drops(Drop::tcp_no_listener), 1u);
  expect_clean();
}

TEST_F(ShardTest, segment_of_no_connection_draws_a_reset_and_a_reset_draws_nothing) {
  start();
  give(frame_of(segment(4'000, kPlain, kAck, 5, 77)));
  const auto answer = sent();
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(answer[0].seq.raw(), 77u);
  give(frame_of(segment(4'000, kPlain, kRst, 5, 0)));
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(drops(Drop::tcp_no_connection), 2u);
}

TEST_F(ShardTest, request_is_answered_and_both_sides_close) {
  start();
  open(4'000, kPlain);
  give(frame_of(segment(4'000, kPlain, kAck | kPsh, 101, their_next), "hello"));
  sent();
  EXPECT_EQ(payload, "hello");
  give(frame_of(segment(4'000, kPlain, kAck | kFin, 106, their_next + 5)));
  sent();
  give(frame_of(segment(4'000, kPlain, kAck, 107, their_next + 6)));
  EXPECT_EQ(tcp().connections_closed.get(), 1u);
  expect_clean();
}

TEST_F(ShardTest, reset_ends_a_connection_at_once) {
  start();
  open(4'000, kPlain);
  give(frame_of(segment(4'000, kPlain, kRst, 101, 0)));
  EXPECT_EQ(tcp().connections_reset.get(), 1u);
  expect_clean();
}

TEST_F(ShardTest, service_that_aborts_sends_a_reset) {
  start();
  open(4'000, kPlain);
  give(frame_of(segment(4'000, kPlain, kAck | kPsh, 101, their_next), "abort"));
  const auto answer = sent();
  ASSERT_FALSE(answer.empty());
  EXPECT_TRUE(answer.back().has(kRst));
  EXPECT_EQ(tcp().connections_aborted.get(), 1u);
  expect_clean();
}

TEST_F(ShardTest, what_the_service_does_not_want_closes_the_window_and_comes_later) {
  start();
  open(4'000, kPlain);
  service.willing = false;
  give(frame_of(segment(4'000, kPlain, kAck | kPsh, 101, their_next), "early"));
  EXPECT_EQ(service.received, "");
  service.willing = true;
  give(frame_of(segment(4'000, kPlain, kAck | kPsh, 106, their_next), "late"));
  EXPECT_EQ(service.received, "earlylate");
}

TEST_F(ShardTest, half_open_connections_are_bounded_and_expire) {
  config.cookies = CookieMode::never;
  start();
  for (std::uint16_t port = 1'000; port < 1'000 + config.limits.half_open + 10; ++port)
    give(frame_of(segment(port, kPlain, kSyn, 100, 0)));
  EXPECT_EQ(tcp().half_open.get(), config.limits.half_open);
  EXPECT_EQ(drops(Drop::flow_half_open_full), 10u);
  pass(std::chrono::seconds(200));
  EXPECT_EQ(tcp().half_open_expired.get(), config.limits.half_open);
  expect_clean();
}

TEST_F(ShardTest, full_port_is_asked_once_a_turn_however_many_wait_and_all_are_served_in_order_later) {
  config.cookies = CookieMode::never;
  start();
  sink.exhausted = true;
  for (std::uint16_t port = 40'000; port < 40'010; ++port) give(frame_of(segment(port, kPlain, wire::kSyn, 1, 0)));
  sink.asked = 0;
  EXPECT_FALSE(shard->run(now, true, sink));
  EXPECT_EQ(sink.asked, 1);
  sink.exhausted = false;
  settle();
  ASSERT_EQ(sink.frames.size(), 10u);
  for (std::uint16_t i = 0; i < 10; ++i)
    EXPECT_EQ(wire::parse_frame(sink.frames[i], {})->tcp.destination_port(), 40'000 + i);
}

TEST_F(ShardTest, flows_that_come_and_go_while_the_port_is_full_leave_nothing_behind) {
  config.cookies = CookieMode::never;
  start();
  sink.exhausted = true;
  for (std::uint32_t round = 0; round < 1'000; ++round) {
    give(frame_of(segment(40'000, kPlain, wire::kSyn, 1, 0)));
    give(frame_of(segment(40'000, kPlain, wire::kRst, 2, 0)));
  }
  give(frame_of(segment(40'001, kPlain, wire::kSyn, 1, 0)));
  EXPECT_LE(shard->flows(), 2u);
  sink.exhausted = false;
  settle();
  EXPECT_EQ(sink.frames.size(), 1u);
  EXPECT_EQ(shard->flows(), 1u);
}

TEST_F(ShardTest, cookie_that_the_port_has_no_room_for_is_a_drop_and_no_cookie) {
  config.cookies = CookieMode::always;
  start();
  sink.exhausted = true;
  give(frame_of(segment(40'000, kPlain, wire::kSyn, 1, 0)));
  give(frame_of(segment(40'000, 81, wire::kSyn, 1, 0)));
  EXPECT_EQ(tcp().cookies_sent.get(), 0u);
  EXPECT_EQ(tcp().resets_sent.get(), 0u);
  EXPECT_EQ(drops(Drop::tx_queue_full), 2u);
}

TEST_F(ShardTest, flood_of_syns_is_answered_by_cookies_and_a_client_still_gets_in) {
  start();
  for (std::uint16_t port = 1'000; port < 2'000; ++port) give(frame_of(segment(port, kPlain, kSyn, 100, 0)));
  EXPECT_EQ(sent().size(), 1'000u);
  EXPECT_LE(tcp().half_open.get(), config.limits.half_open / 2);
  EXPECT_EQ(tcp().cookies_sent.get(), 1'000 - config.limits.half_open / 2);
  open(4'000, kPlain);
  EXPECT_EQ(tcp().cookies_accepted.get(), 1u);
  give(frame_of(segment(4'000, kPlain, kAck | kPsh, 101, their_next), "still here"));
  sent();
  EXPECT_EQ(service.received, "still here");
}

TEST_F(ShardTest, ack_that_guesses_a_cookie_is_refused_by_name) {
  config.cookies = CookieMode::always;
  start();
  give(frame_of(segment(4'000, kPlain, kSyn, 100, 0)));
  const std::uint32_t cookie = sent().at(0).seq.raw();
  give(frame_of(segment(4'000, kPlain, kAck, 101, cookie + 2)));
  EXPECT_EQ(drops(Drop::tcp_bad_cookie), 1u);
  EXPECT_TRUE(sent().at(0).has(kRst));
  expect_clean();
}

TEST_F(ShardTest, cookie_whose_first_data_is_late_is_not_reset_by_the_second) {
  config.cookies = CookieMode::always;
  start();
  give(frame_of(segment(4'000, kPlain, kSyn, 100, 0)));
  const std::uint32_t cookie = sent().at(0).seq.raw();
  give(frame_of(segment(4'000, kPlain, kAck, 106, cookie + 1), "world"));
  EXPECT_EQ(drops(Drop::tcp_bad_cookie), 1u);
  EXPECT_TRUE(sent().empty());
  give(frame_of(segment(4'000, kPlain, kAck, 101, cookie + 1), "hello"));
  give(frame_of(segment(4'000, kPlain, kAck, 106, cookie + 1), "world"));
  EXPECT_EQ(service.received, "helloworld");
}

TEST_F(ShardTest, full_flow_table_refuses_by_name_and_serves_again_later) {
  config.limits.flows = 4;
  config.cookies = CookieMode::never;
  start();
  for (std::uint16_t port = 1'000; port < 1'004; ++port) open(port, kPlain);
  give(frame_of(segment(2'000, kPlain, kSyn, 100, 0)));
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(drops(Drop::flow_table_full), 1u);
  give(frame_of(segment(1'000, kPlain, kRst, 101, 0)));
  open(2'000, kPlain);
}

TEST_F(ShardTest, silent_connection_is_closed_after_the_idle_timeout) {
  start();
  open(4'000, kPlain);
  pass(config.limits.idle_timeout + std::chrono::seconds(1));
  EXPECT_EQ(tcp().idle_timeouts.get(), 1u);
  EXPECT_TRUE(sent().back().has(kRst));
  expect_clean();
}

TEST_F(ShardTest, tls_handshake_has_a_deadline_however_slowly_it_trickles) {
  start();
  open(4'000, kTls);
  constexpr std::string_view hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  std::uint32_t seq = 101;
  for (const char byte : hello) {
    give(frame_of(segment(4'000, kTls, kAck | kPsh, seq++, their_next), {&byte, 1}));
    pass(std::chrono::seconds(1));
  }
  EXPECT_EQ(tcp().handshake_timeouts.get(), 1u);
  expect_clean();
}

TEST_F(ShardTest, plain_http_on_a_tls_port_draws_an_alert_and_a_fin) {
  start();
  open(4'000, kTls);
  give(frame_of(segment(4'000, kTls, kAck | kPsh, 101, their_next), "GET / HTTP/1.1\r\n\r\n"));
  const auto answer = sent();
  ASSERT_GE(payload.size(), 7u);
  EXPECT_EQ(payload[0], 21);  // an alert record
  EXPECT_EQ(payload[5], 2);   // fatal
  EXPECT_TRUE(answer.back().has(kFin));
  EXPECT_EQ(shard->tls_statistics().handshakes_failed[static_cast<std::size_t>(tls::Error::plain_http)].get(), 1u);
}

TEST_F(ShardTest, peer_that_vanishes_after_an_alert_is_given_up) {
  start();
  open(4'000, kTls);
  give(frame_of(segment(4'000, kTls, kAck | kPsh, 101, their_next), "garbage that is no record"));
  pass(std::chrono::seconds(300));
  expect_clean();
}

TEST_F(ShardTest, no_packet_buffer_delays_and_does_not_lose) {
  start();
  open(4'000, kPlain);
  sink.exhausted = true;
  const auto frame = frame_of(segment(4'000, kPlain, kAck | kPsh, 101, their_next), "patience");
  auto copy = frame;
  const ReceivedFrame received{copy, false};
  shard->on_burst({&received, 1}, now, sink);
  shard->run(now, true, sink);
  EXPECT_TRUE(sent().empty());
  sink.exhausted = false;
  settle();
  sent();
  EXPECT_EQ(payload, "patience");
}

TEST_F(ShardTest, fragmentation_needed_for_a_segment_in_flight_lowers_the_mss) {
  start();
  open(4'000, kPlain);
  give(frame_of(segment(4'000, kPlain, kAck | kPsh, 101, their_next), std::string(1'400, 'x')));
  ASSERT_FALSE(sink.frames.empty());
  const std::vector<std::uint8_t> ours = sink.frames.back();
  const wire::IcmpError error{
      .code = wire::kFragmentationNeeded, .next_hop_mtu = 1'000, .original = Bytes(ours).subspan(14)};
  const wire::IpFields ip{.source = kPeer, .destination = kOurs};
  std::vector<std::uint8_t> frame(14 + 20 + message_bytes(error));
  std::uint8_t* at = wire::write_at(
      frame.data(), wire::EthernetHeader{.destination = kOurMac, .source = kPeerMac, .ether_type = wire::kEtherIpv4});
  wire::write_ip_header(at, ip, wire::kProtocolIcmp, message_bytes(error));
  Writer body(MutableBytes(frame).subspan(34));
  wire::emit(error, body);
  sent();
  give(frame);
  EXPECT_EQ(tcp().path_mtu_lowered.get(), 1u);
}

TEST_F(ShardTest, any_bytes_at_all_leave_the_shard_unharmed) {
  start();
  open(4'000, kPlain);
  std::mt19937_64 random(11);
  const auto good = frame_of(segment(4'000, kPlain, kAck | kPsh, 101, their_next), "payload");
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::uint8_t> frame = good;
    if (random() % 4 == 0) frame.resize(random() % 200);
    for (std::uint64_t flips = random() % 8; flips > 0 && !frame.empty(); --flips)
      frame[random() % frame.size()] = static_cast<std::uint8_t>(random());
    give(std::move(frame));
    sink.frames.clear();
  }
  EXPECT_EQ(tcp().connections_opened.get() - tcp().connections_closed.get() - tcp().connections_reset.get(),
            shard->flows());
  give(good);
  EXPECT_EQ(service.received.substr(0, 7), "payload");
}

}  // namespace
}  // namespace handsel::flow
