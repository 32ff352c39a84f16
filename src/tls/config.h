#pragma once
/// What a TLS server is set up with. Built on the control thread; workers only read it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/key_store.h"
#include "crypto/operation.h"
#include "crypto/peer_chain.h"
#include "tls/protocol.h"
#include "tls/ticket.h"
#include "tls/ticket_keyring.h"

namespace handsel::tls {

enum class CredentialKind : std::uint8_t { ecdsa_p256, rsa, ecdsa_p384, ed25519, rsa_pss };
/// The kind of a credential whose key is of this algorithm.
CredentialKind credential_kind(crypto::KeyAlgorithm algorithm);

/// A certificate chain and the name of its private key.
struct Credential {
  crypto::KeyId key;
  CredentialKind kind{};
  std::vector<std::vector<std::uint8_t>> chain;  ///< DER, the server's own certificate first
  std::vector<std::string> names;                ///< DNS names it is good for, lower case; "*.example.test" allowed
  std::vector<std::uint8_t> ocsp_response;       ///< DER, stapled for clients that ask (RFC 6066 8); empty: none
  std::uint64_t ocsp_until_unix_ms = 0;          ///< not stapled any more from then on; 0: it does not say
};

/// Whether clients are asked for a certificate, and may come without one.
enum class ClientCertificates : std::uint8_t { none, request, require };

/// The signatures by which clients may prove themselves, in order of preference.
inline constexpr std::array kRequestedSchemes13 = {SignatureScheme::ecdsa_secp256r1_sha256,
                                                   SignatureScheme::ecdsa_secp384r1_sha384,
                                                   SignatureScheme::ed25519,
                                                   SignatureScheme::rsa_pss_rsae_sha256,
                                                   SignatureScheme::rsa_pss_rsae_sha384,
                                                   SignatureScheme::rsa_pss_rsae_sha512,
                                                   SignatureScheme::rsa_pss_pss_sha256,
                                                   SignatureScheme::rsa_pss_pss_sha384,
                                                   SignatureScheme::rsa_pss_pss_sha512};
/// In TLS 1.2, where all messages are signed and we keep two hashes of them alone: Ed25519 would sign themselves.
inline constexpr std::array kRequestedSchemes12 = {
    SignatureScheme::ecdsa_secp256r1_sha256, SignatureScheme::ecdsa_secp384r1_sha384,
    SignatureScheme::rsa_pss_rsae_sha256,    SignatureScheme::rsa_pss_rsae_sha384,
    SignatureScheme::rsa_pss_pss_sha256,     SignatureScheme::rsa_pss_pss_sha384,
    SignatureScheme::rsa_pkcs1_sha256,       SignatureScheme::rsa_pkcs1_sha384};

/// The Certificate message of a chain, whole (RFC 8446 4.4.2), with the OCSP response as an extension of its first
/// entry or without extensions; empty when it would be longer than its length fields allow.
std::vector<std::uint8_t> certificate_message(const Credential& credential, bool stapled = false);
/// The same in the form of TLS 1.2 (RFC 5246 7.4.2).
std::vector<std::uint8_t> certificate_message12(const Credential& credential);

/// An immutable snapshot: fill the fields, pass it through prepared(), publish it. Outlives every session made with it.
struct ServerConfig {
  std::vector<Credential> credentials;  ///< first = default, for clients whose server name matches none
  std::vector<std::string> alpn;        ///< in order of preference; empty: ALPN is ignored
  std::vector<NamedGroup> groups = {NamedGroup::x25519, NamedGroup::secp256r1};  ///< in order of preference
  std::vector<CipherSuite> suites = {CipherSuite::aes_128_gcm_sha256, CipherSuite::aes_256_gcm_sha384,
                                     CipherSuite::chacha20_poly1305_sha256};  ///< in order of preference
  Version min_version = Version::tls13;  ///< tls12 or tls13; the suites of 1.2 are fixed: ECDHE with an AEAD
  bool rsa_key_exchange = false;         ///< in 1.2, after all others: RSA key exchange, which has no forward secrecy
  bool prefer_client_suites = false;     ///< the client's order of suites decides instead of ours

  /// What clients are told when they speak of it (RFC 8449): 64 to 16,385 bytes a record, in TLS 1.3 with content type
  /// and padding; 16,384 at most in 1.2.
  std::uint16_t record_size_limit = limits::kMaxPlaintext + 1;

  /// In TLS 1.3 records are padded to multiples of so many bytes (RFC 8446 5.4), at most kMaxRecordPadding; 0: not.
  std::uint16_t record_padding = 0;

  /// Records sealed under one key before a KeyUpdate replaces it (RFC 8446 5.5).
  std::uint64_t records_per_key = limits::kKeyUpdateRecords;

  /// Keying material can be exported (RFC 8446 7.5) as far as the worker's pool reaches.
  bool exporters = false;

  /// Resumption (RFC 8446 2.2): without keys no ticket is issued or taken.
  std::shared_ptr<const TicketKeys> ticket_keys;
  /// The same where the keys change while the server runs: then `ticket_keys` does not count.
  std::shared_ptr<TicketKeyring> ticket_keyring;
  /// Those in force; nullptr when there are none. Not to be held beyond the present call into a session.
  const TicketKeys* keys_in_force() const {
    return ticket_keyring != nullptr ? &ticket_keyring->in_force() : ticket_keys.get();
  }
  unsigned tickets_per_handshake = 2;
  std::uint32_t ticket_lifetime_seconds = 7'200;  ///< at most seven days (RFC 8446 4.6.1)

  /// In TLS 1.2 also by session ids, for clients that know no tickets, where the worker has memory for them; for as
  /// long as a ticket would last, and no longer than a day (RFC 5246 F.1.4).
  bool session_ids = true;

  /// A client that offers nothing better (psk_ke alone, RFC 8446 4.2.9) may resume without a key exchange: whoever
  /// learns the tickets' key can then read the session.
  bool psk_only = false;

  /// Bytes of early data that a ticket allows (RFC 8446 4.2.10), at most limits::kMaxEarlyData; 0: none. It is not
  /// proof against replays by itself: see Received::early.
  std::uint32_t max_early_data = 0;

  ClientCertificates client_certificates = ClientCertificates::none;
  std::shared_ptr<const crypto::TrustStore> client_trust;  ///< who vouches for clients; needed to ask for certificates

  /// Made by prepared(): what a client's chain must fulfil, and the CertificateRequest messages, whole; empty when
  /// clients are not asked.
  crypto::PeerPolicy client_policy;
  std::vector<std::uint8_t> certificate_request;
  std::vector<std::uint8_t> certificate_request12;
  /// Made by prepared(): each credential's Certificate message, whole (RFC 8446 4.4.2).
  std::vector<std::vector<std::uint8_t>> certificate_messages;
  /// The same in the form of TLS 1.2 (RFC 5246 7.4.2).
  std::vector<std::vector<std::uint8_t>> certificate_messages12;
  /// With the OCSP response (RFC 8446 4.4.2.1), and TLS 1.2's CertificateStatus; empty where there is none.
  std::vector<std::vector<std::uint8_t>> stapled_messages;
  std::vector<std::vector<std::uint8_t>> certificate_statuses12;
};

/// Checks the draft and encodes what every handshake will need of it. The error says which field is wrong and why.
std::expected<ServerConfig, std::string> prepared(ServerConfig draft);

}  // namespace handsel::tls
