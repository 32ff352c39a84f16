#pragma once
/// The numbers of TLS on the wire (RFC 8446 B, IANA), and what each cipher suite is made of.

#include <array>
#include <cstddef>
#include <cstdint>

#include "crypto/aead.h"
#include "crypto/hash.h"

namespace handsel::tls {

enum class ContentType : std::uint8_t {
  invalid = 0,
  change_cipher_spec = 20,
  alert = 21,
  handshake = 22,
  application_data = 23,
};

enum class HandshakeType : std::uint8_t {
  hello_request = 0,
  client_hello = 1,
  server_hello = 2,
  new_session_ticket = 4,
  end_of_early_data = 5,
  encrypted_extensions = 8,
  certificate = 11,
  server_key_exchange = 12,
  certificate_request = 13,
  server_hello_done = 14,
  certificate_verify = 15,
  client_key_exchange = 16,
  finished = 20,
  certificate_status = 22,
  key_update = 24,
  message_hash = 254,
};

enum class Version : std::uint16_t {
  none = 0,
  ssl2 = 0x0002,
  ssl3 = 0x0300,
  tls10 = 0x0301,
  tls11 = 0x0302,
  tls12 = 0x0303,
  tls13 = 0x0304,
};

enum class ExtensionType : std::uint16_t {
  server_name = 0,
  max_fragment_length = 1,
  status_request = 5,
  supported_groups = 10,
  ec_point_formats = 11,
  signature_algorithms = 13,
  application_layer_protocol_negotiation = 16,
  padding = 21,
  encrypt_then_mac = 22,
  extended_master_secret = 23,
  record_size_limit = 28,
  session_ticket = 35,
  pre_shared_key = 41,
  early_data = 42,
  supported_versions = 43,
  cookie = 44,
  psk_key_exchange_modes = 45,
  certificate_authorities = 47,
  post_handshake_auth = 49,
  signature_algorithms_cert = 50,
  key_share = 51,
  renegotiation_info = 0xff01,
};

enum class NamedGroup : std::uint16_t {
  none = 0,
  secp256r1 = 23,
  secp384r1 = 24,
  x25519 = 29,
  x25519_mlkem768 = 0x11ec,
};

enum class SignatureScheme : std::uint16_t {
  none = 0,
  rsa_pkcs1_sha256 = 0x0401,
  rsa_pkcs1_sha384 = 0x0501,
  rsa_pkcs1_sha512 = 0x0601,
  ecdsa_secp256r1_sha256 = 0x0403,
  ecdsa_secp384r1_sha384 = 0x0503,
  rsa_pss_rsae_sha256 = 0x0804,
  rsa_pss_rsae_sha384 = 0x0805,
  rsa_pss_rsae_sha512 = 0x0806,
  ed25519 = 0x0807,
  rsa_pss_pss_sha256 = 0x0809,
  rsa_pss_pss_sha384 = 0x080a,
  rsa_pss_pss_sha512 = 0x080b,
};

enum class CipherSuite : std::uint16_t {
  none = 0,
  aes_128_gcm_sha256 = 0x1301,
  aes_256_gcm_sha384 = 0x1302,
  chacha20_poly1305_sha256 = 0x1303,
  rsa_aes_128_gcm_sha256 = 0x009c,
  rsa_aes_256_gcm_sha384 = 0x009d,
  ecdhe_ecdsa_aes_128_gcm_sha256 = 0xc02b,
  ecdhe_ecdsa_aes_256_gcm_sha384 = 0xc02c,
  ecdhe_rsa_aes_128_gcm_sha256 = 0xc02f,
  ecdhe_rsa_aes_256_gcm_sha384 = 0xc030,
  ecdhe_rsa_chacha20_poly1305_sha256 = 0xcca8,
  ecdhe_ecdsa_chacha20_poly1305_sha256 = 0xcca9,
};

inline constexpr std::uint16_t kMinRecordSizeLimit = 64;  ///< RFC 8449 4
inline constexpr std::uint16_t kMaxRecordPadding = 4'096;

/// Signalling values that stand in the list of cipher suites (RFC 5746 3.3, RFC 7507).
inline constexpr std::uint16_t kRenegotiationScsv = 0x00ff;
inline constexpr std::uint16_t kFallbackScsv = 0x5600;

inline constexpr std::size_t kRandomBytes = 32;
inline constexpr std::size_t kMaxSessionIdBytes = 32;
inline constexpr std::size_t kRecordHeaderBytes = 5;
inline constexpr std::size_t kHandshakeHeaderBytes = 4;

/// The kind of certificate that a suite of TLS 1.2 demands; those of 1.3 leave it open.
enum class Authentication : std::uint8_t { any, ecdsa, rsa };

/// What a cipher suite is made of.
struct Suite {
  CipherSuite id = CipherSuite::none;
  crypto::AeadId aead{};
  crypto::HashId hash{};
  Authentication authentication = Authentication::any;
  bool rsa_key_exchange = false;  ///< the client encrypts the premaster secret: no forward secrecy
};

inline constexpr std::array<Suite, 3> kSuites13 = {{
    {CipherSuite::aes_128_gcm_sha256, crypto::AeadId::aes_128_gcm, crypto::HashId::sha256},
    {CipherSuite::aes_256_gcm_sha384, crypto::AeadId::aes_256_gcm, crypto::HashId::sha384},
    {CipherSuite::chacha20_poly1305_sha256, crypto::AeadId::chacha20_poly1305, crypto::HashId::sha256},
}};

/// The TLS 1.3 suite of this number, or nullptr.
constexpr const Suite* find_suite13(std::uint16_t id) {
  for (const Suite& suite : kSuites13)
    if (static_cast<std::uint16_t>(suite.id) == id) return &suite;
  return nullptr;
}

/// In the order of preference: the server's own (RFC 5289, 7905; the AEADs of RFC 9325 4.2).
inline constexpr std::array<Suite, 6> kSuites12 = {{
    {CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256, crypto::AeadId::aes_128_gcm, crypto::HashId::sha256,
     Authentication::ecdsa},
    {CipherSuite::ecdhe_rsa_aes_128_gcm_sha256, crypto::AeadId::aes_128_gcm, crypto::HashId::sha256,
     Authentication::rsa},
    {CipherSuite::ecdhe_ecdsa_aes_256_gcm_sha384, crypto::AeadId::aes_256_gcm, crypto::HashId::sha384,
     Authentication::ecdsa},
    {CipherSuite::ecdhe_rsa_aes_256_gcm_sha384, crypto::AeadId::aes_256_gcm, crypto::HashId::sha384,
     Authentication::rsa},
    {CipherSuite::ecdhe_ecdsa_chacha20_poly1305_sha256, crypto::AeadId::chacha20_poly1305, crypto::HashId::sha256,
     Authentication::ecdsa},
    {CipherSuite::ecdhe_rsa_chacha20_poly1305_sha256, crypto::AeadId::chacha20_poly1305, crypto::HashId::sha256,
     Authentication::rsa},
}};

/// Only where the configuration asks for them (RFC 5288): no forward secrecy, and RFC 9325 4.1 discourages them.
inline constexpr std::array<Suite, 2> kRsaKeyExchangeSuites12 = {{
    {CipherSuite::rsa_aes_128_gcm_sha256, crypto::AeadId::aes_128_gcm, crypto::HashId::sha256, Authentication::rsa,
     true},
    {CipherSuite::rsa_aes_256_gcm_sha384, crypto::AeadId::aes_256_gcm, crypto::HashId::sha384, Authentication::rsa,
     true},
}};

/// The TLS 1.2 suite of this number among those with an ephemeral key exchange, or nullptr.
constexpr const Suite* find_suite12(std::uint16_t id) {
  for (const Suite& suite : kSuites12)
    if (static_cast<std::uint16_t>(suite.id) == id) return &suite;
  return nullptr;
}

/// Length of a key share of this group in bytes (RFC 8446 4.2.8.2); 0 for groups that are not spoken.
constexpr std::size_t key_share_bytes(NamedGroup group) {
  switch (group) {
    case NamedGroup::x25519:
      return 32;
    case NamedGroup::secp256r1:
      return 65;
    case NamedGroup::secp384r1:
      return 97;
    default:
      return 0;
  }
}

/// The values that clients strew in to keep servers tolerant (RFC 8701): 0x0a0a, 0x1a1a, …
constexpr bool is_grease(std::uint16_t value) { return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff); }

}  // namespace handsel::tls
