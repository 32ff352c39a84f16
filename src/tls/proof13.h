#pragma once
/// How either side of TLS 1.3 proves itself: CertificateVerify and Finished (RFC 8446 4.4.3, 4.4.4).

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "tls/config.h"
#include "tls/inbox.h"
#include "tls/key_schedule13.h"
#include "tls/messages/certificate.h"
#include "tls/transcript.h"

namespace handsel::tls {

inline constexpr std::size_t kMaxSignatureBytes = 1'024;  // RSA of 8192 bits

/// A CertificateVerify in the making: what is signed, and room for the signature.
struct Signing {
  std::array<std::uint8_t, crypto::kMaxDigestBytes> digest{};
  std::array<std::uint8_t, kMaxSignatureBytes> signature{};
  std::size_t signature_bytes = 0;  ///< 0: there is none

  /// `context` is one of kServerSignatureContext and kClientSignatureContext; `transcript_hash` runs through
  /// Certificate.
  crypto::Operation operation(const Credential& credential, SignatureScheme scheme, std::string_view context,
                              Bytes transcript_hash);
  /// The same for a digest that is signed as it stands: hash_to_sign(scheme) says of which hash.
  crypto::Operation operation(const Credential& credential, Bytes signed_digest);
};
/// By which hash one of our credentials signs.
crypto::HashId hash_to_sign(SignatureScheme scheme);

/// Compares the peer's Finished with what its secret makes of the transcript up to there.
Error check_finished13(const Message& message, const TrafficSecret& secret, const Transcript& transcript);

/// Writes ours, whole, and adds it to the transcript.
Bytes write_finished13(MutableBytes out, const TrafficSecret& secret, Transcript& transcript);

}  // namespace handsel::tls
