#include "crypto/scalar_keys.h"

#include <openssl/rsa.h>

#include <stdexcept>

#include "crypto/key_access.h"

namespace handsel::crypto {

/// Numbers that are wiped when the computation ends, whichever way.
struct P384Exchange::Scratch {
  explicit Scratch(const EC_GROUP* group)
      : context(BN_CTX_new()), point(EC_POINT_new(group)), scalar(BN_new()), x(BN_new()), y(BN_new()) {}
  bool ok() const { return context && point && scalar && x && y; }
  bool load(Bytes bytes) {
    if (BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), scalar.get()) == nullptr) return false;
    BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
    return true;
  }
  BnContext context;
  PointHandle point;
  BnHandle scalar;
  BnHandle x;
  BnHandle y;
};

P384Exchange::P384Exchange() : group_(EC_GROUP_new_by_curve_name(NID_secp384r1)), order_(BN_new()) {
  if (!group_ || !order_ || EC_GROUP_get_order(group_.get(), order_.get(), nullptr) != 1)
    throw std::runtime_error("libcrypto offers no P-384");
}

bool P384Exchange::multiply(Scratch& scratch, const BIGNUM* scalar, const EC_POINT* point) const {
  const bool multiplied =
      point == nullptr
          ? EC_POINT_mul(group_.get(), scratch.point.get(), scalar, nullptr, nullptr, scratch.context.get()) == 1
          : EC_POINT_mul(group_.get(), scratch.point.get(), nullptr, point, scalar, scratch.context.get()) == 1;
  // The point at infinity has no coordinates; a fault in the multiplication leads off the curve.
  return multiplied &&
         EC_POINT_get_affine_coordinates(group_.get(), scratch.point.get(), scratch.x.get(), scratch.y.get(),
                                         scratch.context.get()) == 1 &&
         EC_POINT_is_on_curve(group_.get(), scratch.point.get(), scratch.context.get()) == 1;
}

Status P384Exchange::keygen(Operation& operation) const {
  if (operation.private_key.size() != kScalarBytes || operation.public_key.size() != kPointBytes) return Status::failed;
  Scratch scratch(group_.get());
  if (!scratch.ok() || !scratch.load(operation.private_key)) return Status::failed;
  // 384 random bits are at or above the order with a chance of 2^-190 (SP 800-186 3.2.1.4): to tell takes no secret.
  if (BN_cmp(scratch.scalar.get(), order_.get()) >= 0 &&
      BN_sub(scratch.scalar.get(), scratch.scalar.get(), order_.get()) != 1)
    return Status::failed;
  if (BN_is_zero(scratch.scalar.get()) && BN_one(scratch.scalar.get()) != 1) return Status::failed;
  if (BN_bn2binpad(scratch.scalar.get(), operation.private_key.data(), kScalarBytes) != kScalarBytes)
    return Status::failed;
  if (!multiply(scratch, scratch.scalar.get(), nullptr)) return Status::failed;
  operation.public_key[0] = 4;
  const bool written = BN_bn2binpad(scratch.x.get(), &operation.public_key[1], 48) == 48 &&
                       BN_bn2binpad(scratch.y.get(), &operation.public_key[49], 48) == 48;
  return written ? Status::done : Status::failed;
}

Status P384Exchange::ecdh(Operation& operation) const {
  if (operation.private_key.size() != kScalarBytes || operation.shared_secret.size() != kScalarBytes)
    return Status::failed;
  if (operation.peer_public.size() != kPointBytes || operation.peer_public[0] != 4) return Status::invalid_input;
  Scratch scratch(group_.get());
  const PointHandle peer(EC_POINT_new(group_.get()));
  if (!scratch.ok() || !peer || !scratch.load(operation.private_key)) return Status::failed;
  if (BN_is_zero(scratch.scalar.get()) || BN_cmp(scratch.scalar.get(), order_.get()) >= 0) return Status::failed;
  // Refuses what is not on the curve.
  if (EC_POINT_oct2point(group_.get(), peer.get(), operation.peer_public.data(), kPointBytes, scratch.context.get()) !=
      1)
    return Status::invalid_input;
  if (!multiply(scratch, scratch.scalar.get(), peer.get()) ||
      BN_bn2binpad(scratch.x.get(), operation.shared_secret.data(), kScalarBytes) != kScalarBytes) {
    secure_wipe(operation.shared_secret);
    return Status::failed;
  }
  return Status::done;
}

namespace {

/// Over the whole message (RFC 8032 5.1.6).
bool sign_ed25519(EVP_PKEY* pkey, Operation& operation, std::size_t& length) {
  const Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  return context && EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, pkey, nullptr) == 1 &&
         EVP_DigestSign(context.get(), operation.signature.data(), &length, operation.message.data(),
                        operation.message.size()) == 1;
}

bool sign_digest(EVP_PKEY* pkey, Operation& operation, std::size_t& length) {
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr));
  if (!context || EVP_PKEY_sign_init(context.get()) != 1) return false;
  if (operation.algorithm == SignatureAlgorithm::rsa_pkcs1) {
    const EVP_MD* const hash = operation.message.size() == 32   ? EVP_sha256()
                               : operation.message.size() == 48 ? EVP_sha384()
                                                                : EVP_sha512();
    if (EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(context.get(), hash) != 1)
      return false;
  }
  return EVP_PKEY_sign(context.get(), operation.signature.data(), &length, operation.message.data(),
                       operation.message.size()) == 1;
}

KeyAlgorithm key_for(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::ecdsa:
      return KeyAlgorithm::p384;
    case SignatureAlgorithm::ed25519:
      return KeyAlgorithm::ed25519;
    default:
      return KeyAlgorithm::rsa;
  }
}

}  // namespace

Status sign_by_libcrypto(const KeyStore& keys, Operation& operation) {
  EVP_PKEY* const pkey = KeyAccess::pkey(keys, operation.key);
  const bool is_ed25519 = operation.algorithm == SignatureAlgorithm::ed25519;
  if (pkey == nullptr || operation.algorithm == SignatureAlgorithm::rsa_pss ||
      keys.type(operation.key).algorithm != key_for(operation.algorithm))
    return Status::failed;
  const std::size_t bytes = operation.message.size();
  if (!is_ed25519 && bytes != 32 && bytes != 48 && bytes != 64) return Status::failed;
  std::size_t length = operation.signature.size();
  const auto room = static_cast<std::size_t>(EVP_PKEY_get_size(pkey));
  if (length < room || !(is_ed25519 ? sign_ed25519(pkey, operation, length) : sign_digest(pkey, operation, length)))
    return Status::failed;
  operation.signature_bytes = length;
  return Status::done;
}

}  // namespace handsel::crypto
