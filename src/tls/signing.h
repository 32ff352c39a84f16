#pragma once
/// Our signature in the making (RFC 8446 4.4.3, RFC 8422 5.4, RFC 5246 7.4.8).

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "crypto/operation.h"
#include "tls/config.h"
#include "tls/coroutine.h"
#include "tls/signature_schemes.h"

namespace handsel::tls {

inline constexpr std::size_t kMaxSignatureBytes = 1'024;  // RSA of 8192 bits

/// The longest that a key of this kind makes.
constexpr std::size_t max_signature_bytes(CredentialKind kind) {
  if (kind == CredentialKind::ecdsa_p256) return 72;
  if (kind == CredentialKind::ecdsa_p384) return 104;
  return kind == CredentialKind::ed25519 ? 64 : kMaxSignatureBytes;
}

/// What is signed, and room for the signature. Lives in a coroutine's frame while the stage computes.
struct Signing {
  /// `most`: the signature's length, at most; 0 when none is to be made.
  Signing(FrameStack& frames, std::size_t most) : room(frames, most) {}

  std::array<std::uint8_t, kMaxSignedBytes> content;
  FrameRoom room;
  std::size_t signature_bytes = 0;  ///< 0: there is none

  /// False when the handshake's memory has no room for it.
  explicit operator bool() const { return static_cast<bool>(room); }
  Bytes signature() const { return room.view().first(signature_bytes); }

  /// Signs `to_sign`, at most kMaxSignedBytes. The scheme is one for this credential.
  crypto::Operation operation(const Credential& credential, SignatureScheme scheme, Bytes to_sign);
  /// Signs what has been hashed already, by the scheme's hash.
  crypto::Operation operation_on_digest(const Credential& credential, SignatureScheme scheme, Bytes digest);

 private:
  crypto::Operation operation_on(const Credential& credential, const SchemeTraits& traits, MutableBytes message);
};

}  // namespace handsel::tls
