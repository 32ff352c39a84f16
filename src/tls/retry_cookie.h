#pragma once
/// The cookie of a HelloRetryRequest (RFC 8446 4.2.2): all that a server must know of the first ClientHello when the
/// second one comes, sealed, so that nothing of it is kept meanwhile.

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>

#include "base/bytes.h"
#include "base/entropy.h"
#include "crypto/aead.h"
#include "tls/alert.h"
#include "tls/protocol.h"
#include "tls/transcript.h"

namespace handsel::tls {

/// What a cookie says when it comes back.
struct RetriedHello {
  const Suite* suite = nullptr;                  ///< as the HelloRetryRequest has it
  NamedGroup group{};                            ///< of the share that was asked for
  Digest first_hello;                            ///< by the suite's hash
  std::array<std::uint8_t, 32> constant_part{};  ///< of both hellos (digest_of_constant_part)
  std::uint64_t connection = 0;                  ///< the session's owner: the cookie is good for no other
  std::uint64_t asked_unix_ms = 0;
};

/// One worker's cookies. The key is drawn with the first one and lives as long as the worker: a connection stays where
/// it is, so nobody else has to open its cookie.
class RetryCookies {
 public:
  static constexpr std::size_t kMaxBytes = 160;
  /// Longer than any handshake: how long the second hello may take is for `[limits] handshake_timeout` to say, and over
  /// a bad link it takes minutes.
  static constexpr std::uint64_t kLifetimeMs = 24 * 3'600'000;

  /// Writes a cookie to `out` (kMaxBytes or more).
  Bytes seal(crypto::Aead& aead, Entropy& entropy, const RetriedHello& hello, MutableBytes out);
  /// forged_cookie, strange_cookie for one of another connection, expired_cookie.
  std::expected<RetriedHello, Error> open(crypto::Aead& aead, Bytes cookie, std::uint64_t connection,
                                          std::uint64_t now_unix_ms) const;

 private:
  crypto::AeadKey key_;
  std::uint64_t sealed_ = 0;  // cookies so far: nonces, so that none comes twice under the key
};

}  // namespace handsel::tls
