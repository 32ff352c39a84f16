#include "crypto/rsa_key.h"

#include <openssl/core_names.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/openssl_handle.h"

namespace handsel::crypto {
namespace {

constexpr std::uint64_t kMask52 = (std::uint64_t{1} << 52) - 1;

BnHandle parameter(EVP_PKEY* pkey, const char* name) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(pkey, name, &number);
  return BnHandle(number);
}

/// 64-bit words, lowest first; false when the number does not fit.
template <std::size_t Words>
bool to_words(const BnHandle& number, std::uint64_t (&words)[Words]) {
  std::array<std::uint8_t, 8 * Words> bytes;
  const bool fits = number && BN_bn2lebinpad(number.get(), bytes.data(), 8 * Words) == 8 * Words;
  if (fits) std::memcpy(words, bytes.data(), sizeof words);
  secure_wipe(bytes);
  return fits;
}

/// Limbs of 52 bits, lowest first.
template <std::size_t Limbs>
bool to_limbs(const BnHandle& number, std::uint64_t (&limbs)[Limbs]) {
  constexpr std::size_t kWords = (52 * Limbs + 63) / 64;
  std::uint64_t words[kWords + 1] = {};
  const bool fits = to_words(number, words);
  for (std::size_t i = 0; i < Limbs; ++i) {
    const std::size_t word = 52 * i / 64;
    const std::size_t shift = 52 * i % 64;
    limbs[i] = (words[word] >> shift | (shift > 12 ? words[word + 1] << (64 - shift) : 0)) & kMask52;
  }
  secure_wipe(words, sizeof words);
  return fits;
}

/// -1/odd modulo 2^52, by Newton's iteration.
std::uint64_t negated_inverse(std::uint64_t odd) {
  std::uint64_t inverse = odd;
  for (int i = 0; i < 5; ++i) inverse *= 2 - odd * inverse;
  return (0 - inverse) & kMask52;
}

/// 2^exponent modulo the modulus.
BnHandle power_of_two(int exponent, const BnHandle& modulus) {
  BnHandle number(BN_new());
  const BnContext context(BN_CTX_new());
  if (!number || !context || BN_set_bit(number.get(), exponent) != 1 ||
      BN_nnmod(number.get(), number.get(), modulus.get(), context.get()) != 1)
    return nullptr;
  return number;
}

template <std::size_t Bits>
bool fill(typename RsaKey<Bits>::Prime& to, const BnHandle& prime, const BnHandle& exponent) {
  constexpr int kPrimeBits = RsaShape<Bits>::kPrimeBits;
  constexpr int kRadixBits = 52 * RsaShape<Bits>::kPrimeLimbs;
  if (!prime || BN_num_bits(prime.get()) != kPrimeBits || !to_limbs(prime, to.modulus)) return false;
  to.negated_inverse = negated_inverse(to.modulus[0]);
  return to_limbs(power_of_two(2 * kRadixBits, prime), to.r_squared) &&
         to_limbs(power_of_two(2 * kRadixBits + kPrimeBits, prime), to.r_squared_shifted) &&
         to_words(exponent, to.exponent);
}

template <std::size_t Count>
void place(const std::uint64_t (&from)[Count], std::uint64_t (&to)[Count][kKernelLanes], std::size_t lane) {
  for (std::size_t i = 0; i < Count; ++i) to[i][lane] = from[i];
}

template <std::size_t Bits>
void place_prime(const typename RsaKey<Bits>::Prime& from, RsaPrime<Bits>& to, std::size_t lane) {
  place(from.modulus, to.modulus, lane);
  to.negated_inverse[lane] = from.negated_inverse;
  place(from.r_squared, to.r_squared, lane);
  place(from.r_squared_shifted, to.r_squared_shifted, lane);
  place(from.exponent, to.exponent, lane);
}

}  // namespace

template <std::size_t Bits>
std::unique_ptr<RsaKey<Bits>> RsaKey<Bits>::make(EVP_PKEY* pkey) {
  const BnHandle e = parameter(pkey, OSSL_PKEY_PARAM_RSA_E);
  const BnHandle n = parameter(pkey, OSSL_PKEY_PARAM_RSA_N);
  const BnHandle third_prime = parameter(pkey, OSSL_PKEY_PARAM_RSA_FACTOR3);
  if (!e || !n || third_prime || BN_get_word(e.get()) != 65'537 || BN_num_bits(n.get()) != Bits) return nullptr;
  std::unique_ptr<RsaKey> key(new RsaKey);
  if (!fill<Bits>(key->p_, parameter(pkey, OSSL_PKEY_PARAM_RSA_FACTOR1),
                  parameter(pkey, OSSL_PKEY_PARAM_RSA_EXPONENT1)) ||
      !fill<Bits>(key->q_, parameter(pkey, OSSL_PKEY_PARAM_RSA_FACTOR2),
                  parameter(pkey, OSSL_PKEY_PARAM_RSA_EXPONENT2)) ||
      !to_limbs(parameter(pkey, OSSL_PKEY_PARAM_RSA_COEFFICIENT1), key->q_inverse_) || !to_limbs(n, key->modulus_) ||
      !to_limbs(power_of_two(2 * 52 * Shape::kLimbs, n), key->modulus_r_squared_) ||
      BN_bn2binpad(n.get(), key->modulus_bytes_.data(), Bits / 8) != Bits / 8)
    return nullptr;
  key->modulus_negated_inverse_ = negated_inverse(key->modulus_[0]);
  return key;
}

template <std::size_t Bits>
RsaKey<Bits>::~RsaKey() {
  secure_wipe(&p_, sizeof p_);
  secure_wipe(&q_, sizeof q_);
  secure_wipe(q_inverse_, sizeof q_inverse_);
}

template <std::size_t Bits>
void RsaKey<Bits>::copy_to(RsaBatch<Bits>& batch, std::size_t lane) const {
  place_prime<Bits>(p_, batch.p, lane);
  place_prime<Bits>(q_, batch.q, lane);
  place(q_inverse_, batch.q_inverse, lane);
  place(modulus_, batch.modulus, lane);
  batch.modulus_negated_inverse[lane] = modulus_negated_inverse_;
  place(modulus_r_squared_, batch.modulus_r_squared, lane);
}

template <std::size_t Bits>
bool RsaKey<Bits>::is_above(Bytes number) const {
  return std::ranges::lexicographical_compare(number, modulus_bytes_);
}

template class RsaKey<2048>;
template class RsaKey<3072>;
template class RsaKey<4096>;

}  // namespace handsel::crypto
