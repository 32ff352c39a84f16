#pragma once
/// What a TLS client is set up with. Built on the control thread; workers only read it.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "crypto/peer_chain.h"
#include "tls/config.h"
#include "tls/protocol.h"
#include "tls/session_cache.h"

namespace handsel::tls {

/// How a server proves who it is.
enum class Verification : std::uint8_t {
  chain,   ///< its certificate leads to an authority of `trust` and is for `server_name`; with `pins`, is one of them
           ///< too
  pinned,  ///< its public key is one of `pins`; who signed the certificate, its names and its dates do not count
  none,    ///< it only owns the key that it shows: for load tests, and against servers that somebody else vouches for
};

/// An immutable snapshot: fill the fields, pass it through prepared(), publish it. Outlives every session made with it.
struct ClientConfig {
  /// DNS name, sent as server_name (RFC 6066 3), or an IP address, not sent. May be empty unless `chain` verifies.
  std::string server_name;
  std::vector<std::string> alpn;  ///< in order of preference; empty: ALPN is not offered

  Version min_version = Version::tls12;
  Version max_version = Version::tls13;
  std::vector<NamedGroup> groups = {NamedGroup::x25519, NamedGroup::secp256r1,
                                    NamedGroup::secp384r1};  ///< in order of preference
  std::size_t shares = 1;  ///< how many of the first groups a key share is sent for at once; at most kMaxShares
  std::vector<CipherSuite> suites = {CipherSuite::aes_128_gcm_sha256, CipherSuite::aes_256_gcm_sha384,
                                     CipherSuite::chacha20_poly1305_sha256};  ///< of TLS 1.3, in order of preference
  /// Of TLS 1.2, in order of preference.
  std::vector<CipherSuite> suites12 = {
      CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256,       CipherSuite::ecdhe_rsa_aes_128_gcm_sha256,
      CipherSuite::ecdhe_ecdsa_aes_256_gcm_sha384,       CipherSuite::ecdhe_rsa_aes_256_gcm_sha384,
      CipherSuite::ecdhe_ecdsa_chacha20_poly1305_sha256, CipherSuite::ecdhe_rsa_chacha20_poly1305_sha256};

  Verification verification = Verification::chain;
  std::shared_ptr<const crypto::TrustStore> trust;
  std::vector<crypto::KeyPin> pins;

  /// Sessions are taken from the worker's SessionCache, and kept there, when it has one.
  bool resume_sessions = true;
  /// With resume_sessions: false makes full handshakes, whose sessions are kept for other connections of the same
  /// scope.
  bool offer_sessions = true;
  /// A server may resume a session without a key exchange (psk_ke, RFC 8446 4.2.9), which costs forward secrecy.
  bool psk_only = false;
  /// Early data may be sent with a ticket that allows it: Session::send_early(). Somebody may send it again (RFC 8446
  /// 8).
  bool early_data = false;
  /// Keying material can be exported (RFC 8446 7.5) as far as the worker's pool reaches.
  bool exporters = false;
  /// A session id and a ChangeCipherSpec that mean nothing, for what stands between and expects TLS 1.2 (RFC 8446 D.4).
  bool compatibility_mode = true;
  /// Shown to servers that ask for a certificate; without one they get an empty list.
  std::optional<Credential> credential;
  /// In TLS 1.3 records are padded to multiples of so many bytes (RFC 8446 5.4), at most kMaxRecordPadding; 0: not.
  std::uint16_t record_padding = 0;
  /// Records sealed under one key before a KeyUpdate replaces it (RFC 8446 5.5).
  std::uint64_t records_per_key = limits::kKeyUpdateRecords;

  static constexpr std::size_t kMaxShares = 2;

  // Made by prepared().
  crypto::PeerPolicy policy;
  std::string sent_name;  ///< `server_name` without its last dot, or empty when none is sent
  SessionScope session_scope{};
  std::vector<std::uint8_t> certificate_message;    ///< of `credential`, whole (RFC 8446 4.4.2)
  std::vector<std::uint8_t> certificate_message12;  ///< RFC 5246 7.4.2

  bool offers(Version version) const { return min_version <= version && version <= max_version; }
  bool offers(NamedGroup group) const;
  bool offers(CipherSuite suite) const;
};

/// What we verify in a handshake, in order of preference.
inline constexpr std::array kVerifiedSchemes13 = {SignatureScheme::ecdsa_secp256r1_sha256,
                                                  SignatureScheme::ecdsa_secp384r1_sha384,
                                                  SignatureScheme::ed25519,
                                                  SignatureScheme::rsa_pss_rsae_sha256,
                                                  SignatureScheme::rsa_pss_rsae_sha384,
                                                  SignatureScheme::rsa_pss_rsae_sha512,
                                                  SignatureScheme::rsa_pss_pss_sha256,
                                                  SignatureScheme::rsa_pss_pss_sha384,
                                                  SignatureScheme::rsa_pss_pss_sha512};
/// And in TLS 1.2 besides.
inline constexpr std::array kVerifiedSchemes12 = {SignatureScheme::rsa_pkcs1_sha256, SignatureScheme::rsa_pkcs1_sha384,
                                                  SignatureScheme::rsa_pkcs1_sha512};
/// What libcrypto verifies in a chain (RFC 8446 4.2.3: signature_algorithms_cert).
inline constexpr std::array kVerifiedSchemesInChains = {SignatureScheme::ecdsa_secp256r1_sha256,
                                                        SignatureScheme::ecdsa_secp384r1_sha384,
                                                        SignatureScheme::ed25519,
                                                        SignatureScheme::rsa_pss_rsae_sha256,
                                                        SignatureScheme::rsa_pss_rsae_sha384,
                                                        SignatureScheme::rsa_pss_rsae_sha512,
                                                        SignatureScheme::rsa_pss_pss_sha256,
                                                        SignatureScheme::rsa_pss_pss_sha384,
                                                        SignatureScheme::rsa_pss_pss_sha512,
                                                        SignatureScheme::rsa_pkcs1_sha256,
                                                        SignatureScheme::rsa_pkcs1_sha384,
                                                        SignatureScheme::rsa_pkcs1_sha512};

/// Checks the draft and works out what every handshake will need of it. The error says which field is wrong and why.
std::expected<ClientConfig, std::string> prepared(ClientConfig draft);

}  // namespace handsel::tls
