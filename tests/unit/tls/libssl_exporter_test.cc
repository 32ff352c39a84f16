// Exported keying material beside OpenSSL's, in both versions and roles.

#include <gtest/gtest.h>

#include "hex.h"
#include "libssl_server.h"

namespace handsel::tls::test {
namespace {

/// What both libraries are asked for: label, context (-1: none), length. In TLS 1.2 OpenSSL takes no more than 1 KiB.
struct Wanted {
  std::string label;
  int context_bytes;
  std::size_t bytes;
};
const Wanted kWanted[] = {{"EXPORTER-Channel-Binding", -1, 32},
                          {"EXPORTER-Channel-Binding", 0, 32},
                          {"EXPORTER_EAP_TLS_Key_Material", 1, 128},
                          {"EXPERIMENTAL-handsel", 900, 7},
                          {std::string(200, 'l'), 700, 999}};

void expect_equal(SSL* ssl, const Session& session) {
  for (const Wanted& wanted : kWanted) {
    Buffer theirs(wanted.bytes), ours(wanted.bytes);
    const bool with_context = wanted.context_bytes >= 0;
    const Buffer context(static_cast<std::size_t>(std::max(wanted.context_bytes, 0)), 0x5a);
    ASSERT_EQ(SSL_export_keying_material(ssl, theirs.data(), theirs.size(), wanted.label.data(), wanted.label.size(),
                                         context.data(), context.size(), with_context ? 1 : 0),
              1);
    ASSERT_TRUE(session.export_keying_material(wanted.label,
                                               with_context ? std::optional<Bytes>(context) : std::nullopt, ours));
    EXPECT_EQ(to_hex(ours), to_hex(theirs)) << wanted.label << ' ' << wanted.context_bytes;
  }
}

struct Row {
  int version;
  const char* suite;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.suite; }

class LibsslExporter : public testing::TestWithParam<Row> {
 protected:
  static void limit(SSL_CTX* context) {
    ASSERT_EQ(SSL_CTX_set_max_proto_version(context, GetParam().version), 1);
    if (GetParam().version == TLS1_3_VERSION)
      ASSERT_EQ(SSL_CTX_set_ciphersuites(context, GetParam().suite), 1);
    else
      ASSERT_EQ(SSL_CTX_set_cipher_list(context, GetParam().suite), 1);
  }
};

TEST_P(LibsslExporter, client_of_openssl_derives_what_our_server_does) {
  World world;
  ServerConfig draft = World::default_config();
  draft.min_version = Version::tls12;
  draft.exporters = true;
  const ServerConfig config = *prepared(draft);
  ServerEnd server(world, config);
  LibsslClient client;
  limit(client.context());
  exchange(client, server);
  ASSERT_TRUE(server.connected);
  expect_equal(client.ssl(), server.session());
}

TEST_P(LibsslExporter, server_of_openssl_derives_what_our_client_does) {
  ClientWorld world;
  ClientConfig draft = libssl_trusting_client();
  draft.exporters = true;
  const ClientConfig config = *prepared(draft);
  LibsslServer server(LibsslCertificates::get().ecdsa);
  limit(server.context());
  ClientEnd client(world, config);
  client.start();
  exchange(client, server);
  ASSERT_TRUE(client.connected);
  expect_equal(server.ssl(), client.session());
}

INSTANTIATE_TEST_SUITE_P(Suites, LibsslExporter,
                         testing::Values(Row{TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256"},
                                         Row{TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384"},
                                         Row{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256"},
                                         Row{TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384"}));

TEST(LibsslExporter12, session_without_the_extended_master_secret_exports_nothing) {
  World world;
  ServerConfig draft = World::default_config();
  draft.min_version = Version::tls12;
  draft.exporters = true;
  const ServerConfig config = *prepared(draft);
  ServerEnd server(world, config);
  LibsslClient client;
  SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
  SSL_CTX_set_options(client.context(), SSL_OP_NO_EXTENDED_MASTER_SECRET);
  exchange(client, server);
  ASSERT_TRUE(server.connected);
  Buffer out(32);
  EXPECT_FALSE(server.session().export_keying_material("EXPORTER-handsel", std::nullopt, out));
}

}  // namespace
}  // namespace handsel::tls::test
