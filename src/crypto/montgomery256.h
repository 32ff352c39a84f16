#pragma once
/// Products modulo an odd number of up to 256 bits by Montgomery's method (R = 2^256), in constant time: the arithmetic
/// under the orders of the groups that are signed in. Four 64-bit limbs, little-endian.

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/secret.h"

namespace handsel::crypto {

using Limbs256 = std::array<std::uint64_t, 4>;

/// A modulus and what follows from it.
struct Montgomery256 {
  Limbs256 modulus;
  Limbs256 r_squared;               ///< 2^512 modulo it
  Limbs256 r_cubed;                 ///< 2^768 modulo it
  std::uint64_t negated_inverse{};  ///< -1/modulus modulo 2^64
};

/// A mask that the optimiser cannot see through, so that no branch comes back where there is none.
inline std::uint64_t opaque(std::uint64_t mask) {
  __asm__("" : "+r"(mask));
  return mask;
}

/// value - modulus, and all ones when that is negative.
template <const Montgomery256& M>
std::uint64_t subtract_modulus(const Limbs256& value, Limbs256& difference) {
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto d = static_cast<unsigned __int128>(value[i]) - M.modulus[i] - borrow;
    difference[i] = static_cast<std::uint64_t>(d);
    borrow = static_cast<std::uint64_t>(d >> 64) & 1;
  }
  return 0 - borrow;
}

/// For a value below twice the modulus whose 257th bit is `carry`.
template <const Montgomery256& M>
Limbs256 reduce_once(const Limbs256& value, std::uint64_t carry) {
  Limbs256 reduced;
  const std::uint64_t below = subtract_modulus<M>(value, reduced);
  const std::uint64_t keep = opaque(below & (carry - 1));
  for (std::size_t i = 0; i < 4; ++i) reduced[i] = (value[i] & keep) | (reduced[i] & ~keep);
  return reduced;
}

/// a + b, both reduced.
template <const Montgomery256& M>
Limbs256 add_modular(const Limbs256& a, const Limbs256& b) {
  Limbs256 sum;
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto s = static_cast<unsigned __int128>(a[i]) + b[i] + carry;
    sum[i] = static_cast<std::uint64_t>(s);
    carry = static_cast<std::uint64_t>(s >> 64);
  }
  return reduce_once<M>(sum, carry);
}

/// a·b/2^256, reduced, for any a and a reduced b: a limb of a at a time (coarsely integrated operand scanning). The
/// accumulator stays below twice the modulus, as a/2^256 is below 1.
template <const Montgomery256& M>
Limbs256 multiply_modular(const Limbs256& a, const Limbs256& b) {
  using Wide = unsigned __int128;
  std::array<std::uint64_t, 6> t{};
  for (std::size_t i = 0; i < 4; ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const Wide p = static_cast<Wide>(a[i]) * b[j] + t[j] + carry;
      t[j] = static_cast<std::uint64_t>(p);
      carry = static_cast<std::uint64_t>(p >> 64);
    }
    const Wide top = static_cast<Wide>(t[4]) + carry;
    t[4] = static_cast<std::uint64_t>(top);
    t[5] = static_cast<std::uint64_t>(top >> 64);

    const std::uint64_t m = t[0] * M.negated_inverse;
    carry = static_cast<std::uint64_t>((static_cast<Wide>(m) * M.modulus[0] + t[0]) >> 64);
    for (std::size_t j = 1; j < 4; ++j) {
      const Wide p = static_cast<Wide>(m) * M.modulus[j] + t[j] + carry;
      t[j - 1] = static_cast<std::uint64_t>(p);
      carry = static_cast<std::uint64_t>(p >> 64);
    }
    const Wide high = static_cast<Wide>(t[4]) + carry;
    t[3] = static_cast<std::uint64_t>(high);
    t[4] = t[5] + static_cast<std::uint64_t>(high >> 64);
  }
  return reduce_once<M>({t[0], t[1], t[2], t[3]}, t[4]);
}

}  // namespace handsel::crypto
