#pragma once
/// Public-key operations as plain data: what a suspended handshake waits for, and what fills a vector lane.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"
#include "base/time.h"

namespace handsel::crypto {

/// The kinds are queued apart, because only alike work shares a vector. Lengths in bytes.
enum class Kind : std::uint8_t {
  x25519_keygen,  ///< private_key[32] in (random; replaced when a banked pair is given), public_key[32] out
  x25519_shared,  ///< private_key[32], peer_public[32] in; shared_secret[32] out; all-zero output fails (RFC 7748 6.1)
  p256_keygen,    ///< private_key[32] in (random; reduced into [1, n-1] and written back, or replaced as above),
                  ///< public_key[65] out, uncompressed
  p256_ecdh,      ///< private_key[32], peer_public[65] in; shared_secret[32] out; a point off the curve fails
  ecdsa_p256_sign,  ///< key, message[32] (a digest) in; signature out in DER, at most 72
  rsa_pss_sign,     ///< key, message (a digest of 32, 48 or 64) in; signature out, modulus length; salt = digest length
  signature_verify,   ///< peer_key, algorithm, message (a digest of 32, 48 or 64), signature in; one that is not
                      ///< genuine, or not of the key's kind, fails
  ecdsa_p256_verify,  ///< the same where the key is on P-256 and the algorithm is ecdsa
  rsa_verify,         ///< the same where the key is an RSA key and the algorithm is rsa_pss or rsa_pkcs1
  ed25519_sign,       ///< key, message (all of it) in; signature[64] out
  ed25519_verify,     ///< as signature_verify, where key and algorithm are ed25519: message is all of it
  p384_keygen,        ///< private_key[48] in (random; reduced into [1, n-1] and written back), public_key[97] out
  p384_ecdh,          ///< private_key[48], peer_public[97] in; shared_secret[48] out; a point off the curve fails
  scalar_sign,        ///< no vector kernel has these: ecdsa on P-384, rsa_pkcs1. key, algorithm, message (a digest of
                      ///< 32, 48 or 64) in; signature out
  rsa_premaster,      ///< key, peer_public[modulus length] (what a client of TLS 1.2 encrypted), client_version in;
                      ///< shared_secret[48] out: the premaster secret, or, where anything is wrong in it, random bytes,
                      ///< in the same time (RFC 5246 7.4.7.1). Only a ciphertext of another length fails
};
inline constexpr std::size_t kKinds = 15;
std::string_view name_of(Kind kind);
/// True for the kinds that check a peer's signature.
constexpr bool checks_signature(Kind kind) {
  return kind == Kind::signature_verify || kind == Kind::ecdsa_p256_verify || kind == Kind::rsa_verify ||
         kind == Kind::ed25519_verify;
}

/// How a signature is made; its digest's length says which hash.
enum class SignatureAlgorithm : std::uint8_t {
  ecdsa,      ///< in DER (RFC 8446 4.2.3)
  rsa_pss,    ///< salt of the digest's length, MGF1 by the same hash
  rsa_pkcs1,  ///< RSASSA-PKCS1-v1_5: of TLS 1.2 alone
  ed25519,    ///< over the message itself instead of its digest (RFC 8032)
};

class PublicKey;  // crypto/public_key.h: a peer's, out of its certificate

/// Names a private key of the KeyStore; nothing outside the back ends can read the key behind it.
struct KeyId {
  std::uint32_t value = ~0u;
  explicit operator bool() const { return value != ~0u; }
  friend bool operator==(KeyId, KeyId) = default;
};

enum class Status : std::uint8_t {
  idle,     ///< not submitted
  waiting,  ///< in the stage
  done,
  invalid_input,  ///< the peer's point, share or signature is not acceptable
  failed,         ///< our own fault: a key of the wrong kind, a computation that failed its check
};

/// One operation. The memory behind the spans must outlive it; it lives in the waiting coroutine's frame.
struct Operation {
  Kind kind{};
  Status status = Status::idle;
  SignatureAlgorithm algorithm{};
  std::uint16_t client_version = 0;  ///< rsa_premaster: the ClientHello's legacy_version
  KeyId key;
  const PublicKey* peer_key = nullptr;
  MutableBytes private_key;
  Bytes peer_public;
  MutableBytes public_key;
  MutableBytes shared_secret;
  Bytes message;
  MutableBytes
      signature;  ///< room; after success its first signature_bytes are the signature; to be verified: all of it
  std::size_t signature_bytes = 0;
  Instant submitted{};        ///< set by the stage
  std::uint64_t owner = 0;    ///< the submitter's mark: a flow's handle, given back on completion
  bool prompt = false;        ///< of a resumption: goes before others where they queue
  std::uint32_t job = 0;      ///< a RemoteStage's own: which of its jobs carries this
  Operation* next = nullptr;  ///< the stage's queue link
};

}  // namespace handsel::crypto
