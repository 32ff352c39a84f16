// A client's sessions: who finds them, who gives way.

#include "tls/session_cache.h"

#include <gtest/gtest.h>

#include <vector>

namespace handsel::tls {
namespace {

SessionScope scope(std::uint8_t which) {
  SessionScope out{};
  out[15] = which;  // all in one bucket
  return out;
}

void keep(SessionCache& cache, std::uint8_t which, std::uint32_t mark, std::uint64_t expires = 1'000) {
  SessionCache::Room room = cache.open();
  ASSERT_TRUE(room);
  room->scope = scope(which);
  room->age_add = mark;
  room->expires_unix_ms = expires;
  room.keep();
}

TEST(SessionCache, gives_the_newest_of_a_scope_once) {
  SessionCache cache({8, 4, 1});
  keep(cache, 1, 10);
  keep(cache, 2, 20);
  keep(cache, 1, 11);
  EXPECT_EQ(cache.size(), 3u);
  SessionCache::Taken first = cache.take(scope(1), 0);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->age_add, 11u);
  EXPECT_EQ(cache.take(scope(1), 0)->age_add, 10u);
  EXPECT_FALSE(cache.take(scope(1), 0));
  EXPECT_FALSE(cache.take(scope(3), 0));
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(cache.taken_out(), 1u);
  first.drop();
  EXPECT_EQ(cache.taken_out(), 0u);
}

TEST(SessionCache, expired_and_not_yet_received_are_dropped_on_the_way) {
  SessionCache cache({8, 4, 1});
  keep(cache, 1, 10, 100);
  keep(cache, 1, 11, 50);
  EXPECT_EQ(cache.take(scope(1), 50)->age_add, 10u);
  EXPECT_EQ(cache.size(), 0u);
  keep(cache, 1, 12, 100);
  EXPECT_FALSE(cache.take(scope(1), 100));
}

TEST(SessionCache, oldest_of_the_scope_gives_way_at_its_bound_and_the_oldest_of_all_at_the_cache) {
  SessionCache cache({4, 2, 1});
  keep(cache, 1, 10);
  keep(cache, 2, 20);
  keep(cache, 1, 11);
  keep(cache, 1, 12);
  EXPECT_EQ(cache.size(), 3u);
  keep(cache, 3, 30);
  keep(cache, 4, 40);  // in place of 20, the oldest left
  EXPECT_EQ(cache.size(), 4u);
  EXPECT_FALSE(cache.take(scope(2), 0));
  EXPECT_EQ(cache.take(scope(1), 0)->age_add, 12u);
  EXPECT_EQ(cache.take(scope(1), 0)->age_add, 11u);
  EXPECT_FALSE(cache.take(scope(1), 0));
}

TEST(SessionCache, scope_may_fill_the_cache_and_others_are_found_in_between) {
  SessionCache cache({4, 4, 1});
  for (const std::uint32_t mark : {10u, 20u, 11u, 21u}) keep(cache, mark < 20 ? 1 : 2, mark);
  EXPECT_EQ(cache.take(scope(1), 0)->age_add, 11u);  // from the middle of the bucket
  EXPECT_EQ(cache.take(scope(1), 0)->age_add, 10u);  // from its end
  EXPECT_EQ(cache.take(scope(2), 0)->age_add, 21u);
  for (const std::uint32_t mark : {12u, 13u, 14u, 15u}) keep(cache, 1, mark);
  EXPECT_EQ(cache.size(), 4u);
  EXPECT_FALSE(cache.take(scope(2), 0));  // 20 was the oldest of all
  for (const std::uint32_t mark : {15u, 14u, 13u, 12u}) EXPECT_EQ(cache.take(scope(1), 0)->age_add, mark);
  EXPECT_EQ(cache.size(), 0u);
}

TEST(SessionCache, has_no_room_while_all_are_taken_out) {
  SessionCache cache({2, 2, 1});
  keep(cache, 1, 10);
  keep(cache, 1, 11);
  SessionCache::Taken one = cache.take(scope(1), 0), two = cache.take(scope(1), 0);
  EXPECT_FALSE(cache.open());
  one.drop();
  SessionCache::Room room = cache.open();
  EXPECT_TRUE(room);
  room = {};
  EXPECT_EQ(cache.taken_out(), 1u);
}

TEST(SessionCache, ticket_longer_than_the_bound_is_not_stored) {
  SessionCache cache({1, 1, 1});
  SessionCache::Room room = cache.open();
  std::vector<std::uint8_t> ticket(limits::kMaxStoredTicketBytes + 1, 7);
  EXPECT_FALSE(room->set_ticket(ticket));
  EXPECT_TRUE(room->ticket_view().empty());
  ticket.pop_back();
  EXPECT_TRUE(room->set_ticket(ticket));
  EXPECT_EQ(room->ticket_view().size(), limits::kMaxStoredTicketBytes);
}

TEST(SessionCache, connections_that_wait_for_tickets_are_bounded) {
  SessionCache cache({1, 1, 2});
  const Handle one = cache.hold({}), two = cache.hold({});
  EXPECT_TRUE(one && two);
  EXPECT_FALSE(cache.hold({}));
  cache.release(one);
  cache.release(one);
  EXPECT_EQ(cache.pending(one), nullptr);
  EXPECT_EQ(cache.pending_count(), 1u);
}

}  // namespace
}  // namespace handsel::tls
