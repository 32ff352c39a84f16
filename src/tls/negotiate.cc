#include "tls/negotiate.h"

#include <algorithm>
#include <array>

#include "crypto/certificate.h"
#include "tls/messages/certificate_status.h"
#include "tls/messages/pre_shared_key.h"
#include "tls/names.h"
#include "tls/signature_schemes.h"

namespace handsel::tls {
namespace {

std::uint16_t name_index(const Credential& credential, std::string_view wanted) {
  for (std::size_t i = 0; i < credential.names.size(); ++i)
    if (crypto::name_matches(credential.names[i], wanted)) return static_cast<std::uint16_t>(i);
  return kNoName;
}

}  // namespace

std::expected<Version, Error> newest_version(const ClientHello& hello) {
  if (!hello.supported_versions) return std::min(hello.legacy_version, Version::tls12);
  const std::expected<U16List, Error> offered = read_client_versions(*hello.supported_versions);
  if (!offered) return std::unexpected(offered.error());
  for (std::size_t i = kVersionNames.size(); i-- > 0;)
    if (offered->contains(kVersionNames[i].number)) return static_cast<Version>(kVersionNames[i].number);
  return Version::none;
}

std::expected<const Suite*, Error> choose_suite13(const ClientHello& hello, const ServerConfig& config) {
  if (config.prefer_client_suites) {
    for (std::size_t i = 0; i < hello.suites.size(); ++i)
      if (std::ranges::find(config.suites, static_cast<CipherSuite>(hello.suites[i])) != config.suites.end())
        if (const Suite* suite = find_suite13(hello.suites[i])) return suite;
  } else {
    for (const CipherSuite ours : config.suites)
      if (hello.suites.contains(ours))
        if (const Suite* suite = find_suite13(static_cast<std::uint16_t>(ours))) return suite;
  }
  return std::unexpected(Error::no_common_cipher_suite);
}

std::expected<GroupChoice, Error> choose_group(const ClientHello& hello, const ServerConfig& config) {
  const std::expected<U16List, Error> supported = read_numbers(*hello.supported_groups);
  if (!supported) return std::unexpected(supported.error());
  const std::expected<KeyShares, Error> shares = KeyShares::read(*hello.key_share);
  if (!shares) return std::unexpected(shares.error());
  // "Clients MUST NOT offer any KeyShareEntry values for groups not listed in supported_groups."
  bool stray = false;
  shares->each([&](const KeyShare& share) { stray = stray || !supported->contains(share.group); });
  if (stray) return std::unexpected(Error::duplicate_key_share);

  for (const NamedGroup group : config.groups)
    if (const Bytes share = shares->find(group); !share.empty()) return GroupChoice{group, share};
  for (const NamedGroup group : config.groups)
    if (supported->contains(group)) return GroupChoice{group, {}};
  return std::unexpected(Error::no_common_group);
}

namespace {

// `accepts` says whether a kind of certificate may be used.
template <class Accepts>
std::expected<CredentialChoice, Error> choose_credential(Version version, std::string_view server_name, U16List schemes,
                                                         const ServerConfig& config, Accepts&& accepts) {
  CredentialChoice fallback;
  for (std::size_t i = 0; i < config.credentials.size(); ++i) {
    const CredentialKind kind = config.credentials[i].kind;
    const SignatureScheme scheme = accepts(kind) ? common_scheme(kind, version, schemes) : SignatureScheme::none;
    if (scheme == SignatureScheme::none) continue;
    const auto index = static_cast<std::uint16_t>(i);
    if (fallback.scheme == SignatureScheme::none) fallback = {index, kNoName, scheme};
    if (server_name.empty()) break;
    const std::uint16_t name = name_index(config.credentials[i], server_name);
    if (name != kNoName) return CredentialChoice{index, name, scheme};
  }
  if (fallback.scheme == SignatureScheme::none) return std::unexpected(Error::no_common_signature_scheme);
  return fallback;
}

// In TLS 1.2 supported_groups bounds the certificate's curve too (RFC 8422 5.1.1).
bool accepts12(const ClientHello& hello, const Suite& suite, CredentialKind kind) {
  const bool is_rsa = kind == CredentialKind::rsa || kind == CredentialKind::rsa_pss;
  if (is_rsa || suite.authentication == Authentication::rsa)
    return is_rsa && suite.authentication == Authentication::rsa;
  // Ed25519 is no group of theirs.
  if (kind == CredentialKind::ed25519 || !hello.supported_groups) return true;
  const NamedGroup curve = kind == CredentialKind::ecdsa_p384 ? NamedGroup::secp384r1 : NamedGroup::secp256r1;
  return read_numbers(*hello.supported_groups).value_or(U16List{}).contains(curve);
}

std::expected<NamedGroup, Error> choose_group12(const ClientHello& hello, const ServerConfig& config) {
  // A client that does not say supports them all (RFC 8422 4); the commonest then.
  if (!hello.supported_groups) return NamedGroup::secp256r1;
  const std::expected<U16List, Error> supported = read_numbers(*hello.supported_groups);
  if (!supported) return std::unexpected(supported.error());
  for (const NamedGroup group : config.groups)
    if (supported->contains(group)) return group;
  return std::unexpected(Error::no_common_group);
}

/// A suite with an ephemeral key exchange, its group, and who signs it. False when none is common.
std::expected<bool, Error> choose_ephemeral12(const ClientHello& hello, const ServerConfig& config, Choice12& choice) {
  // Without the extension a client accepts SHA-1 alone (RFC 5246 7.4.1.4.1), which nobody should sign with.
  if (!hello.signature_algorithms) return std::unexpected(Error::no_common_signature_scheme);
  const std::expected<U16List, Error> schemes = read_numbers(*hello.signature_algorithms);
  if (!schemes) return std::unexpected(schemes.error());
  const std::expected<NamedGroup, Error> group = choose_group12(hello, config);
  if (!group) return std::unexpected(group.error());
  for (const Suite& suite : kSuites12) {
    if (!hello.suites.contains(suite.id)) continue;
    const std::expected<CredentialChoice, Error> credential =
        choose_credential(Version::tls12, choice.server_name, *schemes, config,
                          [&](CredentialKind kind) { return accepts12(hello, suite, kind); });
    if (!credential) continue;
    choice.suite = &suite;
    choice.group = *group;
    choice.credential = *credential;
    return true;
  }
  return false;
}

/// A suite with RSA key exchange and the certificate that it is encrypted for. False when there is none.
bool choose_rsa12(const ClientHello& hello, const ServerConfig& config, Choice12& choice) {
  const auto suite =
      std::ranges::find_if(kRsaKeyExchangeSuites12, [&](const Suite& each) { return hello.suites.contains(each.id); });
  if (suite == kRsaKeyExchangeSuites12.end()) return false;
  bool found = false;
  for (std::size_t i = 0; i < config.credentials.size(); ++i) {
    if (config.credentials[i].kind != CredentialKind::rsa) continue;
    const std::uint16_t name =
        choice.server_name.empty() ? kNoName : name_index(config.credentials[i], choice.server_name);
    if (!found || name != kNoName) choice.credential = {static_cast<std::uint16_t>(i), name, SignatureScheme::none};
    found = true;
    if (name != kNoName) break;
  }
  if (found) choice.suite = &*suite;
  return found;
}

}  // namespace

std::expected<CredentialChoice, Error> choose_credential13(std::string_view server_name, U16List schemes,
                                                           const ServerConfig& config) {
  return choose_credential(Version::tls13, server_name, schemes, config, [](CredentialKind) { return true; });
}

std::expected<std::uint16_t, Error> choose_protocol(const ClientHello& hello, const ServerConfig& config) {
  if (!hello.application_protocols) return kNoProtocol;
  const std::expected<ProtocolNames, Error> offered = ProtocolNames::read(*hello.application_protocols);
  if (!offered) return std::unexpected(offered.error());
  if (config.alpn.empty()) return kNoProtocol;
  for (std::size_t i = 0; i < config.alpn.size(); ++i)
    if (offered->contains(config.alpn[i])) return static_cast<std::uint16_t>(i);
  return std::unexpected(Error::no_common_application_protocol);
}

std::expected<PskMode, Error> choose_psk_mode(const ClientHello& hello, const ServerConfig& config) {
  if (!hello.psk_key_exchange_modes) return PskMode::none;
  const std::expected<PskModes, Error> modes = read_psk_modes(*hello.psk_key_exchange_modes);
  if (!modes) return std::unexpected(modes.error());
  if (config.keys_in_force() == nullptr) return PskMode::none;
  if (modes->with_dhe) return PskMode::with_exchange;
  return modes->alone && config.psk_only ? PskMode::alone : PskMode::none;
}

bool staples(const Credential& credential, std::uint64_t now_unix_ms) {
  return !credential.ocsp_response.empty() &&
         (credential.ocsp_until_unix_ms == 0 || now_unix_ms < credential.ocsp_until_unix_ms);
}

namespace {

// What is read later, only where it is used, or not at all, has its shape in any case (RFC 8446 6.2: "decode_error").

Error check_shapes(const ClientHello& hello) {
  if (!hello.signature_algorithms_cert) return Error::none;
  const std::expected<U16List, Error> schemes = read_numbers(*hello.signature_algorithms_cert);
  return schemes ? Error::none : schemes.error();
}

Error check_shapes13(const ClientHello& hello) {
  if (hello.early_data && !(*hello.early_data).empty()) return Error::malformed_extension;
  if (!hello.psk_key_exchange_modes) return check_shapes(hello);
  const std::expected<PskModes, Error> modes = read_psk_modes(*hello.psk_key_exchange_modes);
  return modes ? check_shapes(hello) : modes.error();
}

Error check_shapes12(const ClientHello& hello) {
  // RFC 7627 5.1.
  if (hello.extended_master_secret && !(*hello.extended_master_secret).empty()) return Error::malformed_extension;
  if (!hello.ec_point_formats) return check_shapes(hello);
  // RFC 8422 5.1.2: a list that is not empty.
  Reader formats(*hello.ec_point_formats);
  const bool some = !formats.vector8().empty();
  return some && formats.finished() ? check_shapes(hello) : Error::malformed_extension;
}

}  // namespace

std::expected<Choice13, Error> negotiate13(const ClientHello& hello, const ServerConfig& config) {
  // "it MUST contain exactly one byte, set to zero" (4.1.2).
  if (hello.compression_methods.size() != 1 || hello.compression_methods[0] != 0)
    return std::unexpected(Error::bad_compression_method);
  if (const Error error = check_shapes13(hello); error != Error::none) return std::unexpected(error);
  if (hello.pre_shared_key && !hello.psk_key_exchange_modes) return std::unexpected(Error::missing_extension);
  // A pre-shared key spares the signature, and perhaps the key exchange (9.2). Neither extension makes sense without
  // the other.
  if (!hello.supported_groups != !hello.key_share) return std::unexpected(Error::missing_extension);
  const bool may_spare_exchange =
      hello.pre_shared_key && choose_psk_mode(hello, config).value_or(PskMode::none) == PskMode::alone;
  if (!hello.key_share && !may_spare_exchange) return std::unexpected(Error::missing_extension);
  if (!hello.signature_algorithms && !hello.pre_shared_key) return std::unexpected(Error::missing_extension);

  Choice13 choice;
  if (hello.server_name) {
    const std::expected<std::string_view, Error> name = read_server_name(*hello.server_name);
    if (!name) return std::unexpected(name.error());
    choice.server_name = *name;
  }
  const std::expected<const Suite*, Error> suite = choose_suite13(hello, config);
  if (!suite) return std::unexpected(suite.error());
  choice.suite = *suite;
  choice.group = hello.key_share ? choose_group(hello, config) : std::unexpected(Error::missing_extension);
  if (!choice.group && !may_spare_exchange) return std::unexpected(choice.group.error());
  choice.may_spare_exchange = may_spare_exchange;
  if (hello.signature_algorithms) {
    const std::expected<U16List, Error> schemes = read_numbers(*hello.signature_algorithms);
    if (!schemes) return std::unexpected(schemes.error());
    choice.credential = choose_credential13(choice.server_name, *schemes, config);
  } else {
    choice.credential = std::unexpected(Error::missing_extension);
  }
  if (hello.status_request) {
    const std::expected<bool, Error> wants = read_status_request(*hello.status_request);
    if (!wants) return std::unexpected(wants.error());
    choice.wants_ocsp = *wants;
  }
  if (hello.record_size_limit) {
    const std::expected<std::uint16_t, Error> limit = read_record_size_limit(*hello.record_size_limit);
    if (!limit) return std::unexpected(limit.error());
    choice.record_size_limit = *limit;
  }
  const std::expected<std::uint16_t, Error> protocol = choose_protocol(hello, config);
  if (!protocol) return std::unexpected(protocol.error());
  choice.protocol = *protocol;
  return choice;
}

std::expected<Choice12, Error> negotiate12(const ClientHello& hello, const ServerConfig& config) {
  if (const Error error = check_shapes12(hello); error != Error::none) return std::unexpected(error);
  if (std::ranges::find(hello.compression_methods, 0) == hello.compression_methods.end())
    return std::unexpected(Error::bad_compression_method);
  // Somebody made a client that speaks more fall back to this (RFC 7507 3).
  if (hello.suites.contains(kFallbackScsv)) return std::unexpected(Error::inappropriate_fallback);
  // Nothing was negotiated yet, so there is nothing to be renewed (RFC 5746 3.6).
  if (hello.renegotiation_info && !std::ranges::equal(*hello.renegotiation_info, std::array<std::uint8_t, 1>{0}))
    return std::unexpected(Error::handshake_refused);

  Choice12 choice;
  if (hello.server_name) {
    const std::expected<std::string_view, Error> name = read_server_name(*hello.server_name);
    if (!name) return std::unexpected(name.error());
    choice.server_name = *name;
  }
  const std::expected<bool, Error> ephemeral = choose_ephemeral12(hello, config, choice);
  // What one kind of suite lacks is no hindrance where another kind is wanted and possible.
  if (!ephemeral.value_or(false) && !(config.rsa_key_exchange && choose_rsa12(hello, config, choice)))
    return std::unexpected(ephemeral ? Error::no_common_cipher_suite : ephemeral.error());
  if (hello.status_request) {
    const std::expected<bool, Error> wants = read_status_request(*hello.status_request);
    if (!wants) return std::unexpected(wants.error());
    choice.wants_ocsp = *wants;
  }
  if (hello.record_size_limit) {
    const std::expected<std::uint16_t, Error> limit = read_record_size_limit(*hello.record_size_limit);
    if (!limit) return std::unexpected(limit.error());
    choice.record_size_limit = *limit;
  }
  const std::expected<std::uint16_t, Error> protocol = choose_protocol(hello, config);
  if (!protocol) return std::unexpected(protocol.error());
  choice.protocol = *protocol;
  return choice;
}

}  // namespace handsel::tls
