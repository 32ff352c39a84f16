// Exported keying material: what both ends derive, and where there is none.

#include <gtest/gtest.h>

#include "client_end.h"
#include "hex.h"
#include "tls/exporter.h"

namespace handsel::tls::test {
namespace {

constexpr std::string_view kLabel = "EXPORTER-handsel-test";

ClientConfig exporting_client(Version version) {
  ClientConfig draft = default_client();
  draft.exporters = true;
  draft.max_version = version;
  return draft;
}

ServerConfig exporting_server() {
  ServerConfig draft = World::default_config();
  draft.exporters = true;
  draft.min_version = Version::tls12;
  crypto::SystemEntropy entropy;
  draft.ticket_keys = TicketKeys::random(entropy);
  return draft;
}

struct Exporting : ClientAndServer {
  explicit Exporting(Version version = Version::tls13, ServerConfig server_draft = exporting_server())
      : ClientAndServer(exporting_client(version), std::move(server_draft)) {}
};

std::string exported(SessionEnd& end, std::optional<Bytes> context, std::string_view label = kLabel,
                     std::size_t bytes = 40) {
  Buffer out(bytes);
  return end.session().export_keying_material(label, context, out) ? to_hex(out) : "none";
}

class ExporterOfVersion : public testing::TestWithParam<Version> {};

TEST_P(ExporterOfVersion, both_ends_derive_the_same_and_label_context_and_length_count) {
  Exporting pair(GetParam());
  pair.connect();
  ASSERT_TRUE(pair.client.connected && pair.server.connected);
  const Buffer context(300, 7);
  const std::string theirs = exported(pair.server, context);
  EXPECT_NE(theirs, "none");
  EXPECT_EQ(exported(pair.client, context), theirs);
  EXPECT_EQ(exported(pair.client, std::nullopt), exported(pair.server, std::nullopt));
  EXPECT_NE(exported(pair.client, std::nullopt), theirs);
  EXPECT_NE(exported(pair.client, context, "EXPORTER-another"), theirs);
  // No context and an empty one are the same in TLS 1.3 alone (RFC 8446 7.5).
  EXPECT_EQ(exported(pair.client, std::nullopt) == exported(pair.client, Bytes{}), GetParam() == Version::tls13);
  EXPECT_EQ(exported(pair.client, context, kLabel, 8'160), exported(pair.server, context, kLabel, 8'160));
}

TEST_P(ExporterOfVersion, two_connections_have_nothing_in_common_be_the_second_resumed) {
  Exporting pair(GetParam());
  pair.connect();
  ClientEnd again(pair.client_world, pair.client_config);
  ServerEnd server_again(pair.server_world, pair.server_config);
  again.start();
  exchange(again, server_again);
  ASSERT_TRUE(again.session().info().resumed);
  EXPECT_EQ(exported(again, std::nullopt), exported(server_again, std::nullopt));
  EXPECT_NE(exported(again, std::nullopt), exported(pair.client, std::nullopt));
}

INSTANTIATE_TEST_SUITE_P(Versions, ExporterOfVersion, testing::Values(Version::tls12, Version::tls13));

TEST(Exporter13, nothing_before_the_handshake_is_complete_and_nothing_after_a_failure) {
  Exporting pair;
  pair.client.start();
  EXPECT_EQ(exported(pair.client, std::nullopt), "none");
  pair.server.receive(pair.client.take_output());
  pair.server.settle();
  EXPECT_EQ(exported(pair.server, std::nullopt), "none") << "the client has not shown its Finished";
  exchange(pair.client, pair.server);
  EXPECT_NE(exported(pair.server, std::nullopt), "none");
  EXPECT_EQ(pair.server_world.exporters.size(), 1u);
  Buffer bad = {23, 3, 3, 0, 20};
  bad.resize(25);
  pair.server.receive(bad);
  ASSERT_TRUE(pair.server.failed);
  EXPECT_EQ(exported(pair.server, std::nullopt), "none");
  EXPECT_EQ(pair.server_world.exporters.size(), 0u);
}

TEST(Exporter13, nothing_unless_the_configuration_asks) {
  ClientAndServer pair;
  pair.connect();
  EXPECT_EQ(exported(pair.client, std::nullopt), "none");
  EXPECT_EQ(exported(pair.server, std::nullopt), "none");
  EXPECT_EQ(pair.server_world.exporters.size(), 0u);
}

TEST(Exporter13, connection_beyond_the_pool_connects_without_and_is_counted) {
  Exporting pair;
  while (pair.server_world.exporters.emplace(Exporter(TrafficSecret(crypto::HashId::sha256, Buffer(32, 1))))) continue;
  pair.connect();
  EXPECT_TRUE(pair.server.connected);
  EXPECT_EQ(exported(pair.server, std::nullopt), "none");
  EXPECT_NE(exported(pair.client, std::nullopt), "none");
  EXPECT_EQ(pair.server_world.statistics.exporters_full.get(), 1u);
}

TEST(Exporter13, room_goes_back_with_the_session) {
  Exporting pair;
  pair.connect();
  pair.client.destroy();
  pair.server.destroy();
  EXPECT_EQ(pair.client_world.exporters.size() + pair.server_world.exporters.size(), 0u);
}

TEST(ExporterArguments, what_no_peer_could_derive_is_refused) {
  const Exporter exporter(TrafficSecret(crypto::HashId::sha384, Buffer(48, 3)));
  Buffer out(32);
  for (const std::string_view label :
       {"", "master secret", "extended master secret", "key expansion", "client finished", "server finished"})
    EXPECT_FALSE(exporter.derive(label, std::nullopt, out)) << label;
  EXPECT_TRUE(exporter.derive(std::string(249, 'x'), std::nullopt, out));
  EXPECT_FALSE(exporter.derive(std::string(250, 'x'), std::nullopt, out));
  EXPECT_TRUE(exporter.derive(kLabel, Buffer(65'535), out));
  EXPECT_FALSE(exporter.derive(kLabel, Buffer(65'536), out));
  Buffer long_out(8'161);
  EXPECT_FALSE(exporter.derive(kLabel, std::nullopt, long_out));
}

}  // namespace
}  // namespace handsel::tls::test
