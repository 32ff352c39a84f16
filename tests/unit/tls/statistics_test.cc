// Names, the table of errors and alerts, and what is counted.

#include <gtest/gtest.h>

#include <set>

#include "connected.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

TEST(ErrorTable, every_error_has_a_name_of_its_own_and_a_sentence) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kErrors; ++i) {
    const auto error = static_cast<Error>(i);
    EXPECT_TRUE(names.insert(name_of(error)).second) << name_of(error);
    EXPECT_FALSE(explain(error).empty());
    EXPECT_NE(name_of(alert_for(error)), "unknown");
  }
}

TEST(ErrorTable, what_the_peer_reported_or_cannot_be_sent_is_not_answered_all_else_is) {
  for (std::size_t i = 0; i < kErrors; ++i) {
    const auto error = static_cast<Error>(i);
    const bool silent = error == Error::none || error == Error::alert_received || error == Error::closed_in_handshake ||
                        error == Error::send_queue_full;
    EXPECT_EQ(is_answered(error), !silent) << name_of(error);
  }
}

TEST(Names, numbers_have_theirs_and_grease_is_told_apart) {
  EXPECT_EQ(version_name(0x0304), "TLSv1.3");
  EXPECT_EQ(suite_name(0x1303), "TLS_CHACHA20_POLY1305_SHA256");
  EXPECT_EQ(group_name(29), "x25519");
  EXPECT_EQ(scheme_name(0x0804), "rsa_pss_rsae_sha256");
  EXPECT_EQ(group_name(0x2a2a), "GREASE");
  EXPECT_EQ(group_name(0x2a3a), "unknown");
  EXPECT_EQ(name_of(HandshakeType::client_hello), "ClientHello");
  EXPECT_EQ(name_of(Waiting::client_finished), "client_finished");
}

TEST(Statistics13, one_handshake_and_a_little_data_are_counted) {
  Connected pair;
  pair.client.send("12345");
  pair.pass();
  const Statistics& statistics = pair.world.statistics;
  EXPECT_EQ(statistics.handshakes_started.get(), 1u);
  EXPECT_EQ(statistics.handshakes_completed.get(), 1u);
  EXPECT_EQ(statistics.by_version[index_in(kVersionNames, 0x0304)].get(), 1u);
  EXPECT_EQ(statistics.by_suite[index_in(kSuiteNames, 0x1301)].get(), 1u);
  EXPECT_EQ(statistics.by_group[index_in(kGroupNames, 29)].get(), 1u);
  EXPECT_EQ(statistics.by_signature[index_in(kSchemeNames, 0x0403)].get(), 1u);
  // ClientHello, ChangeCipherSpec, Finished, data.
  EXPECT_EQ(statistics.records_in.get(), 4u);
  // ServerHello, ChangeCipherSpec, EncryptedExtensions to Finished.
  EXPECT_EQ(statistics.records_out.get(), 3u);
}

TEST(Observed13, messages_in_the_order_of_the_wire) {
  Connected pair;
  std::string seen;
  for (const Notes::Entry& entry : pair.server.notes.entries) {
    seen += entry.direction == Observer::Direction::sent ? "<" : ">";
    seen += entry.content_type == 22 ? name_of(static_cast<HandshakeType>(entry.message_type))
                                     : name_of(static_cast<ContentType>(entry.content_type));
  }
  EXPECT_EQ(seen,
            ">ClientHello<ServerHello<change_cipher_spec<EncryptedExtensions<Certificate<CertificateVerify<Finished"
            ">change_cipher_spec>Finished");
  EXPECT_EQ(pair.server.notes.server_name, "example.test");
}

TEST(RefusedVersions, are_counted_by_the_newest_that_the_client_speaks) {
  for (const Version version : {Version::ssl3, Version::tls10, Version::tls11, Version::tls12}) {
    Offer offer;
    offer.with_versions = false;
    offer.legacy_version = version;
    ServerConfig draft = World::default_config();
    draft.min_version = Version::tls13;
    Pair pair(offer, draft);
    pair.client.start();
    pair.pass();
    EXPECT_EQ(pair.client.alert, Alert::protocol_version);
    const std::size_t row = index_in(kVersionNames, static_cast<std::uint16_t>(version));
    EXPECT_EQ(pair.world.statistics.refused_version[row].get(), 1u);
  }
}

TEST(RefusedVersions, ssl2_hello_is_counted_by_the_version_it_asks_for) {
  Pair pair;
  pair.server.receive(Buffer{0x80, 0x2e, 1, 0, 2});
  EXPECT_EQ(pair.world.statistics.refused_version[index_in(kVersionNames, 0x0002)].get(), 1u);
}

}  // namespace
}  // namespace handsel::tls::test
