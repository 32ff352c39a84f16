#include "tls/client_config.h"

#include <algorithm>

#include "crypto/hash.h"

namespace handsel::tls {
namespace {

constexpr std::size_t kMaxGroups = 8;
constexpr std::size_t kMaxProtocolBytes = 1'024;  // of the whole list: it must fit in a ClientHello beside the rest

bool is_suite12(CipherSuite suite) { return find_suite12(static_cast<std::uint16_t>(suite)) != nullptr; }
bool is_suite13(CipherSuite suite) { return find_suite13(static_cast<std::uint16_t>(suite)) != nullptr; }

template <class T>
bool has_duplicates(const std::vector<T>& list) {
  for (auto at = list.begin(); at != list.end(); ++at)
    if (std::find(at + 1, list.end(), *at) != list.end()) return true;
  return false;
}

std::string fault_of_versions(const ClientConfig& draft) {
  for (const Version version : {draft.min_version, draft.max_version})
    if (version != Version::tls12 && version != Version::tls13)
      return "min_version, max_version: only TLS 1.2 and TLS 1.3 are spoken";
  if (draft.min_version > draft.max_version) return "min_version: newer than max_version";
  return {};
}

std::string fault_of_lists(const ClientConfig& draft) {
  if (draft.groups.empty() || draft.groups.size() > kMaxGroups) return "groups: one to eight are needed";
  for (const NamedGroup group : draft.groups)
    if (key_share_bytes(group) == 0) return "groups: one that is not supported";
  if (has_duplicates(draft.groups)) return "groups: one comes twice";
  if (draft.shares < 1 || draft.shares > std::min(draft.groups.size(), ClientConfig::kMaxShares))
    return "shares: at least one, and no more than there are groups, or 2";
  if (draft.offers(Version::tls13) && (draft.suites.empty() || !std::ranges::all_of(draft.suites, is_suite13)))
    return "suites: none, or one that is not of TLS 1.3";
  if (draft.offers(Version::tls12) && (draft.suites12.empty() || !std::ranges::all_of(draft.suites12, is_suite12)))
    return "suites12: none, or one that is not supported of TLS 1.2";
  if (has_duplicates(draft.suites) || has_duplicates(draft.suites12)) return "suites: one comes twice";
  std::size_t protocol_bytes = 0;
  for (const std::string& name : draft.alpn) {
    if (name.empty() || name.size() > 255) return "alpn: \"" + name + "\" is not 1 to 255 bytes long";
    protocol_bytes += 1 + name.size();
  }
  if (protocol_bytes > kMaxProtocolBytes) return "alpn: more than 1024 bytes together";
  return {};
}

bool is_host_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  };
  return name.size() <= 253 && std::ranges::all_of(name, fits);
}

std::string fault_of_verification(const ClientConfig& draft) {
  if (!draft.server_name.empty() && !crypto::is_ip_address(draft.server_name) && !is_host_name(draft.server_name))
    return "server_name: \"" + draft.server_name + "\" is neither a DNS name nor an IP address";
  if (draft.verification == Verification::chain) {
    if (draft.trust == nullptr) return "trust: authorities are needed to verify a chain";
    if (draft.server_name.empty()) return "server_name: needed to verify a chain";
  }
  if (draft.verification == Verification::pinned && draft.pins.empty()) return "pins: at least one is needed";
  if (draft.verification == Verification::none && !draft.pins.empty())
    return "pins: given although nothing is to be verified";
  if (draft.credential && (!draft.credential->key || draft.credential->chain.empty()))
    return "credential: needs a key and a certificate";
  return {};
}

/// A session is as good as the checks that made it: it is found again only under the same ones.
SessionScope scope_of(const ClientConfig& config) {
  crypto::Hash hash(crypto::HashId::sha256);
  const auto add = [&](Bytes bytes) {
    std::array<std::uint8_t, 4> length;
    store_be32(length.data(), static_cast<std::uint32_t>(bytes.size()));
    hash.update(length);
    hash.update(bytes);
  };
  add(as_bytes(config.policy.host));
  add(as_bytes(config.sent_name));
  const std::array<std::uint8_t, 1> verification = {static_cast<std::uint8_t>(config.verification)};
  add(verification);
  for (const crypto::KeyPin& pin : config.pins) add(pin);
  const crypto::TrustStore* trust = config.policy.trust.get();
  add({reinterpret_cast<const std::uint8_t*>(&trust), sizeof trust});
  for (const std::string& protocol : config.alpn) add(as_bytes(protocol));
  if (config.credential) add(config.credential->chain.front());
  std::array<std::uint8_t, 32> digest;
  hash.finish(digest);
  SessionScope scope;
  std::copy_n(digest.begin(), scope.size(), scope.begin());
  return scope;
}

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

}  // namespace

bool ClientConfig::offers(NamedGroup group) const { return std::ranges::find(groups, group) != groups.end(); }

bool ClientConfig::offers(CipherSuite suite) const {
  const std::vector<CipherSuite>& list = is_suite13(suite) ? suites : suites12;
  return std::ranges::find(list, suite) != list.end() && offers(is_suite13(suite) ? Version::tls13 : Version::tls12);
}

std::expected<ClientConfig, std::string> prepared(ClientConfig draft) {
  for (const std::string& fault : {fault_of_versions(draft), fault_of_lists(draft), fault_of_verification(draft)})
    if (!fault.empty()) return std::unexpected(fault);
  if (draft.record_padding > kMaxRecordPadding) return std::unexpected("record_padding: more than 4096");
  std::string host = lower_case(draft.server_name);
  if (host.ends_with('.')) host.pop_back();
  // "Literal IPv4 and IPv6 addresses are not permitted in HostName" (RFC 6066 3).
  draft.sent_name = crypto::is_ip_address(host) ? std::string() : host;
  draft.policy.host = std::move(host);
  draft.policy.trust = draft.verification == Verification::chain ? draft.trust : nullptr;
  draft.policy.pins = draft.pins;
  draft.session_scope = scope_of(draft);
  if (draft.credential) {
    draft.certificate_message = certificate_message(*draft.credential);
    draft.certificate_message12 = certificate_message12(*draft.credential);
    if (draft.certificate_message.empty()) return std::unexpected("credential: the chain is too long for a message");
  }
  return draft;
}

}  // namespace handsel::tls
