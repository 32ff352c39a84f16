#pragma once
/// Integers modulo L, the order of Ed25519's base point (RFC 8032 5.1), in constant time.

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/montgomery256.h"

namespace handsel::crypto {

/// A value below L in plain form; little-endian in bytes. Secret: wipe() it when spent.
struct Ed25519Scalar {
  Limbs256 limb{};
  void wipe() { secure_wipe(limb.data(), sizeof limb); }
};

/// True for 32 bytes that stand for a number below L, as a signature's second half must (RFC 8032 5.1.7).
bool ed25519_is_reduced(Bytes bytes);
/// 64 bytes of a hash modulo L.
Ed25519Scalar ed25519_reduce(Bytes hash);
/// factor·number + addend modulo L, for any number of 32 bytes.
Ed25519Scalar ed25519_multiply_add(const Ed25519Scalar& factor, Bytes number, const Ed25519Scalar& addend);
void ed25519_to_bytes(const Ed25519Scalar& value, MutableBytes bytes);

}  // namespace handsel::crypto
