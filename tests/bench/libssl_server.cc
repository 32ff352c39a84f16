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

}  // namespace

SSL_CTX* make_client(const Offer& offer) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, offer.version);
  SSL_CTX_set_max_proto_version(context, offer.version);
  SSL_CTX_set1_groups_list(context, offer.groups);
  SSL_CTX_set1_sigalgs_list(context, offer.signature);
  if (offer.version == TLS1_3_VERSION) {
    SSL_CTX_set_ciphersuites(context, offer.suite);
  } else {
    SSL_CTX_set_cipher_list(context, offer.suite);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  }
  return context;
}

SSL* over_memory(SSL_CTX* context) {
  SSL* ssl = SSL_new(context);
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  return ssl;
}

void free_closed(SSL* ssl) {
  SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl);
}

LibsslServer::LibsslServer(const Offer& offer)
    : server_(SSL_CTX_new(TLS_server_method())), client_(make_client(offer)) {
  add_certificate(server_, EVP_EC_gen("P-256"));
  add_certificate(server_, EVP_RSA_gen(2048));
  SSL_CTX_set_num_tickets(server_, 0);
}

LibsslServer::~LibsslServer() {
  SSL_free(open_);
  SSL_CTX_free(server_);
  SSL_CTX_free(client_);
}

std::uint64_t LibsslServer::handshake(SSL_SESSION* session) {
  SSL* client = over_memory(client_);
  SSL_set_connect_state(client);
  if (session != nullptr) SSL_set_session(client, session);
  SSL_do_handshake(client);
  // The server's own objects count: a real one makes them for each connection, too.
  std::uint64_t start = ticks();
  SSL* server = over_memory(server_);
  SSL_set_accept_state(server);
  std::uint64_t spent = ticks() - start;
  for (int round = 0; round < 4 && !SSL_is_init_finished(server); ++round) {
    carry(client, server);
    start = ticks();
    SSL_do_handshake(server);
    spent += ticks() - start;
    carry(server, client);
    SSL_do_handshake(client);
  }
  if (!SSL_is_init_finished(client) || !SSL_is_init_finished(server)) give_up("the handshake");
  if ((SSL_session_reused(server) != 0) != (session != nullptr))
    give_up("resuming what was to be resumed, and no more");
  free_closed(client);
  start = ticks();
  SSL_free(server);
  return spent + (ticks() - start);
}

SSL* LibsslServer::connect(SSL* server) {
  SSL* client = over_memory(client_);
  SSL_set_connect_state(client);
  for (int i = 0; i < 4; ++i) {
    SSL_do_handshake(client);
    carry(client, server);
    SSL_do_handshake(server);
    carry(server, client);
  }
  if (!SSL_is_init_finished(server)) give_up("opening a connection");
  return client;
}

SSL_SESSION* LibsslServer::issue_ticket() {
  SSL* server = over_memory(server_);
  SSL_set_accept_state(server);
  SSL_set_num_tickets(server, 1);
  SSL* client = connect(server);
  char byte = 0;
  SSL_read(client, &byte, 1);  // the ticket is all that there is to read
  SSL_SESSION* session = SSL_get1_session(client);
  if (SSL_SESSION_is_resumable(session) != 1) give_up("issuing a ticket");
  free_closed(client);
  SSL_free(server);
  return session;
}

std::uint64_t LibsslServer::seal(std::size_t bytes) {
  if (!open_) {
    open_ = over_memory(server_);
    SSL_set_accept_state(open_);
    SSL_free(connect(open_));
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
