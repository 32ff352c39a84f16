/// The oracle itself: that it lets through what is right, and nothing else, where whose numbers count is hard to tell.

#include "oracle.h"

#include <gtest/gtest.h>

#include <array>

namespace handsel::sim {
namespace {

using wire::SeqNum;
using wire::TcpHeader;

constexpr std::array<std::uint8_t, 100> kBytes{};

TcpHeader header(std::uint8_t flags, std::uint32_t seq, std::uint32_t ack) {
  TcpHeader made;
  made.flags = flags;
  made.seq = SeqNum(seq);
  made.ack = SeqNum(ack);
  made.window = 10'000;
  return made;
}

/// A server that answered a client's SYN 100 by the cookie 1000, then a lie's SYN 150 by a half-open connection of its
/// own, 5000, whose challenge is the first that comes behind a SYN-ACK.
struct TwoSyns : testing::Test {
  Side server;

  void SetUp() override {
    server.delivered(header(wire::kSyn, 100, 0), {});
    EXPECT_EQ(server.sent(header(wire::kSyn | wire::kAck, 1'000, 101), {}, true), "");
    server.delivered(header(wire::kSyn, 150, 0), {});
    EXPECT_EQ(server.sent(header(wire::kSyn | wire::kAck, 5'000, 151), {}, true), "");
    EXPECT_EQ(server.sent(header(wire::kAck, 5'001, 151), {}, true), "");
  }
  void request() { server.delivered(header(wire::kAck, 101, 1'001), Bytes(kBytes)); }
};

TEST_F(TwoSyns, AHalfOpenConnectionGivesWayToTheOneThatIsCompleted) {
  request();
  EXPECT_EQ(server.sent(header(wire::kAck, 1'001, 201), Bytes(kBytes), true), "");
  EXPECT_EQ(server.sent(header(wire::kAck, 1'101, 201), Bytes(kBytes), true), "");
}

TEST_F(TwoSyns, WhatWasDeliveredMeanwhileBoundsTheOneThatIsCompleted) {
  request();
  EXPECT_NE(server.sent(header(wire::kAck, 1'001, 202), Bytes(kBytes), true), "");
}

TEST_F(TwoSyns, WhoHasSentDataDoesNotGiveWay) {
  request();
  EXPECT_EQ(server.sent(header(wire::kAck, 5'001, 151), Bytes(kBytes), true), "");
  EXPECT_NE(server.sent(header(wire::kAck, 1'001, 201), Bytes(kBytes), true), "");
}

TEST_F(TwoSyns, NumbersOfNoSynAreRefused) {
  request();
  EXPECT_NE(server.sent(header(wire::kAck, 2'001, 201), Bytes(kBytes), true), "");
}

/// A liar's connection that was reset may come again by the copy of an ACK, on the other cookie too.
TEST_F(TwoSyns, AfterAResetALiarMayBeginAnew) {
  request();
  EXPECT_EQ(server.sent(header(wire::kAck, 1'001, 201), Bytes(kBytes), false), "");
  EXPECT_EQ(server.sent(header(wire::kRst, 1'101, 0), {}, false), "");
  server.delivered(header(wire::kAck, 151, 5'001), Bytes(kBytes));
  EXPECT_EQ(server.sent(header(wire::kAck, 5'001, 251), Bytes(kBytes), false), "");
}

}  // namespace
}  // namespace handsel::sim
