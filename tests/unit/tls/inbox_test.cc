#include "tls/inbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

namespace handsel::tls {
namespace {

using Buffer = std::vector<std::uint8_t>;

Buffer message(std::size_t body, std::uint8_t fill) {
  Buffer out(4 + body, fill);
  out[0] = static_cast<std::uint8_t>(HandshakeType::certificate);
  store_be24(&out[1], static_cast<std::uint32_t>(body));
  return out;
}

struct Fixture {
  FramePool pool{1, 1};
  std::array<std::uint8_t, 256> memory;
  Inbox inbox{pool, memory};
  auto next() { return inbox.next(HandshakeType::certificate); }
};

TEST(InboxOfMessages, whole_message_is_read_where_it_lies) {
  Fixture fixture;
  const Buffer one = message(10, 1);
  fixture.inbox.offer(one);
  EXPECT_FALSE(fixture.inbox.empty());
  const auto got = fixture.next();
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->whole.data(), one.data());
  EXPECT_TRUE(fixture.inbox.empty());
}

TEST(InboxOfMessages, random_cuts_give_the_same_messages) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    Fixture fixture;
    std::vector<Buffer> sent;
    Buffer stream;
    for (int i = 0; i < 12; ++i) {
      sent.push_back(message(random() % (round % 2 == 0 ? 100 : 3'000), static_cast<std::uint8_t>(i)));
      stream.insert(stream.end(), sent.back().begin(), sent.back().end());
    }
    std::size_t at = 0, got = 0;
    while (at < stream.size()) {
      const std::size_t count = std::min<std::size_t>(1 + random() % 700, stream.size() - at);
      const Buffer fragment(stream.begin() + at, stream.begin() + at + count);
      at += count;
      fixture.inbox.offer(fragment);
      // Sometimes the reader is busy, and what has come must be kept.
      while (random() % 4 != 0) {
        const auto next = fixture.next();
        ASSERT_TRUE(next);
        if (!*next) break;
        ASSERT_EQ(Buffer((*next)->whole.begin(), (*next)->whole.end()), sent[got]);
        ++got;
      }
      ASSERT_EQ(fixture.inbox.settle(), Error::none);
    }
    for (; got < sent.size(); ++got) {
      const auto next = fixture.next();
      ASSERT_TRUE(next && *next);
      ASSERT_EQ(Buffer((*next)->whole.begin(), (*next)->whole.end()), sent[got]);
    }
    EXPECT_TRUE(fixture.inbox.empty());
  }
}

TEST(InboxOfMessages, wrong_type_is_refused_by_its_first_byte) {
  Fixture fixture;
  const Buffer one = {20};
  fixture.inbox.offer(one);
  EXPECT_EQ(fixture.next().error(), Error::unexpected_handshake_message);
}

TEST(InboxOfMessages, wrong_type_behind_stored_bytes_is_refused) {
  Fixture fixture;
  Buffer two = message(3, 0);
  two.push_back(20);
  const Buffer first(two.begin(), two.begin() + 5), second(two.begin() + 5, two.end());
  fixture.inbox.offer(first);
  EXPECT_FALSE(*fixture.next());
  ASSERT_EQ(fixture.inbox.settle(), Error::none);
  fixture.inbox.offer(second);
  EXPECT_TRUE(*fixture.next());
  EXPECT_FALSE(fixture.inbox.empty());
  EXPECT_EQ(fixture.next().error(), Error::unexpected_handshake_message);
}

TEST(InboxOfMessages, length_beyond_the_bound_is_refused_by_the_header) {
  Fixture fixture;
  const Buffer header = {11, 1, 0, 1};
  fixture.inbox.offer(header);
  EXPECT_EQ(fixture.next().error(), Error::message_too_long);
}

TEST(InboxOfMessages, the_longest_message_fits_and_the_buffer_comes_back) {
  FramePool pool(1, 1);
  {
    std::array<std::uint8_t, 64> memory;
    Inbox inbox(pool, memory);
    const Buffer longest = message(65'536, 3);
    for (std::size_t at = 0; at < longest.size(); at += 16'384) {
      const Buffer fragment(longest.begin() + at, longest.begin() + std::min(at + 16'384, longest.size()));
      inbox.offer(fragment);
      const auto got = inbox.next(HandshakeType::certificate);
      ASSERT_TRUE(got);
      EXPECT_TRUE(!*got || std::ranges::equal((*got)->whole, longest));
      EXPECT_EQ(got->has_value(), at + 16'384 >= longest.size());
      ASSERT_EQ(inbox.settle(), Error::none);
    }
    EXPECT_EQ(pool.longs_taken(), 1u);
  }
  EXPECT_EQ(pool.longs_taken(), 0u);
}

}  // namespace
}  // namespace handsel::tls
