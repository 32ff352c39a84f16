#pragma once
/// What a client offers: the ClientHello, first and second (RFC 8446 4.1.2), and what is needed of it to judge the
/// answer.

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "tls/client_config.h"
#include "tls/handshake.h"
#include "tls/key_exchange.h"
#include "tls/messages/server_hello.h"
#include "tls/protocol.h"
#include "tls/session_cache.h"
#include "tls/transcript.h"

namespace handsel::tls {

/// Both hashes over the handshake, until the server has chosen the suite and with it one of them.
struct Transcripts {
  Transcript sha256{crypto::HashId::sha256};
  Transcript sha384{crypto::HashId::sha384};

  void add(Bytes message) {
    sha256.add(message);
    sha384.add(message);
  }
  const Transcript& of(crypto::HashId hash) const { return hash == crypto::HashId::sha256 ? sha256 : sha384; }
  Transcript& of(crypto::HashId hash) { return hash == crypto::HashId::sha256 ? sha256 : sha384; }
};

/// Lives in the frame of connect(), and lasts as long as the handshake.
class ClientOffer {
 public:
  /// Draws the random and the session id, takes a session from the cache.
  explicit ClientOffer(Handshake& handshake);

  const ClientConfig& config() const { return *config_; }
  Bytes random() const { return random_; }
  Bytes session_id() const { return Bytes(session_id_).first(session_id_bytes_); }
  /// Our shares; those without a group are not sent. Their keys are to be generated before a hello is written.
  std::array<KeyExchange, ClientConfig::kMaxShares>& exchanges() { return exchanges_; }
  /// The one of this group, or nullptr.
  KeyExchange* exchange_of(NamedGroup group);
  /// After a HelloRetryRequest: the one share, of the group asked for.
  void replace_shares(NamedGroup group);
  bool offers_tls13() const { return config_->max_version >= Version::tls13; }
  bool offers_tls12() const { return config_->min_version <= Version::tls12; }
  /// True for an extension that the ClientHello held.
  bool holds(ExtensionType type) const;

  /// The session offered for TLS 1.3, or for 1.2; nothing when there is none.
  const StoredSession* psk() const;
  const StoredSession* session12() const;
  void forget_session() { session_.drop(); }
  /// Bytes of early data that the ticket allows and the ClientHello announces; 0: none.
  std::uint32_t early_data() const { return early_data_; }
  void withdraw_early_data() { early_data_ = 0; }

  /// Writes and sends the ClientHello. `before` is what stands in front of it in the transcript (after a
  /// HelloRetryRequest), `cookie` the server's, to be echoed. Returns the message, in `memory`.
  Bytes write(MutableBytes memory, std::uint64_t now_unix_ms, const Transcript* before, Bytes cookie) const;

 private:
  void write_extensions(Writer& writer, std::uint64_t now_unix_ms, Bytes cookie) const;
  void write_for_tls12(Writer& writer) const;
  void write_for_tls13(Writer& writer, Bytes cookie) const;
  void write_psk(Writer& writer, std::uint64_t now_unix_ms) const;
  void fill_binder(MutableBytes message, const Transcript* before) const;

  const ClientConfig* config_;
  SessionCache::Taken session_;
  std::array<std::uint8_t, kRandomBytes> random_{};
  std::array<std::uint8_t, kMaxSessionIdBytes> session_id_{};
  std::uint8_t session_id_bytes_ = 0;
  std::uint32_t early_data_ = 0;
  bool resumes_ = false;  // tickets are wanted
  std::array<KeyExchange, ClientConfig::kMaxShares> exchanges_{KeyExchange(NamedGroup::none),
                                                               KeyExchange(NamedGroup::none)};
};

/// Writes and sends the first ClientHello, or the one that answers a HelloRetryRequest.
Error send_client_hello(Handshake& handshake, const ClientOffer& offer, Transcripts& transcripts);
Error send_second_client_hello(Handshake& handshake, const ClientOffer& offer, Bytes cookie, Transcript& transcript);

}  // namespace handsel::tls
