#pragma once
/// The key schedule of TLS 1.3 as a chain of types (RFC 8446 7.1): each stage can be made only from the one before it,
/// which is spent by that.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/hash.h"

namespace handsel::tls {

/// RFC 8446 7.1. Fills `out`. `label` goes without the "tls13 " prefix.
void hkdf_expand_label(const crypto::Hmac& secret, std::string_view label, Bytes context, MutableBytes out);

/// What protects the records of one direction and epoch (RFC 8446 7.3).
struct RecordKeys {
  Secret<32> key;
  Secret<crypto::kAeadNonceBytes> iv;
};

/// What a Finished message is made with (RFC 8446 4.4.4).
class FinishedKey {
 public:
  FinishedKey() = default;
  /// Fills verify_data, digest_bytes(hash) bytes.
  void authenticate(Bytes transcript_hash, MutableBytes verify_data) const;

 private:
  friend class TrafficSecret;
  friend class HandshakeSecret;
  explicit FinishedKey(crypto::HashId hash) : hash_(hash) {}
  MutableBytes fill() { return key_.fill(crypto::digest_bytes(hash_)); }

  Secret<crypto::kMaxDigestBytes> key_;
  crypto::HashId hash_{};
};

/// All that one direction's traffic secret is there for while the handshake lasts.
struct HandshakeKeys {
  RecordKeys records;
  FinishedKey finished;
};

/// A secret from which the keys of one direction and epoch come (RFC 8446 7.3).
class TrafficSecret {
 public:
  TrafficSecret() = default;
  TrafficSecret(crypto::HashId hash, Bytes bytes) : bytes_(bytes), hash_(hash) {}

  crypto::HashId hash() const { return hash_; }
  /// digest_bytes(hash()), or empty.
  Bytes view() const { return bytes_.view(); }
  bool empty() const { return bytes_.empty(); }
  void wipe() { bytes_.wipe(); }
  TrafficSecret clone() const { return {hash_, bytes_.view()}; }

  RecordKeys record_keys(crypto::AeadId id) const;
  /// RFC 8446 7.2.
  TrafficSecret next() const;
  /// The verify_data of a Finished message under this secret (RFC 8446 4.4.4); digest_bytes(hash()) bytes.
  void finished(Bytes transcript_hash, MutableBytes verify_data) const;

 private:
  Secret<crypto::kMaxDigestBytes> bytes_;
  crypto::HashId hash_{};
};

/// Both directions'.
struct TrafficSecrets {
  TrafficSecret client;
  TrafficSecret server;
};
struct BothHandshakeKeys {
  HandshakeKeys client;
  HandshakeKeys server;
};

/// The third and last stage.
class MasterSecret {
 public:
  /// `transcript_hash` runs through the server's Finished (RFC 8446 7.1).
  TrafficSecret client_application(Bytes transcript_hash) const;
  TrafficSecret server_application(Bytes transcript_hash) const;
  /// Both of them, at little more than the price of one.
  TrafficSecrets application(Bytes transcript_hash) const;
  TrafficSecret exporter(Bytes transcript_hash) const;
  /// `transcript_hash` runs through the client's Finished.
  TrafficSecret resumption(Bytes transcript_hash) const;
  Bytes view() const { return secret_.view(); }

 private:
  friend class HandshakeSecret;
  explicit MasterSecret(const crypto::Hmac& derived);
  Secret<crypto::kMaxDigestBytes> secret_;
  crypto::Hmac hmac_;
};

/// The second stage: the (EC)DHE secret has entered.
class HandshakeSecret {
 public:
  /// `transcript_hash` runs through the ServerHello (RFC 8446 7.1).
  TrafficSecret client_handshake(Bytes transcript_hash) const;
  TrafficSecret server_handshake(Bytes transcript_hash) const;
  /// What comes from both of them, computed side by side.
  BothHandshakeKeys keys(crypto::AeadId id, Bytes transcript_hash) const;
  MasterSecret master() &&;
  Bytes view() const { return secret_.view(); }

 private:
  friend class EarlySecret;
  HandshakeSecret(const crypto::Hmac& derived, Bytes shared_secret);
  Secret<crypto::kMaxDigestBytes> secret_;
  crypto::Hmac hmac_;
};

/// The first stage: a pre-shared key, or zeros, which make it the same for everybody.
class EarlySecret {
 public:
  /// `pre_shared_key` empty: there is none.
  explicit EarlySecret(crypto::HashId hash, Bytes pre_shared_key = {});
  /// From which a resumption PSK's binder is made (RFC 8446 4.2.11.2).
  TrafficSecret resumption_binder() const;
  /// `transcript_hash` runs through the ClientHello.
  TrafficSecret client_early(Bytes transcript_hash) const;
  /// `shared_secret` empty: there was no key exchange.
  HandshakeSecret handshake(Bytes shared_secret) &&;
  Bytes view() const { return secret_.view(); }

 private:
  struct WithoutKey;
  Secret<crypto::kMaxDigestBytes> secret_;
  crypto::Hmac hmac_;
  bool has_key_;
};

}  // namespace handsel::tls
