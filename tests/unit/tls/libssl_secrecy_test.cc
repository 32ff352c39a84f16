// What is secret never crosses the wire: neither what is said, nor the secrets behind the keys, nor, in TLS 1.3, who
// the two are. OpenSSL's end tells the secrets.

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "client_authority.h"
#include "hex.h"
#include "libssl_client.h"
#include "libssl_server.h"

namespace handsel::tls::test {
namespace {

struct Row {
  const char* name;
  Version version;
  const char* suite;
  bool ours_is_client;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class Secrecy : public testing::TestWithParam<Row> {
 protected:
  Secrecy() : server(LibsslCertificates::get().ecdsa), shown(client_certificate({})) {
    SSL_CTX* const context = theirs().context();
    SSL_CTX_set_max_proto_version(context, static_cast<int>(GetParam().version));
    SSL_CTX_set_ciphersuites(context, GetParam().suite);
    SSL_CTX_set_cipher_list(context, GetParam().suite);
    SSL_CTX_set_app_data(context, &secrets);
    SSL_CTX_set_keylog_callback(context, [](const SSL* ssl, const char* line) {
      const std::string text = line;
      const std::string secret = text.substr(text.rfind(' ') + 1);
      static_cast<std::vector<Buffer>*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->push_back(from_hex(secret));
    });
    if (GetParam().ours_is_client)
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    else
      show();
  }
  void show() {
    SSL_CTX_use_cert_and_key(client.context(), shown.x509.get(), shown.pkey.get(), nullptr, 1);
    SSL_CTX_add1_chain_cert(client.context(), LibsslCertificates::get().authority.intermediate().x509.get());
  }
  LibsslEnd& theirs() { return GetParam().ours_is_client ? static_cast<LibsslEnd&>(server) : client; }

  /// Carries bytes between both, and keeps them all.
  void exchange(SessionEnd& ours) {
    for (bool more = true; more;) {
      const Buffer to_theirs = ours.take_output();
      theirs().give(to_theirs);
      theirs().run();
      const Buffer to_ours = theirs().take_output();
      ours.receive(to_ours);
      ours.settle();
      append(wire, to_theirs);
      append(wire, to_ours);
      more = !to_theirs.empty() || !to_ours.empty();
    }
  }
  void talk(SessionEnd& ours) {
    exchange(ours);
    ASSERT_TRUE(ours.connected);
    for (int round = 0; round < 2; ++round) {
      ours.send("said by us");
      SSL_write(theirs().ssl(), "said by them", 12);
      exchange(ours);
      if (GetParam().version == Version::tls13) SSL_key_update(theirs().ssl(), SSL_KEY_UPDATE_REQUESTED);
    }
    EXPECT_EQ(as_text(theirs().plaintext), "said by ussaid by us");
    EXPECT_EQ(as_text(ours.plaintext), "said by themsaid by them");
  }
  bool on_the_wire(Bytes bytes) const { return !std::ranges::search(wire, bytes).empty(); }
  bool on_the_wire(std::string_view text) const { return on_the_wire(as_bytes(text)); }

  LibsslClient client;
  LibsslServer server;
  crypto::Issued shown;
  std::vector<Buffer> secrets;
  Buffer wire;
};

TEST_P(Secrecy, nothing_secret_is_on_the_wire) {
  if (GetParam().ours_is_client) {
    ClientWorld world;
    ClientConfig draft = libssl_trusting_client();
    draft.credential = client_credential(shown);
    const ClientConfig config = *prepared(draft);
    ClientEnd ours(world, config);
    ours.start();
    talk(ours);
  } else {
    ClientWorld world;  // knows the time
    ServerConfig draft = asking_server(ClientCertificates::require);
    draft.credentials = {client_credential(LibsslCertificates::get().ecdsa)};
    crypto::SystemEntropy entropy;
    draft.ticket_keys = TicketKeys::random(entropy);
    const ServerConfig config = *prepared(draft);
    ServerEnd ours(world, config);
    talk(ours);
  }
  const bool is_tls13 = GetParam().version == Version::tls13;
  ASSERT_GE(secrets.size(), is_tls13 ? 4u : 1u);
  for (const Buffer& secret : secrets) {
    ASSERT_GE(secret.size(), 32u);
    for (std::size_t at = 0; at + 8 <= secret.size(); ++at) EXPECT_FALSE(on_the_wire(Bytes(secret).subspan(at, 8)));
  }
  EXPECT_FALSE(on_the_wire("said by us"));
  EXPECT_FALSE(on_the_wire("said by them"));
  // Who they are is hidden by TLS 1.3, and to be found by this very search in 1.2.
  EXPECT_EQ(on_the_wire(LibsslCertificates::get().ecdsa.der()), !is_tls13);
  EXPECT_EQ(on_the_wire(shown.der()), !is_tls13);
  EXPECT_TRUE(on_the_wire("example.test"));
}

std::vector<Row> rows() {
  std::vector<Row> all;
  for (const bool ours_is_client : {false, true}) {
    all.push_back({"tls13_aes_128_gcm", Version::tls13, "TLS_AES_128_GCM_SHA256", ours_is_client});
    all.push_back({"tls13_aes_256_gcm", Version::tls13, "TLS_AES_256_GCM_SHA384", ours_is_client});
    all.push_back({"tls13_chacha20", Version::tls13, "TLS_CHACHA20_POLY1305_SHA256", ours_is_client});
    all.push_back({"tls12_aes_128_gcm", Version::tls12, "ECDHE-ECDSA-AES128-GCM-SHA256", ours_is_client});
    all.push_back({"tls12_aes_256_gcm", Version::tls12, "ECDHE-ECDSA-AES256-GCM-SHA384", ours_is_client});
    all.push_back({"tls12_chacha20", Version::tls12, "ECDHE-ECDSA-CHACHA20-POLY1305", ours_is_client});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(SuitesRoles, Secrecy, testing::ValuesIn(rows()), [](const testing::TestParamInfo<Row>& row) {
  return std::string(row.param.ours_is_client ? "connects_" : "serves_") + row.param.name;
});

}  // namespace
}  // namespace handsel::tls::test
