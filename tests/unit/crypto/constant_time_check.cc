// Secrets are marked as undefined memory, and Memcheck reports every branch and address that depends on one: the scalar
// arithmetic on nonces and private keys, and what looks at a decrypted block, must run clean. With the argument "leak"
// a branch on a secret is planted, which must be reported: otherwise the check sees nothing. (Valgrind knows no
// AVX-512, so the vector kernels are not run here.)
#include <valgrind/memcheck.h>

#include <array>
#include <cstdio>
#include <string_view>

#include "crypto/ed25519_order.h"
#include "crypto/p256_order.h"
#include "crypto/rsa_premaster.h"

using namespace handsel;
using namespace handsel::crypto;

int main(int count, char** arguments) {
  std::array<std::uint8_t, 32> secret{0x5a, 7, 3};
  VALGRIND_MAKE_MEM_UNDEFINED(secret.data(), secret.size());

  const OrderElement plain = order_from_bytes(secret);
  const OrderElement value = order_to_montgomery(plain);
  std::array<OrderElement, 3> together{value, order_mul(value, value), order_add(value, value)};
  order_invert_all(together);
  OrderElement result = order_from_montgomery(order_mul(order_invert(value), together[2]));
  std::array<std::uint8_t, 32> bytes;
  order_to_bytes(result, bytes);
  order_make_valid_scalar(secret);

  std::array<std::uint8_t, 64> hash{0x33};
  VALGRIND_MAKE_MEM_UNDEFINED(hash.data(), hash.size());
  const Ed25519Scalar nonce = ed25519_reduce(hash);
  std::array<std::uint8_t, 32> response;
  ed25519_to_bytes(ed25519_multiply_add(nonce, secret, nonce), response);

  std::array<std::uint8_t, 256> block{0, 2, 0x77};
  VALGRIND_MAKE_MEM_UNDEFINED(block.data(), block.size());
  std::array<std::uint8_t, kPremasterBytes> fallback{0x44};
  VALGRIND_MAKE_MEM_UNDEFINED(fallback.data(), fallback.size());
  std::array<std::uint8_t, kPremasterBytes> premaster;
  unwrap_premaster(block, 0x0303, fallback, premaster);

  if (count > 1 && std::string_view(arguments[1]) == "leak" && (secret[0] & 1) != 0) std::puts("planted");
  VALGRIND_MAKE_MEM_DEFINED(bytes.data(), bytes.size());
  VALGRIND_MAKE_MEM_DEFINED(response.data(), response.size());
  VALGRIND_MAKE_MEM_DEFINED(premaster.data(), premaster.size());
  std::printf("done: %d %d %d\n", bytes[0], response[0], premaster[0]);
}
