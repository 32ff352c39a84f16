// ClientHellos that are unusual but right.

#include <gtest/gtest.h>

#include <algorithm>

#include "connected.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

struct Ends : Pair {
  using Pair::Pair;
  void run() {
    client.start();
    pass();
  }
};

Buffer unknown_extension(std::uint16_t type, std::size_t bytes) {
  Buffer out(4 + bytes);
  store_be16(&out[0], type);
  store_be16(&out[2], static_cast<std::uint16_t>(bytes));
  return out;
}

// The hello of `client`, cut into records of `piece` bytes.
Buffer in_pieces(TestClient& client, std::size_t piece) {
  client.start();
  const Buffer whole = client.take_output();
  Buffer out;
  for (std::size_t at = kRecordHeaderBytes; at < whole.size(); at += piece) {
    const std::size_t count = std::min(piece, whole.size() - at);
    append(out, Buffer{22, 3, 1, static_cast<std::uint8_t>(count >> 8), static_cast<std::uint8_t>(count)});
    append(out, Bytes(whole).subspan(at, count));
  }
  return out;
}

TEST(ClientHello13, in_records_of_one_byte_is_put_together) {
  Ends ends;
  ends.client.put(in_pieces(ends.client, 1));
  exchange(ends.client, ends.server);
  EXPECT_TRUE(ends.server.connected);
}

TEST(ClientHello13, in_records_of_one_byte_and_segments_of_one_byte_is_put_together) {
  Ends ends;
  for (const std::uint8_t byte : in_pieces(ends.client, 1)) ends.server.receive({&byte, 1});
  exchange(ends.client, ends.server);
  EXPECT_TRUE(ends.server.connected);
}

TEST(ClientHello13, of_sixty_kibibytes_takes_a_long_buffer_and_gives_it_back) {
  Ends ends;
  for (std::uint16_t i = 0; i < 4; ++i) append(ends.client.offer.more_extensions, unknown_extension(0x6000 + i, 4'000));
  ends.client.put(in_pieces(ends.client, 1'000));
  ends.server.receive(Bytes(ends.client.take_output()).first(8'000));
  EXPECT_EQ(ends.world.frames.longs_taken(), 1u);
  ends.server.destroy();
  EXPECT_EQ(ends.world.frames.longs_taken(), 0u);
  EXPECT_EQ(ends.world.frames.blocks_taken(), 0u);

  Ends whole;
  for (std::uint16_t i = 0; i < 4; ++i)
    append(whole.client.offer.more_extensions, unknown_extension(0x6000 + i, 4'000));
  whole.client.put(in_pieces(whole.client, 16'000));
  exchange(whole.client, whole.server);
  EXPECT_TRUE(whole.server.connected);
  EXPECT_EQ(whole.world.frames.longs_taken(), 0u);
}

TEST(ClientHello13, without_a_long_buffer_left_is_refused) {
  Ends ends;
  append(ends.client.offer.more_extensions, unknown_extension(0x6000, 4'000));
  while (!ends.world.frames.take_long().empty()) {
  }
  ends.client.put(in_pieces(ends.client, 1'000));
  exchange(ends.client, ends.server);
  EXPECT_EQ(ends.server.session().failure().error, Error::no_handshake_memory);
  EXPECT_EQ(ends.client.alert, Alert::internal_error);
}

TEST(ClientHello13, without_a_block_left_is_refused) {
  Ends ends;
  while (ends.world.frames.take_block() != nullptr) {
  }
  ends.run();
  EXPECT_EQ(ends.server.session().failure().error, Error::no_handshake_memory);
}

TEST(ClientHello13, with_grease_everywhere_connects) {
  Offer offer;
  offer.suites.insert(offer.suites.begin(), static_cast<CipherSuite>(0x2a2a));
  offer.groups.insert(offer.groups.begin(), static_cast<NamedGroup>(0x3a3a));
  offer.versions.insert(offer.versions.begin(), static_cast<Version>(0x4a4a));
  offer.schemes.insert(offer.schemes.begin(), static_cast<SignatureScheme>(0x5a5a));
  offer.more_extensions = unknown_extension(0x6a6a, 0);
  offer.last_extensions = unknown_extension(0x7a7a, 1);
  Ends ends(offer);
  ends.run();
  EXPECT_TRUE(ends.server.connected);
}

TEST(ClientHello13, without_a_session_id_gets_no_change_cipher_spec) {
  Offer offer;
  offer.session_id = {};
  Ends ends(offer);
  ends.run();
  EXPECT_TRUE(ends.server.connected);
  EXPECT_EQ(ends.client.change_cipher_specs, 0u);
}

TEST(ClientHello13, with_a_session_id_gets_one_change_cipher_spec) {
  Ends ends;
  ends.run();
  EXPECT_TRUE(ends.server.connected);
  EXPECT_EQ(ends.client.change_cipher_specs, 1u);
}

TEST(ClientHello13, asks_for_another_name_and_gets_its_certificate) {
  Offer offer;
  offer.server_name = "OTHER.test";
  Ends ends(offer);
  ends.run();
  ASSERT_TRUE(ends.server.connected);
  EXPECT_EQ(ends.client.certificate, ends.config.credentials[2].chain[0]);
  EXPECT_EQ(ends.server.session().server_name(), "other.test");
  EXPECT_EQ(ends.server.notes.server_name, "OTHER.test");
  EXPECT_TRUE(ends.client.name_acknowledged);
}

TEST(ClientHello13, asks_for_a_name_that_nobody_has_and_gets_the_default) {
  Offer offer;
  offer.server_name = "nobody.test";
  Ends ends(offer);
  ends.run();
  ASSERT_TRUE(ends.server.connected);
  EXPECT_EQ(ends.client.certificate, ends.config.credentials[0].chain[0]);
  EXPECT_EQ(ends.server.session().server_name(), "");
  EXPECT_FALSE(ends.client.name_acknowledged);
}

TEST(ClientHello13, that_accepts_rsa_alone_gets_the_rsa_certificate) {
  Offer offer;
  offer.schemes = {SignatureScheme::rsa_pkcs1_sha256, SignatureScheme::rsa_pss_rsae_sha384};
  Ends ends(offer);
  ends.run();
  ASSERT_TRUE(ends.server.connected);
  EXPECT_EQ(ends.client.certificate, ends.config.credentials[1].chain[0]);
  EXPECT_EQ(ends.client.scheme, SignatureScheme::rsa_pss_rsae_sha384);
}

TEST(ClientHello13, protocols_in_common_our_order_decides) {
  Offer offer;
  offer.protocols = {"http/1.1", "h2"};
  ServerConfig draft = World::default_config();
  draft.alpn = {"h2", "http/1.1"};
  Ends ends(offer, draft);
  ends.run();
  ASSERT_TRUE(ends.server.connected);
  EXPECT_EQ(ends.client.protocol, "h2");
  EXPECT_EQ(ends.server.session().alpn(), "h2");
}

TEST(ClientHello13, offers_protocols_to_a_server_without_any_and_connects) {
  Offer offer;
  offer.protocols = {"h2"};
  Ends ends(offer);
  ends.run();
  EXPECT_TRUE(ends.server.connected);
  EXPECT_EQ(ends.client.protocol, "");
}

TEST(ClientHello13, suites_in_our_order_or_in_the_clients) {
  Offer offer;
  offer.suites = {CipherSuite::chacha20_poly1305_sha256, CipherSuite::aes_128_gcm_sha256};
  Ends ours(offer);
  ours.run();
  EXPECT_EQ(ours.client.suite, CipherSuite::aes_128_gcm_sha256);
  ServerConfig draft = World::default_config();
  draft.prefer_client_suites = true;
  Ends theirs(offer, draft);
  theirs.run();
  EXPECT_EQ(theirs.client.suite, CipherSuite::chacha20_poly1305_sha256);
}

TEST(HelloRetryRequest13, share_of_no_group_of_ours_draws_one_and_the_second_hello_connects) {
  for (const CipherSuite suite : {CipherSuite::aes_128_gcm_sha256, CipherSuite::aes_256_gcm_sha384}) {
    Offer offer;
    offer.suites = {suite};
    offer.shares = {};
    Ends ends(offer);
    ends.run();
    ASSERT_TRUE(ends.server.connected) << name_of(ends.server.session().failure().error);
    EXPECT_TRUE(ends.client.retried);
    EXPECT_TRUE(ends.server.session().info().retried);
    EXPECT_EQ(ends.client.group, NamedGroup::x25519);
    EXPECT_EQ(ends.client.change_cipher_specs, 1u);
    EXPECT_EQ(ends.world.statistics.handshakes_retried.get(), 1u);
  }
}

TEST(HelloRetryRequest13, share_of_our_second_group_is_taken_rather_than_asked_anew) {
  Offer offer;
  offer.shares = {NamedGroup::secp256r1};
  Ends ends(offer);
  ends.run();
  ASSERT_TRUE(ends.server.connected);
  EXPECT_FALSE(ends.client.retried);
  EXPECT_EQ(ends.client.group, NamedGroup::secp256r1);
}

TEST(HelloRetryRequest13, second_hello_in_records_of_one_byte_connects) {
  Offer offer;
  offer.shares = {};
  Ends ends(offer);
  ends.client.start();
  ends.server.receive(ends.client.take_output());
  ends.server.settle();
  ends.client.receive(ends.server.take_output());
  const Buffer second = ends.client.take_output();
  for (std::size_t at = kRecordHeaderBytes; at < second.size(); ++at)
    ends.client.put(Buffer{22, 3, 3, 0, 1, second[at]});
  exchange(ends.client, ends.server);
  EXPECT_TRUE(ends.server.connected);
}

// RFC 8446 4.2.10: a client that hoped for early data sends it right behind its hello.
TEST(EarlyData13, not_accepted_is_skipped) {
  Offer offer;
  offer.more_extensions = unknown_extension(42, 0);
  Ends ends(offer);
  ends.client.start();
  Buffer early = {23, 3, 3, 0, 40};
  early.resize(45, 0xaa);
  ends.client.put(early);
  ends.client.put(early);
  exchange(ends.client, ends.server);
  EXPECT_TRUE(ends.server.connected) << name_of(ends.server.session().failure().error);
}

TEST(EarlyData13, before_a_second_hello_is_skipped) {
  Offer offer;
  offer.more_extensions = unknown_extension(42, 0);
  offer.shares = {};
  Ends ends(offer);
  ends.client.alter_second_hello = [&](Buffer& message) {
    ends.client.offer.more_extensions = {};
    message = ends.client.client_hello();
  };
  ends.client.start();
  Buffer early = {23, 3, 3, 0, 40};
  early.resize(45, 0xaa);
  ends.client.put(early);
  exchange(ends.client, ends.server);
  EXPECT_TRUE(ends.server.connected) << name_of(ends.server.session().failure().error);
}

TEST(EarlyData13, beyond_the_bound_draws_an_alert) {
  Offer offer;
  offer.more_extensions = unknown_extension(42, 0);
  Ends ends(offer);
  ends.client.start();
  Buffer early = {23, 3, 3, 0x40, 0};
  early.resize(kRecordHeaderBytes + 0x4000, 0xaa);
  for (int i = 0; i < 5; ++i) ends.client.put(early);
  exchange(ends.client, ends.server);
  EXPECT_EQ(ends.server.session().failure().error, Error::too_much_early_data);
}

TEST(EarlyData13, never_offered_is_a_bad_record) {
  Ends ends;
  ends.client.start();
  Buffer early = {23, 3, 3, 0, 40};
  early.resize(45, 0xaa);
  ends.client.put(early);
  exchange(ends.client, ends.server);
  EXPECT_EQ(ends.server.session().failure().error, Error::bad_record_mac);
  EXPECT_EQ(ends.server.session().failure().alert, Alert::bad_record_mac);
}

}  // namespace
}  // namespace handsel::tls::test
