#pragma once
/// An ephemeral key exchange: the memory its operations work on (RFC 8446 4.2.8, 7.4.2).

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/entropy.h"
#include "base/secret.h"
#include "crypto/operation.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// Lives in a coroutine's frame while the stage computes. Wiped with it.
class KeyExchange {
 public:
  explicit KeyExchange(NamedGroup group) : group_(group) {}

  NamedGroup group() const { return group_; }
  /// False when the peer's share has not the group's length.
  bool set_peer(Bytes share) {
    if (share.size() != key_share_bytes(group_)) return false;
    std::ranges::copy(share, peer_.begin());
    return true;
  }
  /// Draws a private key; the operation computes its public key.
  crypto::Operation generation(Entropy& entropy) {
    entropy.fill(private_.fill(scalar_bytes()));
    crypto::Operation operation;
    operation.kind = generation_kind();
    operation.private_key = private_.fill(scalar_bytes());
    operation.public_key = MutableBytes(public_).first(key_share_bytes(group_));
    return operation;
  }
  /// After generation() has succeeded and set_peer().
  crypto::Operation agreement() {
    crypto::Operation operation;
    operation.kind = agreement_kind();
    operation.private_key = private_.fill(scalar_bytes());
    operation.peer_public = Bytes(peer_).first(key_share_bytes(group_));
    operation.shared_secret = shared_.fill(scalar_bytes());
    return operation;
  }
  Bytes share() const { return Bytes(public_).first(key_share_bytes(group_)); }
  Bytes shared_secret() const { return shared_.view(); }

 private:
  // A private key is as long as the shared secret in each of these groups.
  std::size_t scalar_bytes() const { return group_ == NamedGroup::secp384r1 ? 48 : 32; }
  crypto::Kind generation_kind() const {
    if (group_ == NamedGroup::secp384r1) return crypto::Kind::p384_keygen;
    return group_ == NamedGroup::x25519 ? crypto::Kind::x25519_keygen : crypto::Kind::p256_keygen;
  }
  crypto::Kind agreement_kind() const {
    if (group_ == NamedGroup::secp384r1) return crypto::Kind::p384_ecdh;
    return group_ == NamedGroup::x25519 ? crypto::Kind::x25519_shared : crypto::Kind::p256_ecdh;
  }

  NamedGroup group_;
  Secret<48> private_;
  Secret<48> shared_;
  std::array<std::uint8_t, 97> public_{};
  std::array<std::uint8_t, 97> peer_{};
};

}  // namespace handsel::tls
