// Between two ClientHellos a server keeps nothing but a cookie on the wire (RFC 8446 4.2.2).

#include "tls/retry_cookie.h"

#include <gtest/gtest.h>

#include "connected.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

class RetryCookie : public testing::Test {
 protected:
  Buffer seal() {
    RetriedHello hello{.suite = &kSuites13[1], .group = NamedGroup::secp256r1};
    hello.first_hello.size = 48;
    hello.first_hello.bytes.fill(3);
    hello.constant_part.fill(4);
    hello.connection = 5;
    hello.asked_unix_ms = 1'000'000;
    std::array<std::uint8_t, RetryCookies::kMaxBytes> memory;
    const Bytes cookie = cookies.seal(*aead, entropy, hello, memory);
    return {cookie.begin(), cookie.end()};
  }
  std::expected<RetriedHello, Error> open(Bytes cookie, std::uint64_t connection = 5, std::uint64_t now = 1'000'000) {
    return cookies.open(*aead, cookie, connection, now);
  }

  crypto::SystemEntropy entropy;
  std::unique_ptr<crypto::Aead> aead = crypto::make_aead();
  RetryCookies cookies;
};

TEST_F(RetryCookie, says_what_was_sealed_in_it) {
  const auto hello = open(seal());
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->suite, &kSuites13[1]);
  EXPECT_EQ(hello->group, NamedGroup::secp256r1);
  EXPECT_EQ(Buffer(hello->first_hello.view().begin(), hello->first_hello.view().end()), Buffer(48, 3));
  EXPECT_EQ(hello->constant_part[31], 4);
}

TEST_F(RetryCookie, never_comes_twice) { EXPECT_NE(seal(), seal()); }

TEST_F(RetryCookie, altered_at_any_byte_or_length_is_forged) {
  const Buffer good = seal();
  for (std::size_t at = 0; at < good.size(); ++at) {
    Buffer bad = good;
    bad[at] ^= 1;
    EXPECT_EQ(open(bad).error(), Error::forged_cookie) << at;
  }
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes)
    EXPECT_EQ(open(Bytes(good).first(bytes)).error(), Error::forged_cookie) << bytes;
  EXPECT_EQ(open(Buffer(RetryCookies::kMaxBytes + 1)).error(), Error::forged_cookie);
}

TEST_F(RetryCookie, of_another_worker_is_forged) {
  const Buffer cookie = seal();
  cookies = {};
  EXPECT_EQ(open(cookie).error(), Error::forged_cookie) << "that has made none yet";
  seal();
  EXPECT_EQ(open(cookie).error(), Error::forged_cookie);
}

TEST_F(RetryCookie, of_another_connection_is_told_apart) { EXPECT_EQ(open(seal(), 6).error(), Error::strange_cookie); }

TEST_F(RetryCookie, lasts_a_minute) {
  const Buffer cookie = seal();
  EXPECT_TRUE(open(cookie, 5, 1'000'000 + RetryCookies::kLifetimeMs));
  EXPECT_EQ(open(cookie, 5, 1'000'001 + RetryCookies::kLifetimeMs).error(), Error::expired_cookie);
  EXPECT_EQ(open(cookie, 5, 999'999).error(), Error::expired_cookie);
}

/// A client whose first ClientHello has no share.
struct Retried : Pair {
  explicit Retried(Offer offer = {}) : Pair(without_shares(std::move(offer))) {}
  static Offer without_shares(Offer offer) {
    offer.shares = {};
    return offer;
  }
  /// The first ClientHello goes there, and HelloRetryRequest comes back; what the client says to it stays with it.
  void first_half() {
    client.start();
    server.receive(client.take_output());
    server.settle();
    client.receive(server.take_output());
  }
};

TEST(BetweenHellos, no_memory_of_a_handshake_is_held) {
  Retried pair;
  pair.first_half();
  EXPECT_TRUE(pair.client.retried);
  EXPECT_EQ(pair.world.frames.blocks_taken(), 0u);
  EXPECT_EQ(pair.server.session().waiting(), Waiting::second_client_hello);
  EXPECT_TRUE(pair.server.session().wants_record());
  pair.pass();
  EXPECT_TRUE(pair.server.connected);
  EXPECT_TRUE(pair.client.connected);
  EXPECT_TRUE(pair.server.session().info().retried);
  EXPECT_EQ(pair.client.change_cipher_specs, 1u);
  EXPECT_EQ(pair.world.statistics.handshakes_completed.get(), 1u);
  EXPECT_EQ(pair.world.statistics.handshakes_retried.get(), 1u);
}

TEST(BetweenHellos, second_hello_may_come_in_pieces) {
  Retried pair;
  pair.first_half();
  for (const std::uint8_t byte : pair.client.take_output()) {
    pair.server.receive({&byte, 1});
    pair.server.settle();
  }
  pair.pass();
  EXPECT_TRUE(pair.server.connected);
}

TEST(BetweenHellos, every_suite_and_group_goes_on_where_it_was) {
  for (const Suite& suite : kSuites13)
    for (const NamedGroup group : {NamedGroup::x25519, NamedGroup::secp256r1}) {
      Offer offer;
      offer.suites = {suite.id};
      offer.groups = {group};
      Retried pair(offer);
      pair.first_half();
      pair.pass();
      ASSERT_TRUE(pair.server.connected) << name_of(pair.failure().error);
      EXPECT_EQ(pair.client.group, group);
    }
}

TEST(BetweenHellos, client_that_leaves_is_counted_as_abandoned) {
  for (const bool closed : {false, true}) {
    Retried pair;
    pair.first_half();
    if (closed) pair.server.session().close(pair.server);
    pair.server.destroy();
    EXPECT_EQ(pair.world.statistics.handshakes_abandoned.get(), 1u);
  }
}

TEST(BetweenHellos, alert_ends_the_session) {
  Retried pair;
  pair.first_half();
  pair.client.take_output();
  pair.client.send_alert(Alert::handshake_failure);
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::alert_received);
}

TEST(BetweenHellos, data_that_is_no_early_data_is_unexpected) {
  Retried pair;
  pair.first_half();
  pair.client.take_output();
  Buffer record = {23, 3, 3, 0, 40};
  record.resize(45, 0xaa);
  pair.client.put(record);
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::unexpected_record);
}

TEST(BetweenHellos, flood_of_change_cipher_specs_is_bounded) {
  Retried pair;
  pair.first_half();
  pair.client.take_output();
  for (std::size_t i = 0; i <= limits::kMaxEmptyRecords; ++i) pair.client.put(Buffer{20, 3, 3, 0, 1, 1});
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::too_many_empty_records);
}

/// Sends a second ClientHello with this cookie.
Failure after_cookie(Retried& pair, Buffer cookie) {
  pair.client.alter_second_hello = [&](Buffer& message) {
    pair.client.cookie = std::move(cookie);
    message = pair.client.client_hello();
  };
  pair.client.start();
  pair.pass();
  return pair.failure();
}

TEST(SecondHello, without_the_cookie_lacks_an_extension) {
  Retried pair;
  EXPECT_EQ(after_cookie(pair, {}).error, Error::missing_cookie);
  EXPECT_EQ(pair.client.alert, Alert::missing_extension);
}

TEST(SecondHello, with_a_cookie_of_another_connection_is_refused) {
  Retried other;
  other.first_half();
  Retried pair;
  ServerEnd server(other.world, other.config, 8);
  pair.client.start();
  server.receive(pair.client.take_output());
  pair.client.alter_second_hello = [&](Buffer& message) {
    pair.client.cookie = other.client.cookie;
    message = pair.client.client_hello();
  };
  pair.client.receive(server.take_output());
  server.receive(pair.client.take_output());
  EXPECT_EQ(server.session().failure().error, Error::strange_cookie);
  EXPECT_EQ(server.session().failure().alert, Alert::illegal_parameter);
}

TEST(SecondHello, that_comes_first_on_another_connection_is_refused) {
  Retried pair;
  pair.first_half();
  const Buffer second = pair.client.take_output();
  ServerEnd server(pair.world, pair.config, 8);
  server.receive(second);
  EXPECT_EQ(server.session().failure().error, Error::strange_cookie);
  EXPECT_EQ(server.session().failure().alert, Alert::illegal_parameter);
}

TEST(SecondHello, that_comes_too_late_is_refused) {
  Retried pair;
  pair.first_half();
  pair.world.worker.unix_at_zero_ms += RetryCookies::kLifetimeMs + 1;
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::expired_cookie);
  EXPECT_EQ(pair.client.alert, Alert::illegal_parameter);
}

TEST(SecondHello, that_no_longer_speaks_tls13_has_changed) {
  Offer offer;
  Retried pair(offer);
  pair.config.min_version = Version::tls12;
  pair.client.alter_second_hello = [&](Buffer& message) {
    pair.client.offer.with_versions = false;
    message = pair.client.client_hello();
  };
  pair.client.start();
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::second_hello_changed);
}

}  // namespace
}  // namespace handsel::tls::test
