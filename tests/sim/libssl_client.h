#pragma once
/// A TLS client by libssl through memory, on top of a simulated connection.

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "endpoints.h"
#include "fetch.h"

namespace handsel::sim {

/// Fetches /bytes/N over TLS 1.3 and checks every byte, and that close_notify came before the FIN.
class FetchOverTls final : public Script {
 public:
  /// `groups` as SSL_CTX_set1_groups_list takes them; the first is the one whose share is sent.
  FetchOverTls(std::uint64_t bytes, const std::string& groups, const std::string& suites);
  ~FetchOverTls() override;
  /// As SSL_set1_sigalgs_list takes them: decides which of the server's certificates is shown.
  void set_signatures(const std::string& schemes);
  bool step(tcp::Connection& connection, bool peer_finished, Instant now) override;
  std::string complaint() const override;

 private:
  void pump(tcp::Connection& connection);

  SSL_CTX* context_;
  SSL* ssl_;
  FetchCheck check_;
  std::string request_;
  bool closed_ = false;
  std::string complaint_;
};

}  // namespace handsel::sim
