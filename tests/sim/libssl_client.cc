#include "libssl_client.h"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <array>
#include <cstdlib>

namespace handsel::sim {

FetchOverTls::FetchOverTls(std::uint64_t bytes, const std::string& groups, const std::string& suites)
    : context_(SSL_CTX_new(TLS_client_method())), check_(bytes), request_(check_.request()) {
  SSL_CTX_set_min_proto_version(context_, TLS1_3_VERSION);
  if (SSL_CTX_set1_groups_list(context_, groups.c_str()) != 1 ||
      SSL_CTX_set_ciphersuites(context_, suites.c_str()) != 1)
    std::abort();
  ssl_ = SSL_new(context_);
  SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_tlsext_host_name(ssl_, "handsel.test");
  SSL_set_connect_state(ssl_);
}

FetchOverTls::~FetchOverTls() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
}

void FetchOverTls::set_signatures(const std::string& schemes) {
  if (SSL_set1_sigalgs_list(ssl_, schemes.c_str()) != 1) std::abort();
}

// What libssl has written goes out as far as there is room; libssl's own queue holds the rest.
void FetchOverTls::pump(tcp::Connection& connection) {
  BIO* out = SSL_get_wbio(ssl_);
  std::array<char, 4'096> buffer;
  while (BIO_pending(out) > 0 && connection.send_room() >= buffer.size()) {
    const int size = BIO_read(out, buffer.data(), static_cast<int>(buffer.size()));
    connection.write(as_bytes({buffer.data(), static_cast<std::size_t>(size)}));
  }
}

bool FetchOverTls::step(tcp::Connection& connection, bool peer_finished, Instant) {
  for (Bytes bytes = connection.readable(); !bytes.empty(); bytes = connection.readable()) {
    BIO_write(SSL_get_rbio(ssl_), bytes.data(), static_cast<int>(bytes.size()));
    connection.consume(bytes.size());
  }
  ERR_clear_error();
  if (!request_.empty() && SSL_write(ssl_, request_.data(), static_cast<int>(request_.size())) > 0) request_.clear();
  std::array<std::uint8_t, 16'384> plain;
  int size = 0;
  while ((size = SSL_read(ssl_, plain.data(), static_cast<int>(plain.size()))) > 0)
    check_.take(Bytes(plain).first(static_cast<std::size_t>(size)));
  const int error = SSL_get_error(ssl_, size);
  if (error == SSL_ERROR_ZERO_RETURN) closed_ = true;
  if (error == SSL_ERROR_SSL && complaint_.empty()) complaint_ = ERR_error_string(ERR_get_error(), nullptr);
  pump(connection);
  if (peer_finished && connection.readable_bytes() == 0) {
    check_.finish();
    if (!closed_ && complaint_.empty()) complaint_ = "FIN without close_notify; " + check_.complaint();
  }
  return check_.finished();
}

std::string FetchOverTls::complaint() const { return complaint_.empty() ? check_.complaint() : complaint_; }

}  // namespace handsel::sim
