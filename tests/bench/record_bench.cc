/// What sealing bulk data into records costs a session, beside SSL_write.

#include <openssl/ssl.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "harness.h"
#include "libssl_server.h"
#include "test_world.h"

namespace {

using namespace handsel;
using namespace handsel::bench;

class Discard final : public tls::RecordSink {
 public:
  bool write_record(Bytes record) override {
    keep(record);
    return true;
  }
};

// A session of ours, connected to a client of libssl's.
void connect(tls::test::ServerEnd& server) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
  SSL* client = SSL_new(context);
  SSL_set_bio(client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(client);
  for (int i = 0; i < 4 && !server.connected; ++i) {
    SSL_do_handshake(client);
    std::uint8_t buffer[4'096];
    int size = 0;
    while ((size = BIO_read(SSL_get_wbio(client), buffer, sizeof buffer)) > 0)
      server.receive(Bytes(buffer, static_cast<std::size_t>(size)));
    server.settle();
    const tls::test::Buffer output = server.take_output();
    if (!output.empty()) BIO_write(SSL_get_rbio(client), output.data(), static_cast<int>(output.size()));
  }
  SSL_free(client);
  SSL_CTX_free(context);
  if (!server.connected) {
    std::fprintf(stderr, "the session did not connect\n");
    std::exit(1);
  }
}

}  // namespace

int main(int count, char** values) {
  Report report("record", count, values);
  tls::test::World world;
  const tls::ServerConfig config = tls::test::World::default_config();
  tls::test::ServerEnd server(world, config);
  connect(server);
  LibsslServer peer;
  Discard sink;
  constexpr std::size_t kBytes = 64 * 16'384;
  const std::string plain(16'384, 'x');
  report.compare(
      {.name = "tls/bulk-seal", .unit = "cyc/B", .peer = "SSL_write", .operations = kBytes, .calls = 40},
      [&] {
        for (std::size_t sealed = 0; sealed < kBytes; sealed += plain.size())
          if (!server.session().send(as_bytes(plain), sink)) std::exit(1);
      },
      [&] { peer.seal(kBytes); });
  return report.finish();
}
