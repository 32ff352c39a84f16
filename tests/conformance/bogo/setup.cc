#include "setup.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "crypto/certificate.h"
#include "tls/names.h"

namespace handsel::bogo {
namespace {

using namespace handsel::tls;

template <class Value>
using Made = std::expected<Value, Stop>;

Made<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected(failed("cannot read " + path));
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

Made<Credential> read_credential(const CredentialFiles& files, crypto::KeyStore& keys) {
  const Made<std::string> chain_pem = read_file(files.chain);
  const Made<std::string> key_pem = read_file(files.key);
  if (!chain_pem || !key_pem) return std::unexpected(chain_pem ? key_pem.error() : chain_pem.error());
  const auto key = keys.add_pem(*key_pem);
  // Of a kind or size that the engine does not sign with.
  if (!key) return std::unexpected(unimplemented(files.key + ": " + std::string(crypto::explain(key.error()))));
  const auto chain = crypto::parse_certificate_chain(*chain_pem);
  if (!chain) return std::unexpected(unimplemented(files.chain + ": " + chain.error().reason));
  Credential credential;
  credential.key = *key;
  credential.kind = credential_kind(keys.type(*key).algorithm);
  credential.chain = chain->der;
  credential.ocsp_response = files.ocsp_response;
  return credential;
}

Made<std::vector<Credential>> read_credentials(const Options& options, crypto::KeyStore& keys) {
  std::vector<Credential> credentials;
  for (const CredentialFiles& files : options.credentials) {
    Made<Credential> credential = read_credential(files, keys);
    if (!credential) return std::unexpected(credential.error());
    credentials.push_back(std::move(*credential));
  }
  return credentials;
}

Made<std::vector<NamedGroup>> read_groups(const std::vector<std::uint16_t>& numbers) {
  std::vector<NamedGroup> groups = {NamedGroup::x25519, NamedGroup::secp256r1, NamedGroup::secp384r1};
  if (!numbers.empty()) groups.clear();
  for (const std::uint16_t number : numbers) {
    groups.push_back(static_cast<NamedGroup>(number));
    if (key_share_bytes(groups.back()) == 0) return std::unexpected(unimplemented("group " + std::to_string(number)));
  }
  return groups;
}

/// Who vouches for clients. Without a word about it, nobody whom a client could know.
Made<std::shared_ptr<const crypto::TrustStore>> read_trust(const Options& options) {
  const bool given = !options.trust_file.empty() && !options.verification_fails;
  const Made<std::string> pem = read_file(given ? options.trust_file : options.credentials.front().chain);
  if (!pem) return std::unexpected(pem.error());
  auto store = crypto::TrustStore::from_pem(*pem);
  if (!store) return std::unexpected(failed(store.error()));
  return *store;
}

Made<std::vector<std::string>> read_protocols(std::string_view wire) {
  std::vector<std::string> names;
  while (!wire.empty()) {
    const std::size_t bytes = static_cast<std::uint8_t>(wire.front());
    if (bytes == 0 || bytes >= wire.size()) return std::unexpected(unimplemented("a malformed list of protocols"));
    names.emplace_back(wire.substr(1, bytes));
    wire.remove_prefix(1 + bytes);
  }
  return names;
}

Made<std::vector<CipherSuite>> read_suites12(std::string_view names) {
  std::vector<CipherSuite> suites;
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(':'));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    const auto row = std::ranges::find(kSuiteNames, name, &Named::name);
    if (row == kSuiteNames.end() || find_suite12(row->number) == nullptr)
      return std::unexpected(unimplemented("cipher suite " + std::string(name)));
    suites.push_back(static_cast<CipherSuite>(row->number));
  }
  return suites;
}

/// How many of the first groups are those for which shares are asked.
Made<std::size_t> read_shares(const Options& options, const std::vector<NamedGroup>& groups) {
  const std::vector<std::uint16_t>& wanted = options.share_groups;
  if (wanted.empty()) return 1u;
  const auto same = [](std::uint16_t number, NamedGroup group) { return static_cast<NamedGroup>(number) == group; };
  const bool first = wanted.size() <= std::min(groups.size(), ClientConfig::kMaxShares) &&
                     std::equal(wanted.begin(), wanted.end(), groups.begin(), same);
  if (!first) return std::unexpected(unimplemented("key shares for others than the first groups"));
  return wanted.size();
}

template <class Config>
Made<Config> checked(std::expected<Config, std::string> config) {
  if (!config) return std::unexpected(unimplemented(config.error()));
  return std::move(*config);
}

}  // namespace

std::expected<ServerConfig, Stop> server_config(const Options& options, crypto::KeyStore& keys,
                                                std::shared_ptr<const TicketKeys> ticket_keys) {
  if (!options.speaks_tls13()) return std::unexpected(unimplemented("a server without TLS 1.3"));
  if (!options.suites.empty()) return std::unexpected(unimplemented("a server's choice of suites"));
  if (options.expected_scheme != 0) return std::unexpected(unimplemented("the scheme of a client's signature"));
  if (options.credentials.empty()) return std::unexpected(unimplemented("a server without certificate"));
  Made<std::vector<Credential>> credentials = read_credentials(options, keys);
  if (!credentials) return std::unexpected(credentials.error());
  Made<std::vector<NamedGroup>> groups = read_groups(options.groups);
  if (!groups) return std::unexpected(groups.error());

  ServerConfig draft;
  draft.credentials = std::move(*credentials);
  draft.groups = std::move(*groups);
  draft.min_version = options.speaks_tls12() ? Version::tls12 : Version::tls13;
  draft.rsa_key_exchange = true;
  if (!options.selected_alpn.empty()) draft.alpn = {options.selected_alpn};
  // A name that no client has.
  if (options.rejects_alpn) draft.alpn = {"handsel/none"};
  if (options.declines_alpn) draft.alpn.clear();
  if (!options.no_ticket) draft.ticket_keys = std::move(ticket_keys);
  if (options.key_update) draft.records_per_key = 0;
  draft.exporters = options.export_bytes != 0;
  if (options.requires_client_certificate || options.verifies_peer) {
    const bool required = options.requires_client_certificate && !options.verifies_peer;
    draft.client_certificates = required ? ClientCertificates::require : ClientCertificates::request;
    auto trust = read_trust(options);
    if (!trust) return std::unexpected(trust.error());
    draft.client_trust = std::move(*trust);
  }
  return checked(prepared(std::move(draft)));
}

std::expected<ClientConfig, Stop> client_config(const Options& options, crypto::KeyStore& keys) {
  if (!options.speaks_tls12() && !options.speaks_tls13()) return std::unexpected(unimplemented("no version"));
  if (options.credentials.size() > 1) return std::unexpected(unimplemented("a client of several certificates"));
  Made<std::vector<Credential>> credentials = read_credentials(options, keys);
  if (!credentials) return std::unexpected(credentials.error());
  Made<std::vector<NamedGroup>> groups = read_groups(options.groups);
  if (!groups) return std::unexpected(groups.error());
  const Made<std::size_t> shares = read_shares(options, *groups);
  if (!shares) return std::unexpected(shares.error());
  Made<std::vector<std::string>> protocols = read_protocols(options.advertised_alpn);
  if (!protocols) return std::unexpected(protocols.error());
  Made<std::vector<CipherSuite>> suites12 = read_suites12(options.suites);
  if (!suites12) return std::unexpected(suites12.error());

  ClientConfig draft;
  draft.server_name = options.host_name;
  draft.alpn = std::move(*protocols);
  draft.min_version = options.speaks_tls12() ? Version::tls12 : Version::tls13;
  draft.max_version = options.speaks_tls13() ? Version::tls13 : Version::tls12;
  draft.groups = std::move(*groups);
  draft.shares = *shares;
  if (!suites12->empty()) draft.suites12 = std::move(*suites12);
  // The runner's shims believe any certificate, unless they are told to refuse it: no key has a pin of zeros.
  draft.verification = options.verification_fails ? Verification::pinned : Verification::none;
  if (options.verification_fails) draft.pins.resize(1);
  draft.resume_sessions = !options.no_ticket;
  if (options.key_update) draft.records_per_key = 0;
  draft.exporters = options.export_bytes != 0;
  if (!credentials->empty()) draft.credential = std::move(credentials->front());
  return checked(prepared(std::move(draft)));
}

}  // namespace handsel::bogo
