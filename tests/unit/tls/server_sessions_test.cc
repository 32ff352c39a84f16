// A server's sessions by id: who is found, who gives way.

#include "tls/server_sessions.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

namespace handsel::tls {
namespace {

std::array<std::uint8_t, kMaxSessionIdBytes> id(std::uint8_t which) {
  std::array<std::uint8_t, kMaxSessionIdBytes> out{};
  out[31] = which;  // all in one bucket
  return out;
}

Handle keep(ServerSessions& sessions, std::uint8_t which) {
  ServedSession session{.id = id(which)};
  session.state.issued_unix_ms = which;
  return sessions.keep(std::move(session));
}

std::uint64_t found(ServerSessions& sessions, std::uint8_t which) {
  const ServedSession* session = sessions.get(sessions.find(id(which)));
  return session == nullptr ? 0 : session->state.issued_unix_ms;
}

TEST(ServerSessions, are_found_by_their_whole_id_any_number_of_times) {
  ServerSessions sessions(4);
  keep(sessions, 1);
  keep(sessions, 2);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(found(sessions, 1), 1u);
    EXPECT_EQ(found(sessions, 2), 2u);
    EXPECT_EQ(found(sessions, 3), 0u);
  }
  EXPECT_FALSE(sessions.find(Bytes(id(1)).first(31)));
  EXPECT_FALSE(sessions.find({}));
}

TEST(ServerSessions, when_full_the_longest_unused_gives_way) {
  ServerSessions sessions(3);
  for (std::uint8_t which = 1; which <= 3; ++which) keep(sessions, which);
  EXPECT_TRUE(sessions.full());
  found(sessions, 1);
  keep(sessions, 4);
  EXPECT_EQ(sessions.size(), 3u);
  EXPECT_EQ(found(sessions, 2), 0u);
  keep(sessions, 5);
  EXPECT_EQ(found(sessions, 3), 0u);
  for (const std::uint8_t which : std::initializer_list<std::uint8_t>{1, 4, 5})
    EXPECT_EQ(found(sessions, which), which);
}

TEST(ServerSessions, forgotten_ones_are_gone_and_their_handles_name_nobody_else) {
  ServerSessions sessions(2);
  const Handle first = keep(sessions, 1);
  keep(sessions, 2);
  sessions.forget(first);
  EXPECT_EQ(found(sessions, 1), 0u);
  keep(sessions, 3);
  sessions.forget(first);
  sessions.forget({});
  EXPECT_EQ(found(sessions, 2), 2u);
  EXPECT_EQ(found(sessions, 3), 3u);
}

TEST(ServerSessions, many_come_and_go_and_the_order_holds) {
  ServerSessions sessions(16);
  for (int round = 0; round < 1'000; ++round) {
    const auto which = static_cast<std::uint8_t>(round % 200 + 1);
    const Handle handle = keep(sessions, which);
    ASSERT_EQ(found(sessions, which), which);
    if (round % 7 == 0) sessions.forget(handle);
    ASSERT_LE(sessions.size(), 16u);
  }
}

TEST(ServerSessions, without_capacity_keep_nothing) {
  ServerSessions sessions(0);
  EXPECT_FALSE(keep(sessions, 1));
  EXPECT_EQ(found(sessions, 1), 0u);
}

}  // namespace
}  // namespace handsel::tls
