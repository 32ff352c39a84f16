#include "crypto/public_key.h"

#include <openssl/core_names.h>

#include "crypto/openssl_handle.h"

namespace handsel::crypto {
namespace {

bool read_coordinate(const EVP_PKEY* pkey, const char* name, MutableBytes out) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(pkey, name, &number);
  const BnHandle owner(number);
  return number != nullptr && BN_bn2binpad(number, out.data(), static_cast<int>(out.size())) == std::ssize(out);
}

/// Of exactly `bits` bits, odd, beside an exponent of 65537; else nothing.
std::vector<std::uint8_t> read_modulus(const EVP_PKEY* pkey, std::size_t bits) {
  BIGNUM* n = nullptr;
  BIGNUM* e = nullptr;
  EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n);
  EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e);
  const BnHandle n_owner(n);
  const BnHandle e_owner(e);
  if (n == nullptr || e == nullptr || BN_get_word(e) != 65'537 || BN_is_odd(n) == 0 || bits % 8 != 0 ||
      static_cast<std::size_t>(BN_num_bits(n)) != bits)
    return {};
  std::vector<std::uint8_t> modulus(bits / 8);
  BN_bn2bin(n, modulus.data());
  return modulus;
}

}  // namespace

PublicKey::PublicKey(evp_pkey_st* pkey, KeyType type) : pkey_(pkey), type_(type) {
  if (type.algorithm == KeyAlgorithm::p256 &&
      read_coordinate(pkey, OSSL_PKEY_PARAM_EC_PUB_X, MutableBytes(point_).first(32)) &&
      read_coordinate(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, MutableBytes(point_).subspan(32)))
    point_bytes_ = 64;
  std::size_t length = 32;
  if (type.algorithm == KeyAlgorithm::ed25519 && EVP_PKEY_get_raw_public_key(pkey, point_.data(), &length) == 1)
    point_bytes_ = length;
  if (type.algorithm == KeyAlgorithm::rsa) modulus_ = read_modulus(pkey, type.bits);
}

PublicKey PublicKey::share() const {
  PublicKey other;
  if (pkey_) EVP_PKEY_up_ref(pkey_.get());
  other.pkey_.reset(pkey_.get());
  other.type_ = type_;
  other.point_ = point_;
  other.point_bytes_ = point_bytes_;
  return other;
}

void PublicKey::Freer::operator()(evp_pkey_st* pkey) const { EVP_PKEY_free(pkey); }

}  // namespace handsel::crypto
