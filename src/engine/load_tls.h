#pragma once
/// What a load generator is told of TLS, checked and made into the client's configurations. Control thread, at start.

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/key_store.h"
#include "engine/load_plan.h"
#include "tls/session_cache.h"

namespace handsel::engine {

/// As a person gives it. What is empty is the library's choice (tls/client_config.h).
struct LoadTlsSettings {
  std::vector<std::string> versions;  ///< "1.2", "1.3"
  std::vector<std::string> groups;    ///< most wanted first; a key share is sent for the first one
  std::vector<std::string> suites;    ///< by IANA's names, of both versions, most wanted first
  std::vector<std::string> alpn;      ///< most wanted first
  std::string server_name;            ///< sent, and verified; empty: the address in the URL, which is verified alone
  std::string ca;                     ///< a PEM file, or "system"; empty: "system", unless keys are pinned
  std::vector<std::string> pins;      ///< SHA-256 of the server's public key in hexadecimal, or a PEM file with its
                                      ///< certificate
  bool insecure = false;              ///< whoever answers is believed
  std::filesystem::path chain;        ///< our own certificate, for servers that ask, and its key; empty: none
  std::filesystem::path key;
  double resume = 0;               ///< LoadTls::resume
  std::vector<std::string> spare;  ///< "signatures", "keys": LoadTls::cheap; needs `insecure`
};

/// `host` is the address in the URL. Our own key goes into `keys`. The error is a sentence: which option, what is wrong
/// with it, and often what would help.
std::expected<LoadTls, std::string> make_load_tls(const LoadTlsSettings& settings, std::string_view host,
                                                  crypto::KeyStore& keys, std::int64_t now_unix);

/// Memory for sessions to resume, for so many connections at once.
tls::SessionCache::Sizes session_memory(const LoadTls& tls, std::uint32_t connections);

}  // namespace handsel::engine
