// Whole handshakes through memory.

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "test_client.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

TEST(Handshake13, default_offer_connects_and_data_flows_both_ways) {
  World world;
  const ServerConfig config = World::default_config();
  ServerEnd server(world, config);
  TestClient client(world, {});
  client.start();
  exchange(client, server);
  ASSERT_TRUE(server.connected) << name_of(server.session().failure().error);
  EXPECT_TRUE(client.connected);
  EXPECT_EQ(server.session().phase(), Phase::connected);
  client.send("hello");
  server.receive(client.take_output());
  EXPECT_EQ(as_text(server.plaintext), "hello");
  server.send("goodbye");
  client.receive(server.take_output());
  EXPECT_EQ(as_text(client.plaintext), "goodbye");
}

using Row = std::tuple<CipherSuite, NamedGroup, CredentialKind>;

class EveryHandshake13 : public testing::TestWithParam<Row> {};

TEST_P(EveryHandshake13, connects) {
  const auto [suite, group, kind] = GetParam();
  World world;
  const ServerConfig config = World::default_config();
  ServerEnd server(world, config);
  Offer offer;
  offer.suites = {suite};
  offer.groups = offer.shares = {group};
  offer.schemes = {kind == CredentialKind::rsa ? SignatureScheme::rsa_pss_rsae_sha256
                                               : SignatureScheme::ecdsa_secp256r1_sha256};
  TestClient client(world, offer);
  client.start();
  exchange(client, server);
  ASSERT_TRUE(server.connected) << name_of(server.session().failure().error);
  const Info& info = server.session().info();
  EXPECT_EQ(info.version, 0x0304);
  EXPECT_EQ(info.cipher_suite, static_cast<std::uint16_t>(suite));
  EXPECT_EQ(info.group, static_cast<std::uint16_t>(group));
  EXPECT_EQ(info.signature_scheme, static_cast<std::uint16_t>(offer.schemes[0]));
  EXPECT_FALSE(info.retried);
  EXPECT_EQ(client.scheme, offer.schemes[0]);
  EXPECT_EQ(client.certificate, (kind == CredentialKind::rsa ? config.credentials[1] : config.credentials[0]).chain[0]);
  client.send("ping");
  server.receive(client.take_output());
  EXPECT_EQ(as_text(server.plaintext), "ping");
  EXPECT_EQ(world.frames.blocks_taken(), 0u) << "the handshake's memory goes back when it is over";
}

INSTANTIATE_TEST_SUITE_P(SuitesGroupsKeys, EveryHandshake13,
                         testing::Combine(testing::Values(CipherSuite::aes_128_gcm_sha256,
                                                          CipherSuite::aes_256_gcm_sha384,
                                                          CipherSuite::chacha20_poly1305_sha256),
                                          testing::Values(NamedGroup::x25519, NamedGroup::secp256r1),
                                          testing::Values(CredentialKind::ecdsa_p256, CredentialKind::rsa)),
                         [](const testing::TestParamInfo<Row>& row) {
                           return std::string(suite_name(static_cast<std::uint16_t>(std::get<0>(row.param)))) + "_" +
                                  std::string(group_name(static_cast<std::uint16_t>(std::get<1>(row.param)))) + "_" +
                                  (std::get<2>(row.param) == CredentialKind::rsa ? "rsa" : "ecdsa");
                         });

}  // namespace
}  // namespace handsel::tls::test
