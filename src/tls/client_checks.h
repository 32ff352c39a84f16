#pragma once
/// What a client checks of a server's messages in either version.

#include <array>
#include <expected>
#include <span>

#include "base/bytes.h"
#include "crypto/operation.h"
#include "crypto/public_key.h"
#include "tls/client_offer.h"
#include "tls/handshake.h"
#include "tls/protocol.h"
#include "tls/signing.h"

namespace handsel::tls {

/// Goes through a ServerHello's extensions (or a HelloRetryRequest's, an EncryptedExtensions', …): each must be one of
/// `allowed`. Another one is misplaced when it was offered, and unsolicited when not (RFC 8446 4.2).
Error check_extensions(const ClientOffer& offer, Bytes block, std::span<const ExtensionType> allowed);

/// Takes the one application protocol of a server's answer (RFC 7301 3.1).
Error take_protocol(Handshake& handshake, Bytes extension);

/// Certificates of a server's message as they are gathered.
class ShownChain {
 public:
  /// False when there are more than limits::kMaxPeerCertificates.
  bool add(Bytes der) {
    if (count_ == chain_.size()) return false;
    chain_[count_++] = der;
    return true;
  }
  std::span<const Bytes> view() const { return std::span(chain_).first(count_); }

 private:
  std::array<Bytes, limits::kMaxPeerCertificates> chain_;
  std::size_t count_ = 0;
};

/// Judges the certificates that the peer has shown (its own first) by the configuration.
std::expected<crypto::PublicKey, Error> judge_chain(Handshake& handshake, std::span<const Bytes> chain);

/// A server's signature that waits to be checked. Its content and bytes outlive the message; lives in a coroutine's
/// frame while the stage computes, and does not move.
struct SignatureCheck {
  crypto::PublicKey key;
  std::array<std::uint8_t, kMaxSignedBytes> content{};
  std::array<std::uint8_t, kMaxSignatureBytes> signature{};
  crypto::Operation operation;

  /// Sets the operation up to check that the key has signed `signed_content`. scheme_not_offered unless the scheme was
  /// offered for this version and fits the key.
  Error prepare(SignatureScheme scheme, Bytes signature_bytes, Version version, Bytes signed_content, Info& info);
  /// The same for what has been hashed already, by the scheme's hash.
  Error prepare_on_digest(SignatureScheme scheme, Bytes signature_bytes, Version version, Bytes digest);

 private:
  Error set_up(const SchemeTraits* traits, Bytes signature_bytes, Version version);
};

}  // namespace handsel::tls
