#include "tls/signature_schemes.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace handsel::tls {
namespace {

using crypto::HashId;
using crypto::KeyAlgorithm;
using crypto::SignatureAlgorithm;

constexpr auto kSchemes = std::to_array<SchemeTraits>({
    {SignatureScheme::ecdsa_secp256r1_sha256, KeyAlgorithm::p256, SignatureAlgorithm::ecdsa, HashId::sha256},
    {SignatureScheme::ecdsa_secp384r1_sha384, KeyAlgorithm::p384, SignatureAlgorithm::ecdsa, HashId::sha384},
    {SignatureScheme::ed25519, KeyAlgorithm::ed25519, SignatureAlgorithm::ed25519, std::nullopt},
    {SignatureScheme::rsa_pss_rsae_sha256, KeyAlgorithm::rsa, SignatureAlgorithm::rsa_pss, HashId::sha256},
    {SignatureScheme::rsa_pss_rsae_sha384, KeyAlgorithm::rsa, SignatureAlgorithm::rsa_pss, HashId::sha384},
    {SignatureScheme::rsa_pss_rsae_sha512, KeyAlgorithm::rsa, SignatureAlgorithm::rsa_pss, HashId::sha512},
    // The same by keys that are for nothing else: the certificate's algorithm tells which schemes are meant.
    {SignatureScheme::rsa_pss_pss_sha256, KeyAlgorithm::rsa_pss, SignatureAlgorithm::rsa_pss, HashId::sha256},
    {SignatureScheme::rsa_pss_pss_sha384, KeyAlgorithm::rsa_pss, SignatureAlgorithm::rsa_pss, HashId::sha384},
    {SignatureScheme::rsa_pss_pss_sha512, KeyAlgorithm::rsa_pss, SignatureAlgorithm::rsa_pss, HashId::sha512},
    // PKCS #1 v1.5 signs no TLS 1.3 handshake (RFC 8446 4.2.3).
    {SignatureScheme::rsa_pkcs1_sha256, KeyAlgorithm::rsa, SignatureAlgorithm::rsa_pkcs1, HashId::sha256, false},
    {SignatureScheme::rsa_pkcs1_sha384, KeyAlgorithm::rsa, SignatureAlgorithm::rsa_pkcs1, HashId::sha384, false},
    {SignatureScheme::rsa_pkcs1_sha512, KeyAlgorithm::rsa, SignatureAlgorithm::rsa_pkcs1, HashId::sha512, false},
});

KeyAlgorithm key_of(CredentialKind kind) {
  switch (kind) {
    case CredentialKind::ecdsa_p256:
      return KeyAlgorithm::p256;
    case CredentialKind::ecdsa_p384:
      return KeyAlgorithm::p384;
    case CredentialKind::ed25519:
      return KeyAlgorithm::ed25519;
    case CredentialKind::rsa:
      return KeyAlgorithm::rsa;
    case CredentialKind::rsa_pss:
      return KeyAlgorithm::rsa_pss;
  }
  return KeyAlgorithm::rsa;
}

}  // namespace

const SchemeTraits* find_scheme(SignatureScheme scheme) {
  const auto* found = std::ranges::find(kSchemes, scheme, &SchemeTraits::scheme);
  return found == kSchemes.end() ? nullptr : found;
}

bool fits(const SchemeTraits& traits, Version version, KeyAlgorithm key) {
  if (version == Version::tls13) return traits.in_tls13 && traits.key == key;
  if (traits.algorithm == SignatureAlgorithm::ecdsa) return key == KeyAlgorithm::p256 || key == KeyAlgorithm::p384;
  return traits.key == key;
}

// In the order of the table, and ECDSA with the curve's own hash in either version.
SignatureScheme common_scheme(CredentialKind kind, Version version, U16List offered) {
  for (const SchemeTraits& traits : kSchemes)
    if (traits.key == key_of(kind) && fits(traits, version, traits.key) && offered.contains(traits.scheme))
      return traits.scheme;
  return SignatureScheme::none;
}

MutableBytes to_be_signed(const SchemeTraits& traits, Bytes content, MutableBytes out) {
  assert(content.size() <= kMaxSignedBytes && out.size() >= kMaxSignedBytes);
  if (!traits.hash) {
    std::ranges::copy(content, out.begin());
    return out.first(content.size());
  }
  const MutableBytes digest = out.first(crypto::digest_bytes(*traits.hash));
  crypto::Hash hash(*traits.hash);
  hash.update(content);
  hash.finish(digest);
  return digest;
}

}  // namespace handsel::tls
