// Resumption of TLS 1.3 sessions by stateless tickets.

#include <gtest/gtest.h>

#include "connected.h"
#include "tls/names.h"
#include "tls/ticket.h"

namespace handsel::tls::test {
namespace {

Entropy& entropy() {
  static crypto::SystemEntropy source;
  return source;
}

ServerConfig with_tickets(std::shared_ptr<const TicketKeys> keys = TicketKeys::random(entropy())) {
  ServerConfig draft = World::default_config();
  draft.ticket_keys = std::move(keys);
  return draft;
}

/// Connects once with `config` and returns what the client got.
std::vector<Ticket> tickets_of(const ServerConfig& config, Offer offer = {}) {
  Connected first(std::move(offer), config);
  return first.client.tickets;
}

Offer offering(std::vector<Ticket> tickets) {
  Offer offer;
  offer.tickets = std::move(tickets);
  return offer;
}

TEST(Tickets13, as_many_as_configured_come_right_after_the_handshake) {
  ServerConfig config = with_tickets();
  config.tickets_per_handshake = 3;
  Connected pair({}, config);
  ASSERT_EQ(pair.client.tickets.size(), 3u);
  EXPECT_NE(pair.client.tickets[0].secret, pair.client.tickets[1].secret);
  EXPECT_EQ(pair.client.tickets[0].lifetime_seconds, 7'200u);
  EXPECT_EQ(pair.world.statistics.tickets_issued.get(), 3u);
}

TEST(Tickets13, none_for_a_client_without_psk_dhe_ke) {
  for (const Buffer& modes : {Buffer{}, Buffer{0}}) {
    Offer offer;
    offer.psk_modes = modes;
    EXPECT_TRUE(tickets_of(with_tickets(), offer).empty());
  }
}

TEST(Tickets13, none_from_a_server_without_keys) { EXPECT_TRUE(tickets_of(World::default_config()).empty()); }

TEST(Resumption13, ticket_replaces_the_certificate_and_data_flows) {
  for (const CipherSuite suite :
       {CipherSuite::aes_128_gcm_sha256, CipherSuite::aes_256_gcm_sha384, CipherSuite::chacha20_poly1305_sha256}) {
    const ServerConfig config = with_tickets();
    Offer first;
    first.suites = {suite};
    Offer offer = offering(tickets_of(config, first));
    offer.suites = {suite};
    Connected pair(offer, config);
    EXPECT_TRUE(pair.client.resumed);
    EXPECT_TRUE(pair.server.session().info().resumed);
    EXPECT_EQ(pair.server.session().info().signature_scheme, 0);
    EXPECT_TRUE(pair.client.certificate.empty());
    EXPECT_EQ(pair.world.statistics.handshakes_resumed.get(), 1u);
    EXPECT_EQ(pair.world.statistics.tickets_taken.get(), 1u);
    pair.client.send("x");
    pair.pass();
    EXPECT_EQ(as_text(pair.server.plaintext), "x");
    EXPECT_EQ(pair.client.tickets.size(), 2u) << "and new tickets come";
    EXPECT_EQ(pair.world.frames.blocks_taken(), 0u);
  }
}

TEST(Resumption13, after_a_hello_retry_request_too) {
  const ServerConfig config = with_tickets();
  Offer offer = offering(tickets_of(config));
  offer.shares = {};
  Connected pair(offer, config);
  EXPECT_TRUE(pair.client.retried);
  EXPECT_TRUE(pair.client.resumed);
}

// The longest ServerHello that there is.
TEST(Resumption13, with_the_longest_share_and_session_id_connects) {
  ServerConfig draft = with_tickets();
  draft.groups = {NamedGroup::secp384r1};
  const ServerConfig config = *prepared(std::move(draft));
  Offer first;
  first.groups = first.shares = {NamedGroup::secp384r1};
  Offer offer = offering(tickets_of(config, first));
  offer.groups = offer.shares = {NamedGroup::secp384r1};
  Connected pair(offer, config);
  EXPECT_TRUE(pair.client.resumed);
}

TEST(Resumption13, without_signature_algorithms_connects_when_the_ticket_is_taken) {
  const ServerConfig config = with_tickets();
  Offer offer = offering(tickets_of(config));
  offer.with_schemes = false;
  Connected pair(offer, config);
  EXPECT_TRUE(pair.client.resumed);
}

TEST(Resumption13, without_signature_algorithms_and_with_a_strange_ticket_lacks_an_extension) {
  const std::vector<Ticket> strange = tickets_of(with_tickets());
  Offer offer = offering(strange);
  offer.with_schemes = false;
  Pair pair(offer, with_tickets());
  pair.client.start();
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::missing_extension);
}

TEST(Resumption13, strange_ticket_falls_back_to_a_full_handshake) {
  Connected pair(offering(tickets_of(with_tickets())), with_tickets());
  EXPECT_FALSE(pair.client.resumed);
  EXPECT_EQ(pair.world.statistics.tickets_refused.get(), 1u);
}

TEST(Resumption13, ticket_damaged_at_any_byte_falls_back_to_a_full_handshake) {
  const ServerConfig config = with_tickets();
  const std::vector<Ticket> good = tickets_of(config);
  for (std::size_t at = 0; at < good[0].identity.size(); at += 5) {
    std::vector<Ticket> bad = good;
    bad[0].identity[at] ^= 4;
    Connected pair(offering(bad), config);
    EXPECT_FALSE(pair.client.resumed) << at;
  }
}

TEST(Resumption13, binder_with_a_flipped_bit_draws_decrypt_error) {
  const ServerConfig config = with_tickets();
  Pair pair(offering(tickets_of(config)), config);
  pair.client.alter_binder = [](Buffer& binder) { binder[7] ^= 1; };
  pair.client.start();
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::bad_binder);
  EXPECT_EQ(pair.client.alert, Alert::decrypt_error);
}

TEST(Resumption13, ticket_of_a_running_server_is_taken_while_its_key_is_among_three) {
  ServerConfig config = World::default_config();
  config.ticket_keyring = std::make_shared<TicketKeyring>(TicketKeys::random(entropy()));
  const std::vector<Ticket> tickets = tickets_of(config);
  for (int rotation = 1; rotation <= 3; ++rotation) {
    config.ticket_keyring->publish(config.ticket_keyring->published().rotated(entropy()));
    config.ticket_keyring->let_go();
    Connected pair(offering(tickets), config);
    EXPECT_EQ(pair.client.resumed, rotation < 3) << rotation;
  }
}

TEST(Resumption13, ticket_for_another_name_falls_back_to_a_full_handshake) {
  const ServerConfig config = with_tickets();
  Offer offer = offering(tickets_of(config));
  offer.server_name = "other.test";
  Connected pair(offer, config);
  EXPECT_FALSE(pair.client.resumed);
  EXPECT_EQ(pair.client.certificate, config.credentials[2].chain[0]);
}

TEST(Resumption13, ticket_for_another_hash_falls_back_to_a_full_handshake) {
  const ServerConfig config = with_tickets();
  Offer first;
  first.suites = {CipherSuite::aes_256_gcm_sha384};
  Connected pair(offering(tickets_of(config, first)), config);
  EXPECT_EQ(pair.client.suite, CipherSuite::aes_128_gcm_sha256);
  EXPECT_FALSE(pair.client.resumed);
}

TEST(Resumption13, ticket_is_good_until_its_lifetime_is_over) {
  for (const bool expired : {false, true}) {
    const ServerConfig config = with_tickets();
    Pair pair(offering(tickets_of(config)), config);
    pair.server.now = Instant{} + std::chrono::seconds(expired ? 7'201 : 7'200);
    pair.client.start();
    pair.pass();
    EXPECT_TRUE(pair.server.connected);
    EXPECT_EQ(pair.client.resumed, !expired);
  }
}

TEST(Resumption13, modes_that_miss_psk_dhe_ke_fall_back_to_a_full_handshake) {
  const ServerConfig config = with_tickets();
  Offer offer = offering(tickets_of(config));
  offer.psk_modes = {0};
  Connected pair(offer, config);
  EXPECT_FALSE(pair.client.resumed);
}

TEST(TicketKeyRotation, newest_seals_three_open_the_fourth_is_forgotten) {
  std::shared_ptr<const TicketKeys> keys = TicketKeys::random(entropy());
  const std::vector<Ticket> old = tickets_of(with_tickets(keys));
  for (int rotations = 1; rotations <= 3; ++rotations) {
    keys = keys->rotated(entropy());
    EXPECT_LE(keys->size(), TicketKeys::kMaxKeys);
    Connected pair(offering(old), with_tickets(keys));
    EXPECT_EQ(pair.client.resumed, rotations < 3) << rotations;
  }
}

TEST(TicketKeyRotation, servers_that_share_a_file_share_tickets) {
  Buffer file(2 * TicketKeys::kKeyFileBytes);
  entropy().fill(file);
  const std::vector<Ticket> tickets = tickets_of(with_tickets(*TicketKeys::from_bytes(file)));
  Connected pair(offering(tickets), with_tickets(*TicketKeys::from_bytes(file)));
  EXPECT_TRUE(pair.client.resumed);
}

TEST(TicketKeyRotation, file_of_a_wrong_length_is_refused_with_a_sentence) {
  EXPECT_EQ(TicketKeys::from_bytes(Buffer(47)).error(),
            "ticket keys are one to three of 48 bytes each, newest first; there are 47 bytes");
  EXPECT_FALSE(TicketKeys::from_bytes({}));
  EXPECT_FALSE(TicketKeys::from_bytes(Buffer(4 * 48)));
}

}  // namespace
}  // namespace handsel::tls::test
