#include "crypto/ed25519_order.h"

#include <cassert>
#include <cstring>

namespace handsel::crypto {
namespace {

constexpr Montgomery256 kL{.modulus{0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0x0000000000000000, 0x1000000000000000},
                           .r_squared{0xa40611e3449c0f01, 0xd00e1ba768859347, 0xceec73d217f5be65, 0x0399411b7c309a3d},
                           .r_cubed{0x2a9e49687b83a2db, 0x278324e6aef7f3ec, 0x8065dc6c04ec5b65, 0x0e530b773599cec7},
                           .negated_inverse = 0xd2b51da312547e1b};

Limbs256 load(Bytes bytes) {
  assert(bytes.size() == 32);
  Limbs256 limbs;
  std::memcpy(limbs.data(), bytes.data(), sizeof limbs);
  return limbs;
}

}  // namespace

bool ed25519_is_reduced(Bytes bytes) {
  Limbs256 difference;
  return subtract_modulus<kL>(load(bytes), difference) != 0;
}

Ed25519Scalar ed25519_reduce(Bytes hash) {
  // low + high·R: both come out as Montgomery forms, the first by R², the second by R³.
  Limbs256 low = multiply_modular<kL>(load(hash.first(32)), kL.r_squared);
  Limbs256 high = multiply_modular<kL>(load(hash.subspan(32)), kL.r_cubed);
  Limbs256 sum = add_modular<kL>(low, high);
  const Ed25519Scalar result{multiply_modular<kL>(sum, {1, 0, 0, 0})};
  for (Limbs256* spent : {&low, &high, &sum}) secure_wipe(spent->data(), sizeof *spent);
  return result;
}

Ed25519Scalar ed25519_multiply_add(const Ed25519Scalar& factor, Bytes number, const Ed25519Scalar& addend) {
  Limbs256 limbs = load(number);
  Limbs256 product = multiply_modular<kL>(limbs, multiply_modular<kL>(factor.limb, kL.r_squared));
  const Ed25519Scalar result{add_modular<kL>(product, addend.limb)};
  secure_wipe(limbs.data(), sizeof limbs);
  secure_wipe(product.data(), sizeof product);
  return result;
}

void ed25519_to_bytes(const Ed25519Scalar& value, MutableBytes bytes) {
  assert(bytes.size() == 32);
  std::memcpy(bytes.data(), value.limb.data(), 32);
}

}  // namespace handsel::crypto
