#pragma once
/// Session tickets that hold all their state, sealed under keys that rotate (RFC 5077 4, RFC 8446 4.6.1).

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/entropy.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// For whom a session was: digest of the server's name and, where clients are asked for certificates, of those who
/// vouch for them. A ticket is good for no other (RFC 8446 4.6.1), even where several configurations share its keys.
using TicketScope = std::array<std::uint8_t, 16>;
/// The name counts without regard to case. `client_trust` is a TrustStore's digest, or empty.
TicketScope ticket_scope(std::string_view server_name, Bytes client_trust);

/// What a ticket says when it comes back.
struct TicketState {
  Version version{};
  CipherSuite suite{};
  std::uint64_t issued_unix_ms = 0;
  /// When the client's certificate was verified, which a resumed session does not do again; 0: it has shown none.
  std::uint64_t authenticated_unix_ms = 0;
  TicketScope scope{};
  // For early data, in TLS 1.3.
  std::uint32_t max_early_data = 0;        ///< bytes; 0: none may come
  std::uint32_t age_add = 0;               ///< as the client was told (RFC 8446 4.6.1)
  std::uint64_t guard = 0;                 ///< ReplayGuard::name() of the worker that has issued the ticket
  std::uint64_t protocol = 0;              ///< ticket_protocol() of the session's
  Secret<crypto::kMaxDigestBytes> secret;  ///< TLS 1.3: the pre-shared key
};

/// The keys in force: the newest seals, all open. An immutable snapshot, made on the control thread; rotation makes the
/// next one and publishes it through a TicketKeyring.
class TicketKeys {
 public:
  static constexpr std::size_t kMaxKeys = 3;
  static constexpr std::size_t kNameBytes = 16;
  static constexpr std::size_t kSecretBytes = 32;
  static constexpr std::size_t kKeyFileBytes = kNameBytes + kSecretBytes;  ///< of one key in a file: name, then secret
  static constexpr std::size_t kMaxTicketBytes = 192;

  static std::shared_ptr<const TicketKeys> random(Entropy& entropy);
  /// One to three keys of kKeyFileBytes each, newest first and of different names, for servers that share them. The
  /// error is a clause for a person.
  static std::expected<std::shared_ptr<const TicketKeys>, std::string> from_bytes(Bytes file);
  /// A new key in front; the oldest goes when there would be more than kMaxKeys.
  std::shared_ptr<const TicketKeys> rotated(Entropy& entropy) const;

  std::size_t size() const { return keys_.size(); }
  /// Drops what this worker's engine keeps of the keys, before they are destroyed.
  void forget(crypto::Aead& aead) const;
  /// Writes the ticket to `out` (kMaxTicketBytes or more).
  Bytes seal(crypto::Aead& aead, Entropy& entropy, const TicketState& state, MutableBytes out) const;
  /// False for what none of the keys has sealed; `state` is then unspecified.
  bool open(crypto::Aead& aead, Bytes ticket, TicketState& state) const;

 private:
  struct Key {
    std::array<std::uint8_t, kNameBytes> name{};
    crypto::AeadKey secret;
  };
  static Key make_key(Bytes bytes);

  std::vector<Key> keys_;
};

}  // namespace handsel::tls
