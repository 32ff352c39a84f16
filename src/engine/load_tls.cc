#include "engine/load_tls.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "crypto/certificate.h"
#include "crypto/peer_chain.h"
#include "engine/credential_file.h"
#include "tls/names.h"

namespace handsel::engine {
namespace {

constexpr std::uint32_t kFewestSessions = 64;
constexpr std::uint32_t kMostSessions = 65'536;  // about 2 KiB each

struct Choice {
  std::string_view name;
  std::uint16_t number;
};
constexpr Choice kGroups[] = {{"x25519", 29}, {"secp256r1", 23},  {"secp384r1", 24}, {"X25519", 29},
                              {"P-256", 23},  {"prime256v1", 23}, {"P-384", 24}};

using Fault = std::string;  // empty: none

Fault take_versions(const LoadTlsSettings& settings, tls::ClientConfig& draft) {
  if (settings.versions.empty()) return {};
  draft.min_version = tls::Version::tls13;
  draft.max_version = tls::Version::tls12;
  for (const std::string& text : settings.versions) {
    if (text != "1.2" && text != "1.3") return fmt::format("--tls: \"{}\" is neither 1.2 nor 1.3", text);
    const tls::Version version = text == "1.2" ? tls::Version::tls12 : tls::Version::tls13;
    draft.min_version = std::min(draft.min_version, version);
    draft.max_version = std::max(draft.max_version, version);
  }
  return {};
}

Fault take_groups(const LoadTlsSettings& settings, tls::ClientConfig& draft) {
  if (settings.groups.empty()) return {};
  draft.groups.clear();
  for (const std::string& text : settings.groups) {
    const auto found = std::ranges::find(kGroups, text, &Choice::name);
    if (found == std::end(kGroups))
      return fmt::format("--groups: \"{}\" is none of x25519, secp256r1 (P-256) and secp384r1 (P-384)", text);
    draft.groups.push_back(static_cast<tls::NamedGroup>(found->number));
  }
  return {};
}

// Those that a client speaks, of the version; the names are IANA's.
Fault take_suites(const LoadTlsSettings& settings, tls::ClientConfig& draft) {
  if (settings.suites.empty()) return {};
  draft.suites.clear();
  draft.suites12.clear();
  for (const std::string& text : settings.suites) {
    const auto found = std::ranges::find(tls::kSuiteNames, text, &tls::Named::name);
    const std::uint16_t number = found == tls::kSuiteNames.end() ? std::uint16_t{0} : found->number;
    if (tls::find_suite13(number) != nullptr) {
      draft.suites.push_back(static_cast<tls::CipherSuite>(number));
    } else if (tls::find_suite12(number) != nullptr) {
      draft.suites12.push_back(static_cast<tls::CipherSuite>(number));
    } else {
      std::vector<std::string_view> names;
      for (const tls::Suite& suite : tls::kSuites13)
        names.push_back(tls::suite_name(static_cast<std::uint16_t>(suite.id)));
      for (const tls::Suite& suite : tls::kSuites12)
        names.push_back(tls::suite_name(static_cast<std::uint16_t>(suite.id)));
      return fmt::format("--suites: \"{}\" is none of {}", text, fmt::join(names, ", "));
    }
  }
  // A version for which no suite was named is not offered, unless it was asked for.
  const bool asked = !settings.versions.empty();
  if (draft.suites12.empty() && !asked) draft.min_version = tls::Version::tls13;
  if (draft.suites.empty() && !asked) draft.max_version = tls::Version::tls12;
  if (draft.offers(tls::Version::tls12) && draft.suites12.empty())
    return "--suites: none of TLS 1.2, which --tls asks for";
  if (draft.offers(tls::Version::tls13) && draft.suites.empty())
    return "--suites: none of TLS 1.3, which --tls asks for";
  return {};
}

std::optional<crypto::KeyPin> pin_in_hex(std::string_view text) {
  crypto::KeyPin pin{};
  if (text.size() != 2 * pin.size()) return std::nullopt;
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  for (std::size_t i = 0; i < pin.size(); ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    pin[i] = static_cast<std::uint8_t>(16 * high + low);
  }
  return pin;
}

Fault take_pins(const LoadTlsSettings& settings, tls::ClientConfig& draft) {
  for (const std::string& text : settings.pins) {
    if (const auto pin = pin_in_hex(text)) {
      draft.pins.push_back(*pin);
      continue;
    }
    const auto pem = read_file(text);
    if (!pem) return fmt::format("--pin: neither 64 hexadecimal digits nor a certificate's file: {}", pem.error());
    const auto chain = crypto::parse_certificate_chain(*pem);
    if (!chain) return fmt::format("--pin: {}: {}", text, chain.error().reason);
    const auto pin = crypto::pin_of(chain->der.front());
    if (!pin) return fmt::format("--pin: {}: its key is of a kind that is not supported", text);
    draft.pins.push_back(*pin);
  }
  return {};
}

Fault take_trust(const LoadTlsSettings& settings, tls::ClientConfig& draft) {
  if (settings.insecure) {
    if (!settings.ca.empty() || !settings.pins.empty()) return "--insecure contradicts --ca and --pin";
    draft.verification = tls::Verification::none;
    return {};
  }
  if (settings.ca.empty() && !draft.pins.empty()) {
    draft.verification = tls::Verification::pinned;
    return {};
  }
  draft.verification = tls::Verification::chain;
  const bool system = settings.ca.empty() || settings.ca == "system";
  crypto::TrustStore::Made made;
  if (system) {
    made = crypto::TrustStore::system();
  } else {
    const auto pem = read_file(settings.ca);
    if (!pem) return fmt::format("--ca: {}", pem.error());
    made = crypto::TrustStore::from_pem(*pem);
  }
  if (!made)
    return fmt::format("--ca: {}: {}. Name a file by --ca, a key by --pin, or verify nothing by --insecure",
                       system ? "system" : settings.ca, made.error());
  draft.trust = std::move(*made);
  return {};
}

Fault take_credential(const LoadTlsSettings& settings, crypto::KeyStore& keys, std::int64_t now_unix,
                      tls::ClientConfig& draft) {
  if (settings.chain.empty() != settings.key.empty()) return "--cert and --key belong together: one of them is missing";
  if (settings.chain.empty()) return {};
  auto read = read_credential(settings.chain, settings.key, keys, now_unix);
  if (!read) return fmt::format("{}: {}", read.error().in_key ? "--key" : "--cert", read.error().message);
  draft.credential = std::move(read->credential);
  return {};
}

Fault take_spared(const LoadTlsSettings& settings, CheapClient& cheap) {
  for (const std::string& text : settings.spare) {
    bool* const which = text == "signatures" ? &cheap.signatures : text == "keys" ? &cheap.keys : nullptr;
    if (which == nullptr) return fmt::format("--spare: \"{}\" is neither signatures nor keys", text);
    *which = true;
  }
  if (!settings.spare.empty() && !settings.insecure)
    return "--spare: such a client can be sure of nobody; say so by --insecure";
  return {};
}

std::expected<std::shared_ptr<const tls::ClientConfig>, std::string> finished(const tls::ClientConfig& draft) {
  auto made = tls::prepared(draft);
  if (!made) return std::unexpected(made.error());
  return std::make_shared<const tls::ClientConfig>(std::move(*made));
}

}  // namespace

std::expected<LoadTls, std::string> make_load_tls(const LoadTlsSettings& settings, std::string_view host,
                                                  crypto::KeyStore& keys, std::int64_t now_unix) {
  tls::ClientConfig draft;
  draft.server_name = settings.server_name.empty() ? std::string(host) : settings.server_name;
  draft.alpn = settings.alpn;
  for (const auto take : {take_versions, take_groups, take_suites, take_pins, take_trust})
    if (Fault fault = take(settings, draft); !fault.empty()) return std::unexpected(std::move(fault));
  if (Fault fault = take_credential(settings, keys, now_unix, draft); !fault.empty())
    return std::unexpected(std::move(fault));

  LoadTls tls;
  if (Fault fault = take_spared(settings, tls.cheap); !fault.empty()) return std::unexpected(std::move(fault));
  tls.resume = settings.resume;
  draft.resume_sessions = settings.resume > 0;
  draft.offer_sessions = false;
  auto full = finished(draft);
  if (!full) return std::unexpected(full.error());
  tls.full = std::move(*full);
  if (settings.resume <= 0) return tls;
  draft.offer_sessions = true;
  auto resuming = finished(draft);
  if (!resuming) return std::unexpected(resuming.error());
  tls.resuming = std::move(*resuming);
  return tls;
}

tls::SessionCache::Sizes session_memory(const LoadTls& tls, std::uint32_t connections) {
  if (tls.resuming == nullptr) return {.sessions = 1, .sessions_per_scope = 1, .connections = 1};
  // All are of one scope, and a server gives more than one ticket a handshake.
  const std::uint32_t sessions = std::clamp(std::min(connections, kMostSessions) * 2, kFewestSessions, kMostSessions);
  return {
      .sessions = sessions, .sessions_per_scope = sessions, .connections = std::max(2 * connections, kFewestSessions)};
}

}  // namespace handsel::engine
