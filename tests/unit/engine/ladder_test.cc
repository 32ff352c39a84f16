#include "engine/ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace handsel::engine {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// The handshake of the manual: SYN, SYN ACK, ACK, ClientHello, the server's flight.
Ladder handshake() {
  Ladder ladder{.id = 1,
                .client = "10.77.0.1:51234",
                .server = "10.77.0.2:443",
                .handshake_ms = 1.84,
                .tls = "TLSv1.3 x25519 TLS_AES_128_GCM_SHA256",
                .server_name = "example.test"};
  constexpr std::uint32_t x = 2893011274, y = 1187702001;
  ladder.events = {
      {.t_ns = 0, .received = true, .flags = "SYN", .seq = x, .window = 64240, .options = "mss=1460 ws=7 sack ts"},
      {.t_ns = 3'000, .received = false, .flags = "SYN ACK", .seq = y, .ack = x + 1, .window = 65535},
      {.t_ns = 412'000, .received = true, .flags = "ACK", .seq = x + 1, .ack = y + 1},
      {.t_ns = 420'000,
       .received = true,
       .flags = "PSH ACK",
       .seq = x + 1,
       .ack = y + 1,
       .payload_bytes = 517,
       .tls = {"ClientHello"}},
      {.t_ns = 1'310'000,
       .received = false,
       .flags = "PSH ACK",
       .seq = y + 1,
       .ack = x + 518,
       .payload_bytes = 1412,
       .tls = {"ServerHello", "EncryptedExtensions", "Finished"}},
  };
  return ladder;
}

TEST(Ladder, Handshake_Rendered_CountsFromTheIsns) {
  const auto lines = lines_of(render_ladder(handshake()));
  ASSERT_EQ(lines.size(), 7u);
  EXPECT_EQ(
      lines[0],
      "flow 10.77.0.1:51234 > 10.77.0.2:443   worker 0   handshake 1.84 ms   TLSv1.3 x25519 TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(lines[1], " +0.000 ms  |--- SYN      seq=X=2893011274 win=64240 mss=1460 ws=7 sack ts -------->|");
  EXPECT_EQ(lines[2], " +0.003 ms  |<-- SYN ACK  seq=Y=1187702001 ack=X+1 win=65535 -----------------------|");
  EXPECT_EQ(lines[3], " +0.412 ms  |--- ACK      seq=X+1 ack=Y+1 ----------------------------------------->|");
  EXPECT_EQ(lines[4], " +0.420 ms  |--- PSH ACK  seq=X+1 ack=Y+1 517 B  ClientHello sni=example.test ----->|");
  EXPECT_EQ(lines[5], " +1.310 ms  |<-- PSH ACK  seq=Y+1 ack=X+518 1412 B ---------------------------------|");
  EXPECT_EQ(lines[6], "            |             ServerHello, EncryptedExtensions, Finished                |");
}

TEST(Ladder, LongAndShortLines_Rendered_AllEquallyWide) {
  Ladder ladder = handshake();
  ladder.events[0].options = std::string(120, 'o');
  ladder.events.push_back({.t_ns = 123'456'789'000, .received = true, .flags = "ACK", .seq = 0, .ack = 0});
  const auto lines = lines_of(render_ladder(ladder));
  for (std::size_t i = 2; i < lines.size(); ++i) EXPECT_EQ(columns(lines[i]), columns(lines[1])) << lines[i];
  EXPECT_GT(columns(lines[1]), 150u);
}

TEST(Ladder, ManyMessages_Rendered_WrapBelowTheirSegment) {
  Ladder ladder = handshake();
  ladder.events[4].tls = {"ServerHello", "ChangeCipherSpec",  "EncryptedExtensions",
                          "Certificate", "CertificateVerify", "Finished"};
  const auto lines = lines_of(render_ladder(ladder));
  ASSERT_EQ(lines.size(), 8u);
  EXPECT_THAT(lines[6], HasSubstr("|             ServerHello, ChangeCipherSpec, EncryptedExtensions,  "));
  EXPECT_THAT(lines[7], HasSubstr("|             Certificate, CertificateVerify, Finished  "));
  for (const auto& line : {lines[6], lines[7]}) EXPECT_EQ(columns(line), columns(lines[1]));
}

TEST(Ladder, AnyFlow_Rendered_AtLeastAsWideAsAsked) {
  Ladder ladder = handshake();
  ladder.events.resize(3);
  for (const std::size_t width : {86u, 100u, 200u})
    EXPECT_EQ(columns(lines_of(render_ladder(ladder, width))[1]), width);
}

TEST(Ladder, IsnNearTheEndOfTheCircle_Rendered_WrapsWithoutJump) {
  Ladder ladder = handshake();
  ladder.events[0].seq = 0xffffffff;
  ladder.events[1].ack = 0;
  ladder.events[3].seq = 0;
  ladder.events[4].ack = 517;
  const std::string text = render_ladder(ladder);
  EXPECT_THAT(text, HasSubstr("seq=X=4294967295"));
  EXPECT_THAT(text, HasSubstr("ack=X+1 win"));
  EXPECT_THAT(text, HasSubstr("ack=X+518"));
}

TEST(Ladder, KeepAliveBelowTheIsn_Rendered_Negative) {
  Ladder ladder = handshake();
  ladder.events.push_back({.received = true, .flags = "ACK", .seq = ladder.events[0].seq - 1, .ack = 1187702002});
  EXPECT_THAT(render_ladder(ladder), HasSubstr("seq=X-1 ack=Y+1 "));
}

TEST(Ladder, RecordWithoutItsSyn_Rendered_ShowsPlainNumbers) {
  Ladder ladder = handshake();
  ladder.events.erase(ladder.events.begin(), ladder.events.begin() + 2);
  EXPECT_THAT(lines_of(render_ladder(ladder))[1], HasSubstr("seq=2893011275 ack=1187702002"));
}

TEST(Ladder, DroppedSyn_Rendered_NamesTheReasonAndIsNoIsn) {
  Ladder ladder = handshake();
  ladder.events.insert(ladder.events.begin() + 1,
                       {.received = true, .flags = "SYN", .seq = 5, .drop = "tcp_challenged"});
  ladder.events.erase(ladder.events.begin());
  const auto lines = lines_of(render_ladder(ladder));
  EXPECT_THAT(lines[1], HasSubstr("seq=5 win=0  DROPPED tcp_challenged -"));
  EXPECT_THAT(lines[2], HasSubstr("ack=2893011275"));
}

TEST(Ladder, Retransmission_Rendered_SaysAgain) {
  Ladder ladder = handshake();
  ladder.events[4].retransmission = true;
  EXPECT_THAT(render_ladder(ladder), HasSubstr("1412 B  again -"));
}

TEST(Ladder, EventsLost_Rendered_Told) {
  Ladder ladder = handshake();
  ladder.events_lost = 12;
  EXPECT_THAT(render_ladder(ladder), HasSubstr("and 12 more that the record had no room for"));
}

TEST(Ladder, ServerNameWithControlBytes_Read_CannotReachTheTerminal) {
  const json answer = {{"traces",
                        {{{"client", "c"},
                          {"server", "s"},
                          {"tls", {{"version", "TLSv1.3"}, {"sni", "a\x1b[2J\n"}}},
                          {"events", json::array()}}}}};
  const auto ladders = ladders_from_json(answer);
  ASSERT_TRUE(ladders) << ladders.error();
  EXPECT_EQ(ladders->at(0).server_name, "a?[2J?");
}

TEST(Ladder, Answer_Read_EveryMemberArrives) {
  const json answer =
      json::parse(R"({"traces": [{"id": 9, "client": "1.2.3.4:5", "server": "[fd77::2]:443", "worker": 3,
      "handshake_ms": 2.5, "tls": {"version": "TLSv1.3", "group": "x25519", "suite": "S", "resumed": true, "sni": "h"},
      "events_lost": 1,
      "events": [{"t_ns": 7, "dir": "tx", "flags": "SYN ACK", "seq": 4294967295, "ack": 1, "len": 2, "window": 3,
                  "options": "mss=1", "tls": ["ServerHello"], "drop": "tcp_paws", "retransmission": true},
                 {"t_ns": 8, "dir": "rx", "flags": "RST", "seq": 1}]}]})");
  const auto ladders = ladders_from_json(answer);
  ASSERT_TRUE(ladders) << ladders.error();
  ASSERT_EQ(ladders->size(), 1u);
  const Ladder& ladder = ladders->front();
  EXPECT_EQ(ladder.id, 9u);
  EXPECT_EQ(ladder.server, "[fd77::2]:443");
  EXPECT_EQ(ladder.worker, 3u);
  EXPECT_EQ(ladder.tls, "TLSv1.3 x25519 S resumed");
  EXPECT_EQ(ladder.server_name, "h");
  ASSERT_EQ(ladder.events.size(), 2u);
  EXPECT_FALSE(ladder.events[0].received);
  EXPECT_EQ(ladder.events[0].seq, 4294967295u);
  EXPECT_EQ(ladder.events[0].ack, 1u);
  EXPECT_EQ(ladder.events[0].payload_bytes, 2u);
  EXPECT_EQ(ladder.events[0].drop, "tcp_paws");
  EXPECT_TRUE(ladder.events[0].retransmission);
  EXPECT_TRUE(ladder.events[1].received);
  EXPECT_FALSE(ladder.events[1].ack);
}

TEST(Ladder, AnswerOfAnotherShape_Read_IsAnErrorNotACrash) {
  for (const char* text :
       {"{}", "[]", "5", R"({"traces": [5]})", R"({"traces": [{"client": 1, "server": "s", "events": []}]})",
        R"({"traces": [{"client": "c", "server": "s", "events": [{"t_ns": "x"}]}]})"})
    EXPECT_FALSE(ladders_from_json(json::parse(text))) << text;
}

}  // namespace
}  // namespace handsel::engine
