#include "crypto/p256_order.h"

#include <cassert>

#include "crypto/kernels/safegcd.inl"
#include "crypto/montgomery256.h"

namespace handsel::crypto {
namespace {

constexpr Montgomery256 kOrder{
    .modulus{0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000},
    .r_squared{0x83244c95be79eea2, 0x4699799c49bd6fa6, 0x2845b2392b6bec59, 0x66e12d94f3d95620},
    .r_cubed{0xac8ebec90b65a624, 0x111f28ae0c0555c9, 0x2543b9246ba5e93f, 0x503a54e76407be65},
    .negated_inverse = 0xccd1c8aaee00bc4f};

Limbs256 load(Bytes bytes) {
  assert(bytes.size() == 32);
  return {load_be64(&bytes[24]), load_be64(&bytes[16]), load_be64(&bytes[8]), load_be64(&bytes[0])};
}

}  // namespace

OrderElement order_from_bytes(Bytes bytes) { return {reduce_once<kOrder>(load(bytes), 0)}; }

void order_to_bytes(const OrderElement& value, MutableBytes bytes) {
  assert(bytes.size() == 32);
  for (std::size_t i = 0; i < 4; ++i) store_be64(&bytes[8 * i], value.limb[3 - i]);
}

bool order_is_zero(const OrderElement& value) {
  return opaque(value.limb[0] | value.limb[1] | value.limb[2] | value.limb[3]) == 0;
}

bool order_is_valid_scalar(Bytes bytes) {
  OrderElement value{load(bytes)};
  Limbs256 difference;
  const bool valid = subtract_modulus<kOrder>(value.limb, difference) != 0 && !order_is_zero(value);
  value.wipe();
  secure_wipe(difference.data(), sizeof difference);
  return valid;
}

void order_make_valid_scalar(MutableBytes bytes) {
  OrderElement value = order_from_bytes(bytes);
  const std::uint64_t any = value.limb[0] | value.limb[1] | value.limb[2] | value.limb[3];
  value.limb[0] |= opaque(1 ^ ((any | (0 - any)) >> 63));  // zero becomes one
  order_to_bytes(value, bytes);
  value.wipe();
}

OrderElement order_add(const OrderElement& a, const OrderElement& b) { return {add_modular<kOrder>(a.limb, b.limb)}; }

OrderElement order_mul(const OrderElement& a, const OrderElement& b) {
  return {multiply_modular<kOrder>(a.limb, b.limb)};
}

OrderElement order_to_montgomery(const OrderElement& value) { return order_mul(value, OrderElement{kOrder.r_squared}); }

OrderElement order_from_montgomery(const OrderElement& value) { return order_mul(value, OrderElement{{1, 0, 0, 0}}); }

OrderElement order_invert(const OrderElement& a) {
  static constexpr Modulus kModulus =
      make_modulus({0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000});
  std::uint64_t value[4] = {a.limb[0], a.limb[1], a.limb[2], a.limb[3]};
  std::uint64_t inverse[4];
  safegcd_inverse(kModulus, value, inverse);
  // The inverse of a·R is a factor of R² short of the Montgomery form of 1/a.
  const OrderElement result =
      order_mul({{inverse[0], inverse[1], inverse[2], inverse[3]}}, OrderElement{kOrder.r_cubed});
  secure_wipe(value, sizeof value);
  secure_wipe(inverse, sizeof inverse);
  return result;
}

void order_invert_all(std::span<OrderElement> values) {
  constexpr std::size_t kMost = 8;
  assert(!values.empty() && values.size() <= kMost);
  std::array<OrderElement, kMost> product;  // of the values up to this one
  product[0] = values[0];
  for (std::size_t i = 1; i < values.size(); ++i) product[i] = order_mul(product[i - 1], values[i]);
  OrderElement inverse = order_invert(product[values.size() - 1]);
  for (std::size_t i = values.size() - 1; i > 0; --i) {
    const OrderElement own = order_mul(inverse, product[i - 1]);
    inverse = order_mul(inverse, values[i]);
    values[i] = own;
  }
  values[0] = inverse;
  secure_wipe(product.data(), sizeof product);
  inverse.wipe();
}

}  // namespace handsel::crypto
