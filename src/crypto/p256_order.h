#pragma once
/// Integers modulo n, the order of P-256's base point (FIPS 186-5, SP 800-186 3.2.1.3), in constant time.
/// Four 64-bit limbs, little-endian; products are Montgomery's (R = 2^256).

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/secret.h"

namespace handsel::crypto {

/// A value below n, in plain or Montgomery form as the function says. Secret: wipe() it when spent.
struct OrderElement {
  std::array<std::uint64_t, 4> limb{};
  void wipe() { secure_wipe(limb.data(), sizeof limb); }
};

/// 32 big-endian bytes, reduced modulo n.
OrderElement order_from_bytes(Bytes bytes);
void order_to_bytes(const OrderElement& value, MutableBytes bytes);
/// True for 1 <= bytes < n: a valid private key or nonce.
bool order_is_valid_scalar(Bytes bytes);
/// Brings 32 random bytes into [1, n-1]. Off uniform by less than 2^-32: for ephemeral keys, not for nonces.
void order_make_valid_scalar(MutableBytes bytes);

bool order_is_zero(const OrderElement& value);
/// a + b mod n.
OrderElement order_add(const OrderElement& a, const OrderElement& b);
/// a * b / 2^256 mod n.
OrderElement order_mul(const OrderElement& a, const OrderElement& b);
/// Plain to Montgomery form and back.
OrderElement order_to_montgomery(const OrderElement& value);
OrderElement order_from_montgomery(const OrderElement& value);
/// 1/a, both in Montgomery form; zero for zero.
OrderElement order_invert(const OrderElement& a);
/// Inverts up to 8 values in place for the price of one inversion (Montgomery's trick). None may be zero: it would make
/// all zero.
void order_invert_all(std::span<OrderElement> values);

}  // namespace handsel::crypto
