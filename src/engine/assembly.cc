#include "engine/assembly.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include <fmt/format.h>

#include "crypto/certificate.h"
#include "crypto/hash.h"
#include "crypto/ocsp.h"
#include "crypto/peer_chain.h"
#include "engine/credential_file.h"
#include "engine/ticket_file.h"
#include "service/registry.h"

namespace handsel::engine {
namespace {

std::string describe(crypto::KeyType type) {
  switch (type.algorithm) {
    case crypto::KeyAlgorithm::p256:
      return "ECDSA P-256";
    case crypto::KeyAlgorithm::p384:
      return "ECDSA P-384";
    case crypto::KeyAlgorithm::ed25519:
      return "Ed25519";
    case crypto::KeyAlgorithm::rsa:
      return fmt::format("RSA-{}", type.bits);
    case crypto::KeyAlgorithm::rsa_pss:
      return fmt::format("RSA-PSS-{}", type.bits);
  }
  return "unknown";
}

std::string describe(std::string_view name, const crypto::CertificateChain& chain) {
  std::array<std::uint8_t, 32> digest;
  crypto::Hash hash(crypto::HashId::sha256);
  hash.update(chain.der.front());
  hash.finish(digest);
  std::string fingerprint;
  for (const std::uint8_t byte : digest) fingerprint += fmt::format("{}{:02x}", fingerprint.empty() ? "" : ":", byte);
  const std::time_t until = chain.not_after;
  std::tm date{};
  gmtime_r(&until, &date);
  return fmt::format("{}: {}, {}, until {:04}-{:02}-{:02}, sha256 {}", name, chain.subject, describe(chain.key_type),
                     date.tm_year + 1900, date.tm_mon + 1, date.tm_mday, fingerprint);
}

// The response in the certificate's file, or the fault. One that is out of date is told of, and never stapled.
std::expected<void, Fault> load_ocsp(const TlsSettings& settings, const CertificateFiles& files,
                                     const crypto::CertificateChain& chain, std::int64_t now_unix,
                                     tls::Credential& credential, std::vector<std::string>& lines) {
  const auto der = read_file(files.ocsp);
  if (!der) return std::unexpected(Fault{files.ocsp_at, der.error()});
  const auto read = crypto::read_ocsp_response(as_bytes(*der), chain);
  if (!read) return std::unexpected(Fault{files.ocsp_at, fmt::format("{}: {}", files.ocsp.string(), read.error())});
  credential.ocsp_response.assign(der->begin(), der->end());
  credential.ocsp_until_unix_ms = static_cast<std::uint64_t>(read->next_update) * 1'000;
  if (read->next_update != 0 && read->next_update <= now_unix)
    lines.push_back(fmt::format("{}: {}: the OCSP response is out of date: it is not sent to clients", settings.name,
                                files.ocsp.string()));
  return {};
}

// One certificate of a file, or the fault at the place where the configuration names it.
std::expected<tls::Credential, Fault> load_credential(const TlsSettings& settings, const CertificateFiles& files,
                                                      crypto::KeyStore& keys, std::int64_t now_unix,
                                                      std::vector<std::string>& lines) {
  auto read = read_credential(files.chain, files.key, keys, now_unix);
  if (!read)
    return std::unexpected(Fault{read.error().in_key ? files.key_at : files.chain_at, std::move(read.error().message)});
  lines.push_back(describe(settings.name, read->chain));
  if (files.ocsp.empty()) return std::move(read->credential);
  if (auto ocsp = load_ocsp(settings, files, read->chain, now_unix, read->credential, lines); !ocsp)
    return std::unexpected(std::move(ocsp.error()));
  return std::move(read->credential);
}

std::expected<std::vector<tls::Credential>, Fault> self_signed(const Config& config, const TlsSettings& settings,
                                                               crypto::KeyStore& keys, std::int64_t now_unix,
                                                               std::vector<std::string>& lines) {
  constexpr unsigned kDays = 30;
  std::vector<std::string> names = {"handsel.test", "localhost"};
  for (const PortSettings& port : config.ports)
    for (const wire::IpPrefix& prefix : port.addresses) names.push_back(prefix.address.to_string());
  std::vector<tls::Credential> credentials;
  for (const crypto::KeyType type :
       {crypto::KeyType{crypto::KeyAlgorithm::p256, 256}, crypto::KeyType{crypto::KeyAlgorithm::rsa, 2048}}) {
    const auto made = crypto::make_self_signed(keys, type, names, kDays, now_unix);
    if (!made) return std::unexpected(Fault{settings.at, made.error()});
    lines.push_back(describe(settings.name + " (self-signed)", made->chain));
    credentials.push_back(credential_of(made->key, made->chain));
  }
  return credentials;
}

tls::ClientCertificates client_certificates(std::string_view name) {
  if (name == "require") return tls::ClientCertificates::require;
  return name == "request" ? tls::ClientCertificates::request : tls::ClientCertificates::none;
}

std::expected<std::shared_ptr<const crypto::TrustStore>, Fault> load_client_trust(const TlsSettings& settings) {
  const auto text = read_file(settings.client_ca);
  if (!text) return std::unexpected(Fault{settings.client_ca_at, text.error()});
  auto trust = crypto::TrustStore::from_pem(*text);
  if (!trust)
    return std::unexpected(
        Fault{settings.client_ca_at, fmt::format("{}: {}", settings.client_ca.string(), trust.error())});
  return std::move(*trust);
}

// From the file, or made here.
std::expected<std::shared_ptr<const tls::TicketKeys>, Fault> first_ticket_keys(const TlsSettings& settings,
                                                                               TlsConfigs& loaded) {
  if (settings.ticket_keys.empty()) {
    crypto::SystemEntropy entropy;
    return tls::TicketKeys::random(entropy);
  }
  auto read = read_ticket_file(settings.ticket_keys);
  if (!read) return std::unexpected(Fault{settings.ticket_keys_at, std::move(read.error())});
  if (read->open_to_others)
    loaded.warnings.push_back(
        {settings.ticket_keys_at,
         fmt::format("{}: others than its owner may read or write it, and with it every session; chmod 600 helps",
                     settings.ticket_keys.string())});
  loaded.ticket_files.emplace(settings.name, read->digest);
  return std::move(read->keys);
}

std::expected<tls::ServerConfig, Fault> server_config(const TlsSettings& settings,
                                                      std::vector<tls::Credential> credentials, TlsConfigs& loaded) {
  tls::ServerConfig draft;
  draft.credentials = std::move(credentials);
  draft.alpn = settings.alpn;
  draft.min_version = static_cast<tls::Version>(settings.min_version);
  draft.rsa_key_exchange = settings.rsa_key_exchange;
  draft.record_padding = settings.record_padding;
  draft.client_certificates = client_certificates(settings.client_certificates);
  if (draft.client_certificates != tls::ClientCertificates::none) {
    auto trust = load_client_trust(settings);
    if (!trust) return std::unexpected(std::move(trust.error()));
    draft.client_trust = std::move(*trust);
  }
  draft.session_ids = settings.tickets;
  draft.max_early_data = settings.early_data;
  draft.psk_only = settings.psk_only;
  if (settings.tickets) {
    auto keys = first_ticket_keys(settings, loaded);
    if (!keys) return std::unexpected(std::move(keys.error()));
    draft.ticket_keyring = std::make_shared<tls::TicketKeyring>(std::move(*keys));
  }
  if (!settings.groups.empty()) {
    draft.groups.clear();
    for (const std::uint16_t group : settings.groups) draft.groups.push_back(static_cast<tls::NamedGroup>(group));
  }
  if (!settings.suites.empty()) {
    draft.suites.clear();
    for (const std::uint16_t suite : settings.suites) draft.suites.push_back(static_cast<tls::CipherSuite>(suite));
  }
  auto prepared = tls::prepared(std::move(draft));
  if (!prepared) return std::unexpected(Fault{settings.at, prepared.error()});
  return std::move(*prepared);
}

flow::CookieMode cookie_mode(std::string_view name) {
  if (name == "always") return flow::CookieMode::always;
  return name == "never" ? flow::CookieMode::never : flow::CookieMode::adaptive;
}

// What the wall clock says at Instant zero: tickets carry wall-clock times.
std::uint64_t unix_at_zero_ms(Instant now) {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(wall - now.time_since_epoch()).count());
}

flow::ShardConfig shard_config(const Config& config, std::size_t port_index, std::uint16_t worker,
                               const PortFacts& facts, const TlsConfigs& tls) {
  const PortSettings& port = config.ports[port_index];
  flow::ShardConfig shard;
  shard.id = worker;
  shard.mac = facts.mac;
  shard.vlan = port.vlan;
  shard.mtu = facts.mtu;
  shard.offload = facts.offload;
  shard.addresses = port.addresses;
  shard.gateways = port.gateways;
  shard.limits.flows = config.limits.flows;
  shard.limits.half_open = config.limits.half_open;
  shard.limits.opening = config.limits.half_open;
  shard.limits.chunks = config.limits.chunks;
  shard.limits.handshakes = config.limits.handshakes;
  shard.limits.handshakes_per_second = config.limits.handshakes_per_second;
  shard.limits.time_wait = config.limits.time_wait;
  shard.limits.session_ids = config.limits.session_ids;
  shard.cookies = cookie_mode(config.limits.syn_cookies);
  shard.tcp.pacing = config.limits.pacing;
  shard.limits.handshake_timeout = config.limits.handshake_timeout;
  shard.limits.idle_timeout = config.limits.idle_timeout;
  shard.limits.close_timeout = config.limits.close_timeout;
  shard.opens_tls = tls.client_sessions.has_value();
  if (tls.client_sessions) shard.client_sessions = *tls.client_sessions;
  return shard;
}

}  // namespace

std::expected<TlsConfigs, std::vector<Fault>> load_tls(const Config& config, crypto::KeyStore& keys,
                                                       std::int64_t now_unix) {
  TlsConfigs loaded;
  std::vector<Fault> faults;
  for (const TlsSettings& settings : config.tls) {
    std::vector<tls::Credential> credentials;
    for (const CertificateFiles& files : settings.certificates) {
      auto one = load_credential(settings, files, keys, now_unix, loaded.certificates);
      if (one)
        credentials.push_back(std::move(*one));
      else
        faults.push_back(std::move(one.error()));
    }
    if (settings.certificates.empty()) {
      auto made = self_signed(config, settings, keys, now_unix, loaded.certificates);
      if (made)
        credentials = std::move(*made);
      else
        faults.push_back(std::move(made.error()));
    }
    if (!faults.empty()) continue;
    auto prepared = server_config(settings, std::move(credentials), loaded);
    if (prepared)
      loaded.by_name.emplace(settings.name, std::make_shared<const tls::ServerConfig>(std::move(*prepared)));
    else
      faults.push_back(std::move(prepared.error()));
  }
  if (!faults.empty()) return std::unexpected(std::move(faults));
  return loaded;
}

ShardAssembly::ShardAssembly(const Config& config, std::size_t port, std::uint16_t worker, const PortFacts& facts,
                             const TlsConfigs& tls, const crypto::KernelChoice& kernels, const crypto::KeyStore& keys,
                             crypto::Stage::CycleCounter cycles, Instant now, CheapClient cheap,
                             crypto::Processor* processor)
    : backend_(crypto::make_backend(kernels, keys, entropy_, processor == nullptr ? config.crypto.bank : 0)),
      aead_(crypto::make_aead()) {
  flow::ShardConfig shard = shard_config(config, port, worker, facts, tls);
  for (const ListenerSettings& settings : config.listeners) {
    auto service = std::ranges::find_if(services_, [&](const auto& each) { return each->name() == settings.service; });
    if (service == services_.end()) service = services_.insert(service, service::make_service(settings.service));
    flow::Service* chosen = service->get();
    const auto found = tls.by_name.find(settings.tls);
    shard.listeners.push_back(
        {settings.address, settings.port, found == tls.by_name.end() ? nullptr : found->second, chosen});
  }
  shard_ = std::make_unique<flow::Shard>(shard,
                                         flow::ShardResources{cheapened(backend_->kernels(), cheap), aead_.get(),
                                                              &entropy_, cycles, unix_at_zero_ms(now), processor},
                                         now);
}

}  // namespace handsel::engine
