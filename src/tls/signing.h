#pragma once
/// Our signature in the making (RFC 8446 4.4.3, RFC 8422 5.4, RFC 5246 7.4.8).

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "crypto/operation.h"
#include "tls/config.h"
#include "tls/signature_schemes.h"

namespace handsel::tls {

inline constexpr std::size_t kMaxSignatureBytes = 1'024;  // RSA of 8192 bits

/// What is signed, and room for the signature. Lives in a coroutine's frame while the stage computes.
struct Signing {
  std::array<std::uint8_t, kMaxSignedBytes> content;
  std::array<std::uint8_t, kMaxSignatureBytes> signature;
  std::size_t signature_bytes = 0;  ///< 0: there is none

  /// Signs `to_sign`, at most kMaxSignedBytes. The scheme is one for this credential.
  crypto::Operation operation(const Credential& credential, SignatureScheme scheme, Bytes to_sign);
  /// Signs what has been hashed already, by the scheme's hash.
  crypto::Operation operation_on_digest(const Credential& credential, SignatureScheme scheme, Bytes digest);

 private:
  crypto::Operation operation_on(const Credential& credential, const SchemeTraits& traits, MutableBytes message);
};

}  // namespace handsel::tls
