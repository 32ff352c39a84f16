#pragma once
/// What is agreed on from a ClientHello and a configuration. Pure functions, apart from the handshakes that use them.

#include <cstdint>
#include <expected>
#include <string_view>

#include "tls/alert.h"
#include "tls/config.h"
#include "tls/messages/client_hello.h"
#include "tls/messages/extensions.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// The newest version that a client offers among those with a number of their own (RFC 8446 4.2.1): from
/// supported_versions when it is there, else legacy_version. Version::none when it offers nothing known.
std::expected<Version, Error> newest_version(const ClientHello& hello);

/// The TLS 1.3 suite, or no_common_cipher_suite.
std::expected<const Suite*, Error> choose_suite13(const ClientHello& hello, const ServerConfig& config);

struct GroupChoice {
  NamedGroup group{};
  Bytes share;  ///< the client's; empty: it must be asked for one (RFC 8446 4.1.4)
};
/// The first group of ours for which the client sent a share, else the first that it supports at all.
std::expected<GroupChoice, Error> choose_group(const ClientHello& hello, const ServerConfig& config);

inline constexpr std::uint16_t kNoName = 0xffff;
inline constexpr std::uint16_t kNoProtocol = 0xffff;

struct CredentialChoice {
  std::uint16_t credential = 0;
  std::uint16_t name = kNoName;  ///< which of the credential's names was asked for
  SignatureScheme scheme{};
};
/// The first credential that has the name and can sign as the client asks; else the first that can sign so.
std::expected<CredentialChoice, Error> choose_credential13(std::string_view server_name, U16List schemes,
                                                           const ServerConfig& config);

/// Index into config.alpn; kNoProtocol when the client or the configuration has none; an error when both have some but
/// none in common (RFC 7301 3.2).
std::expected<std::uint16_t, Error> choose_protocol(const ClientHello& hello, const ServerConfig& config);

/// How tickets of this client would be used (RFC 8446 4.2.9): with a key exchange if it offers that.
enum class PskMode : std::uint8_t { none, alone, with_exchange };
std::expected<PskMode, Error> choose_psk_mode(const ClientHello& hello, const ServerConfig& config);

/// True when this credential has an OCSP response that is not out of date.
bool staples(const Credential& credential, std::uint64_t now_unix_ms);

/// All that a TLS 1.3 server takes from the first ClientHello; views last as long as the message.
struct Choice13 {
  const Suite* suite = nullptr;
  std::expected<GroupChoice, Error> group;            ///< not needed when a ticket spares the key exchange
  std::expected<CredentialChoice, Error> credential;  ///< not needed when a ticket authenticates us
  std::uint16_t protocol = kNoProtocol;
  bool may_spare_exchange = false;  ///< the client's tickets are for psk_ke alone, and the configuration allows that
  bool wants_ocsp = false;
  std::uint16_t record_size_limit = 0;  ///< 0: the client does not speak of it
  std::string_view server_name;
};
/// The same for TLS 1.2, where the suite says what kind of certificate signs.
struct Choice12 {
  const Suite* suite = nullptr;
  NamedGroup group{};
  CredentialChoice credential;
  std::uint16_t protocol = kNoProtocol;
  bool wants_ocsp = false;
  std::uint16_t record_size_limit = 0;  ///< 0: the client does not speak of it
  std::string_view server_name;
};
/// Checks what RFC 5246 and its extensions demand of a ClientHello, and chooses. With an RSA key exchange there is no
/// group and no signature scheme.
std::expected<Choice12, Error> negotiate12(const ClientHello& hello, const ServerConfig& config);

/// Checks what RFC 8446 demands of a ClientHello for version 1.3 (4.1.2, 9.2), and chooses.
std::expected<Choice13, Error> negotiate13(const ClientHello& hello, const ServerConfig& config);

}  // namespace handsel::tls
