#include "crypto/p256_order.h"

#include <cassert>

#include "crypto/kernels/safegcd.inl"

namespace handsel::crypto {
namespace {

using Wide = unsigned __int128;

constexpr std::array<std::uint64_t, 4> kOrder{0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff,
                                              0xffffffff00000000};
constexpr std::array<std::uint64_t, 4> kRSquared{0x83244c95be79eea2, 0x4699799c49bd6fa6, 0x2845b2392b6bec59,
                                                 0x66e12d94f3d95620};  // 2^512 mod n
constexpr std::array<std::uint64_t, 4> kRCubed{0xac8ebec90b65a624, 0x111f28ae0c0555c9, 0x2543b9246ba5e93f,
                                               0x503a54e76407be65};  // 2^768 mod n
constexpr std::uint64_t kNegatedInverse = 0xccd1c8aaee00bc4f;        // -1/n mod 2^64

/// A mask that the optimiser cannot see through, so that no branch comes back where there is none.
std::uint64_t opaque(std::uint64_t mask) {
  __asm__("" : "+r"(mask));
  return mask;
}

/// value - n, and all ones when that is negative.
std::uint64_t subtract_order(const std::array<std::uint64_t, 4>& value, std::array<std::uint64_t, 4>& difference) {
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const Wide d = static_cast<Wide>(value[i]) - kOrder[i] - borrow;
    difference[i] = static_cast<std::uint64_t>(d);
    borrow = static_cast<std::uint64_t>(d >> 64) & 1;
  }
  return 0 - borrow;
}

/// For a value below 2n whose 257th bit is `carry`.
OrderElement reduce_once(const std::array<std::uint64_t, 4>& value, std::uint64_t carry) {
  OrderElement reduced;
  const std::uint64_t below = subtract_order(value, reduced.limb);
  const std::uint64_t keep = opaque(below & (carry - 1));
  for (std::size_t i = 0; i < 4; ++i) reduced.limb[i] = (value[i] & keep) | (reduced.limb[i] & ~keep);
  return reduced;
}

std::array<std::uint64_t, 4> load(Bytes bytes) {
  assert(bytes.size() == 32);
  return {load_be64(&bytes[24]), load_be64(&bytes[16]), load_be64(&bytes[8]), load_be64(&bytes[0])};
}

}  // namespace

OrderElement order_from_bytes(Bytes bytes) { return reduce_once(load(bytes), 0); }

void order_to_bytes(const OrderElement& value, MutableBytes bytes) {
  assert(bytes.size() == 32);
  for (std::size_t i = 0; i < 4; ++i) store_be64(&bytes[8 * i], value.limb[3 - i]);
}

bool order_is_zero(const OrderElement& value) {
  return opaque(value.limb[0] | value.limb[1] | value.limb[2] | value.limb[3]) == 0;
}

bool order_is_valid_scalar(Bytes bytes) {
  OrderElement value{load(bytes)};
  std::array<std::uint64_t, 4> difference;
  const bool valid = subtract_order(value.limb, difference) != 0 && !order_is_zero(value);
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

OrderElement order_add(const OrderElement& a, const OrderElement& b) {
  std::array<std::uint64_t, 4> sum;
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const Wide s = static_cast<Wide>(a.limb[i]) + b.limb[i] + carry;
    sum[i] = static_cast<std::uint64_t>(s);
    carry = static_cast<std::uint64_t>(s >> 64);
  }
  return reduce_once(sum, carry);
}

OrderElement order_mul(const OrderElement& a, const OrderElement& b) {
  // Montgomery's product, a limb of a at a time (coarsely integrated operand scanning). The accumulator stays below 2n.
  std::array<std::uint64_t, 6> t{};
  for (std::size_t i = 0; i < 4; ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const Wide p = static_cast<Wide>(a.limb[i]) * b.limb[j] + t[j] + carry;
      t[j] = static_cast<std::uint64_t>(p);
      carry = static_cast<std::uint64_t>(p >> 64);
    }
    const Wide top = static_cast<Wide>(t[4]) + carry;
    t[4] = static_cast<std::uint64_t>(top);
    t[5] = static_cast<std::uint64_t>(top >> 64);

    const std::uint64_t m = t[0] * kNegatedInverse;
    carry = static_cast<std::uint64_t>((static_cast<Wide>(m) * kOrder[0] + t[0]) >> 64);
    for (std::size_t j = 1; j < 4; ++j) {
      const Wide p = static_cast<Wide>(m) * kOrder[j] + t[j] + carry;
      t[j - 1] = static_cast<std::uint64_t>(p);
      carry = static_cast<std::uint64_t>(p >> 64);
    }
    const Wide high = static_cast<Wide>(t[4]) + carry;
    t[3] = static_cast<std::uint64_t>(high);
    t[4] = t[5] + static_cast<std::uint64_t>(high >> 64);
  }
  return reduce_once({t[0], t[1], t[2], t[3]}, t[4]);
}

OrderElement order_to_montgomery(const OrderElement& value) { return order_mul(value, OrderElement{kRSquared}); }

OrderElement order_from_montgomery(const OrderElement& value) { return order_mul(value, OrderElement{{1, 0, 0, 0}}); }

OrderElement order_invert(const OrderElement& a) {
  static constexpr Modulus kModulus =
      make_modulus({0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000});
  std::uint64_t value[4] = {a.limb[0], a.limb[1], a.limb[2], a.limb[3]};
  std::uint64_t inverse[4];
  safegcd_inverse(kModulus, value, inverse);
  // The inverse of a·R is a factor of R² short of the Montgomery form of 1/a.
  const OrderElement result = order_mul({{inverse[0], inverse[1], inverse[2], inverse[3]}}, OrderElement{kRCubed});
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
