#pragma once
/// What the signature schemes are made of, and who may use which (RFC 8446 4.2.3, RFC 8422 5.1.3).

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "crypto/hash.h"
#include "crypto/key_store.h"
#include "crypto/operation.h"
#include "tls/codec.h"
#include "tls/config.h"
#include "tls/protocol.h"

namespace handsel::tls {

struct SchemeTraits {
  SignatureScheme scheme{};
  crypto::KeyAlgorithm key{};
  crypto::SignatureAlgorithm algorithm{};
  std::optional<crypto::HashId> hash;  ///< nothing: the content itself is signed
  bool in_tls13 = true;                ///< signs handshakes of TLS 1.3 too
};

/// Nullptr for schemes that are not spoken.
const SchemeTraits* find_scheme(SignatureScheme scheme);

/// True when a handshake of this version may be signed so by this kind of key. In TLS 1.2 a scheme of ECDSA names its
/// hash and leaves the curve open.
bool fits(const SchemeTraits& traits, Version version, crypto::KeyAlgorithm key);

/// True when a CertificateVerify of TLS 1.2 can be made or checked from the hashes of all messages that are kept.
inline bool can_sign_transcript12(const SchemeTraits& traits) {
  return traits.hash && *traits.hash != crypto::HashId::sha512;
}

/// The scheme in which a credential of this kind signs for a peer that verifies `offered`; none when there is none.
SignatureScheme common_scheme(CredentialKind kind, Version version, U16List offered);

/// The longest content that is signed: of a ServerKeyExchange with a share on P-384; a CertificateVerify's is shorter.
inline constexpr std::size_t kMaxSignedBytes = 2 * kRandomBytes + 4 + 97;

/// Writes what is given to the operation for a content of at most kMaxSignedBytes: its digest, or itself.
MutableBytes to_be_signed(const SchemeTraits& traits, Bytes content, MutableBytes out);

}  // namespace handsel::tls
