#include "libssl_server.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "harness.h"

namespace handsel::bench {
namespace {

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "libssl: %s failed\n", what);
  std::exit(1);
}

void add_certificate(SSL_CTX* context, EVP_PKEY* key) {
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("handsel.test"), -1, -1,
                             0);
  X509_set_issuer_name(certificate, name);
  if (X509_sign(certificate, key, EVP_sha256()) == 0 || SSL_CTX_use_certificate(context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey(context, key) != 1)
    give_up("loading a certificate");
  X509_free(certificate);
  EVP_PKEY_free(key);
}

// All that `from` has to say goes to `to`.
void carry(SSL* from, SSL* to) {
  char buffer[16'384];
  int size = 0;
  while ((size = BIO_read(SSL_get_wbio(from), buffer, sizeof buffer)) > 0) BIO_write(SSL_get_rbio(to), buffer, size);
}

SSL* over_memory(SSL_CTX* context) {
  SSL* ssl = SSL_new(context);
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  return ssl;
}

}  // namespace

LibsslServer::LibsslServer() : server_(SSL_CTX_new(TLS_server_method())), client_(SSL_CTX_new(TLS_client_method())) {
  add_certificate(server_, EVP_EC_gen("P-256"));
  add_certificate(server_, EVP_RSA_gen(2048));
  SSL_CTX_set_num_tickets(server_, 0);
  SSL_CTX_set_min_proto_version(server_, TLS1_3_VERSION);
  SSL_CTX_set_min_proto_version(client_, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(client_, "TLS_AES_128_GCM_SHA256");
}

LibsslServer::~LibsslServer() {
  SSL_free(open_);
  SSL_CTX_free(server_);
  SSL_CTX_free(client_);
}

std::uint64_t LibsslServer::handshake(const char* groups, const char* signatures) {
  SSL_CTX_set1_groups_list(client_, groups);
  SSL_CTX_set1_sigalgs_list(client_, signatures);
  SSL* client = over_memory(client_);
  SSL_set_connect_state(client);
  SSL_connect(client);
  // The server's own objects count: a real one makes them for each connection, too.
  std::uint64_t start = ticks();
  SSL* server = over_memory(server_);
  SSL_set_accept_state(server);
  std::uint64_t spent = ticks() - start;
  carry(client, server);
  start = ticks();
  SSL_accept(server);
  spent += ticks() - start;
  carry(server, client);
  if (SSL_connect(client) != 1) give_up("the client's handshake");
  carry(client, server);
  start = ticks();
  if (SSL_accept(server) != 1) give_up("the server's handshake");
  spent += ticks() - start;
  SSL_free(client);
  start = ticks();
  SSL_free(server);
  return spent + (ticks() - start);
}

void LibsslServer::connect(SSL* server) {
  SSL* client = over_memory(client_);
  SSL_set_connect_state(client);
  for (int i = 0; i < 4; ++i) {
    SSL_do_handshake(client);
    carry(client, server);
    SSL_do_handshake(server);
    carry(server, client);
  }
  if (!SSL_is_init_finished(server)) give_up("opening a connection");
  SSL_free(client);
}

std::uint64_t LibsslServer::seal(std::size_t bytes) {
  if (!open_) {
    open_ = over_memory(server_);
    SSL_set_accept_state(open_);
    connect(open_);
  }
  const std::vector<char> plain(16'384, 'x');
  std::uint64_t spent = 0;
  for (std::size_t sealed = 0; sealed < bytes; sealed += plain.size()) {
    const std::uint64_t start = ticks();
    if (SSL_write(open_, plain.data(), static_cast<int>(plain.size())) <= 0) give_up("sealing");
    spent += ticks() - start;
    (void)BIO_reset(SSL_get_wbio(open_));
  }
  return spent;
}

}  // namespace handsel::bench
