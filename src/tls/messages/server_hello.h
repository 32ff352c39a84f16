#pragma once
/// ServerHello and HelloRetryRequest, which share one form (RFC 8446 4.1.3, 4.1.4).

#include <array>
#include <expected>

#include "base/bytes.h"
#include "tls/alert.h"
#include "tls/codec.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// The random that makes a ServerHello a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 8446 4.1.3).
inline constexpr std::array<std::uint8_t, kRandomBytes> kRetryRandom = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/// Views into the message's memory.
struct ServerHello {
  Version legacy_version = Version::tls12;
  Bytes random;      ///< 32 bytes
  Bytes session_id;  ///< the client's, echoed
  CipherSuite suite{};
  std::uint8_t compression_method = 0;
  bool has_extensions = false;
  Bytes extensions;  ///< the block as it stands, without its length

  Found supported_versions;
  Found key_share;
  Found pre_shared_key;
  Found cookie;

  bool is_retry_request() const;
  /// `body` is the message without its header.
  static std::expected<ServerHello, Error> parse(Bytes body);
  /// Writes the whole message; of the extensions, the block `extensions`.
  void emit(Writer& writer) const;
};

}  // namespace handsel::tls
