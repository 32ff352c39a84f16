// Resumption without a key exchange (psk_ke, RFC 8446 4.2.9), which both sides must want.

#include <gtest/gtest.h>

#include "client_end.h"
#include "connected.h"

namespace handsel::tls::test {
namespace {

ServerConfig psk_only_server() {
  static crypto::SystemEntropy entropy;
  static const std::shared_ptr<const TicketKeys> keys = TicketKeys::random(entropy);
  ServerConfig draft = World::default_config();
  draft.ticket_keys = keys;
  draft.psk_only = true;
  return draft;
}

/// Comes back with a ticket, and can use it without a key exchange alone.
Offer psk_only_offer() {
  Offer offer;
  offer.psk_modes = {0};
  Connected first(offer, psk_only_server());
  EXPECT_FALSE(first.client.tickets.empty());
  offer.tickets = first.client.tickets;
  return offer;
}

void expect_psk_only(Pair& pair) {
  ASSERT_TRUE(pair.server.connected) << name_of(pair.failure().error);
  EXPECT_TRUE(pair.client.resumed);
  EXPECT_EQ(pair.client.group, NamedGroup::none);
  EXPECT_EQ(pair.server.session().info().group, 0);
  pair.client.send("x");
  pair.pass();
  EXPECT_EQ(as_text(pair.server.plaintext), "x");
}

TEST(PskOnly, client_that_offers_nothing_else_resumes_without_a_key_exchange) {
  Connected pair(psk_only_offer(), psk_only_server());
  expect_psk_only(pair);
  EXPECT_FALSE(pair.client.tickets.empty());
}

TEST(PskOnly, needs_no_share_and_no_group) {
  Offer offer = psk_only_offer();
  offer.with_shares = false;
  offer.with_groups = false;
  Connected pair(offer, psk_only_server());
  expect_psk_only(pair);
}

TEST(PskOnly, spares_the_hello_retry_request_too) {
  Offer offer = psk_only_offer();
  offer.shares.clear();
  Connected pair(offer, psk_only_server());
  expect_psk_only(pair);
  EXPECT_FALSE(pair.client.retried);
  EXPECT_FALSE(pair.server.session().info().retried);
}

TEST(PskOnly, key_exchange_is_preferred_by_who_offers_both) {
  Offer offer = psk_only_offer();
  offer.psk_modes = {0, 1};
  Connected pair(offer, psk_only_server());
  EXPECT_TRUE(pair.client.resumed);
  EXPECT_EQ(pair.client.group, NamedGroup::x25519);
}

TEST(PskOnly, ticket_that_is_not_taken_falls_back_to_a_full_handshake_even_by_a_retry) {
  for (const bool with_share : {true, false}) {
    Offer offer = psk_only_offer();
    offer.tickets[0].identity[20] ^= 1;
    if (!with_share) offer.shares.clear();
    Connected pair(offer, psk_only_server());
    EXPECT_FALSE(pair.client.resumed);
    EXPECT_EQ(pair.client.retried, !with_share);
  }
}

TEST(PskOnly, ticket_that_is_not_taken_without_a_group_misses_an_extension) {
  Offer offer = psk_only_offer();
  offer.tickets[0].identity[20] ^= 1;
  offer.with_shares = false;
  offer.with_groups = false;
  Pair pair(offer, psk_only_server());
  pair.client.start();
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::missing_extension);
}

TEST(PskOnly, is_not_done_unless_the_configuration_allows_it) {
  ServerConfig draft = psk_only_server();
  draft.psk_only = false;
  Connected pair(psk_only_offer(), draft);
  EXPECT_FALSE(pair.client.resumed);
  Offer bare = psk_only_offer();
  bare.with_shares = false;
  bare.with_groups = false;
  Pair refused(bare, draft);
  refused.client.start();
  refused.pass();
  EXPECT_EQ(refused.failure().error, Error::missing_extension);
}

TEST(PskOnly, group_without_share_or_share_without_group_misses_an_extension) {
  for (const bool with_shares : {true, false}) {
    Offer offer = psk_only_offer();
    offer.with_shares = with_shares;
    offer.with_groups = !with_shares;
    Pair pair(offer, psk_only_server());
    pair.client.start();
    pair.pass();
    EXPECT_EQ(pair.failure().error, Error::missing_extension) << with_shares;
  }
}

}  // namespace
}  // namespace handsel::tls::test
