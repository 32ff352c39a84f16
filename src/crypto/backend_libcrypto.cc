#include "crypto/backend_libcrypto.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "crypto/ecdsa.h"
#include "crypto/key_access.h"
#include "crypto/openssl_handle.h"
#include "crypto/p256_order.h"
#include "crypto/rsa_premaster.h"
#include "crypto/scalar_keys.h"
#include "crypto/verify.h"

namespace handsel::crypto {
namespace {

constexpr std::size_t kX25519Bytes = 32;
constexpr std::size_t kScalarBytes = 32;
constexpr std::size_t kPointBytes = 65;
constexpr std::size_t kPssDigests = 3;
constexpr std::size_t kMaxModulusBytes = 2'048;

/// One P-256 computation: numbers that are wiped when it ends, whichever way.
struct P256Scratch {
  explicit P256Scratch(const EC_GROUP* group)
      : context(BN_CTX_new()),
        point(EC_POINT_new(group)),
        check(EC_POINT_new(group)),
        scalar(BN_new()),
        x(BN_new()),
        y(BN_new()) {}
  bool ok() const { return context && point && check && scalar && x && y; }
  BnContext context;
  PointHandle point;
  PointHandle check;
  BnHandle scalar;
  BnHandle x;
  BnHandle y;
};

/// SHA-256, SHA-384 or SHA-512 by its width; kPssDigests for any other width.
std::size_t pss_digest_index(std::size_t bytes) {
  return bytes == 32 ? 0 : bytes == 48 ? 1 : bytes == 64 ? 2 : kPssDigests;
}

bool all_zero(Bytes bytes) {
  std::uint8_t any = 0;
  for (const std::uint8_t byte : bytes) any = static_cast<std::uint8_t>(any | byte);
  return any == 0;
}

}  // namespace

struct LibcryptoBackend::Impl {
  Impl(const KeyStore& store, Entropy& source)
      : keys(store), entropy(source), pss(KeyStore::kMaxKeys), decryption(KeyStore::kMaxKeys) {
    group.reset(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
    x25519.reset(EVP_PKEY_CTX_new_from_name(nullptr, "X25519", nullptr));
    if (!group || !x25519 || EVP_PKEY_fromdata_init(x25519.get()) != 1)
      throw std::runtime_error("libcrypto offers no X25519 or no P-256");
  }

  Status x25519_keygen(Operation& operation);
  Status x25519_shared(Operation& operation);
  Status p256_keygen(Operation& operation);
  Status p256_ecdh(Operation& operation);
  Status ecdsa_p256_sign(Operation& operation);
  Status rsa_pss_sign(Operation& operation);
  Status signature_verify(Operation& operation);
  Status p384_keygen(Operation& operation) { return p384.keygen(operation); }
  Status p384_ecdh(Operation& operation) { return p384.ecdh(operation); }
  Status scalar_sign(Operation& operation) { return sign_by_libcrypto(keys, operation); }
  Status rsa_premaster(Operation& operation);

  PkeyHandle x25519_key(Bytes private_key);
  /// scalar·point (the base point when there is none) to affine x and y, on the curve.
  bool multiply(P256Scratch& scratch, Bytes scalar, const EC_POINT* point);
  EVP_PKEY_CTX* pss_context(KeyId key, std::size_t digest_index);
  EVP_PKEY_CTX* decryption_context(KeyId key);

  const KeyStore& keys;
  Entropy& entropy;
  GroupHandle group;
  P384Exchange p384;
  PkeyContext x25519;
  std::vector<std::array<PkeyContext, kPssDigests>> pss;  ///< made at a key's first signature, then kept
  std::vector<PkeyContext> decryption;                    ///< made at a key's first decryption, then kept
};

Status LibcryptoBackend::Impl::x25519_keygen(Operation& operation) {
  if (operation.private_key.size() != kX25519Bytes || operation.public_key.size() != kX25519Bytes)
    return Status::failed;
  const PkeyHandle pkey(
      EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, operation.private_key.data(), kX25519Bytes));
  std::size_t length = kX25519Bytes;
  const bool ok = pkey && EVP_PKEY_get_raw_public_key(pkey.get(), operation.public_key.data(), &length) == 1 &&
                  length == kX25519Bytes;
  return ok ? Status::done : Status::failed;
}

PkeyHandle LibcryptoBackend::Impl::x25519_key(Bytes private_key) {
  // A key without its public half would cost a second multiplication to find it; deriving never looks at it.
  std::array<std::uint8_t, kX25519Bytes> unused{9};
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, const_cast<std::uint8_t*>(private_key.data()),
                                        private_key.size()),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, unused.data(), unused.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* pkey = nullptr;
  EVP_PKEY_fromdata(x25519.get(), &pkey, EVP_PKEY_KEYPAIR, parameters);
  return PkeyHandle(pkey);
}

Status LibcryptoBackend::Impl::x25519_shared(Operation& operation) {
  if (operation.private_key.size() != kX25519Bytes || operation.shared_secret.size() != kX25519Bytes)
    return Status::failed;
  if (operation.peer_public.size() != kX25519Bytes) return Status::invalid_input;
  const PkeyHandle own = x25519_key(operation.private_key);
  const PkeyHandle peer(
      EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, operation.peer_public.data(), kX25519Bytes));
  const PkeyContext context(own ? EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr) : nullptr);
  if (!peer || !context || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer_ex(context.get(), peer.get(), 0) != 1)
    return Status::failed;
  std::size_t length = kX25519Bytes;
  const bool derived = EVP_PKEY_derive(context.get(), operation.shared_secret.data(), &length) == 1;
  if (derived && length == kX25519Bytes && !all_zero(operation.shared_secret)) return Status::done;
  secure_wipe(operation.shared_secret);
  return Status::invalid_input;  // a point of small order: the only way for this to fail (RFC 7748 6.1)
}

bool LibcryptoBackend::Impl::multiply(P256Scratch& scratch, Bytes scalar, const EC_POINT* point) {
  BIGNUM* const number = BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), scratch.scalar.get());
  if (number == nullptr) return false;
  BN_set_flags(number, BN_FLG_CONSTTIME);
  const bool multiplied =
      point == nullptr
          ? EC_POINT_mul(group.get(), scratch.point.get(), number, nullptr, nullptr, scratch.context.get()) == 1
          : EC_POINT_mul(group.get(), scratch.point.get(), nullptr, point, number, scratch.context.get()) == 1;
  // Setting a point from coordinates refuses what is not on the curve: a fault in the multiplication shows here.
  return multiplied &&
         EC_POINT_get_affine_coordinates(group.get(), scratch.point.get(), scratch.x.get(), scratch.y.get(),
                                         scratch.context.get()) == 1 &&
         EC_POINT_set_affine_coordinates(group.get(), scratch.check.get(), scratch.x.get(), scratch.y.get(),
                                         scratch.context.get()) == 1;
}

Status LibcryptoBackend::Impl::p256_keygen(Operation& operation) {
  if (operation.private_key.size() != kScalarBytes || operation.public_key.size() != kPointBytes) return Status::failed;
  order_make_valid_scalar(operation.private_key);
  P256Scratch scratch(group.get());
  if (!scratch.ok() || !multiply(scratch, operation.private_key, nullptr)) return Status::failed;
  operation.public_key[0] = 4;
  const bool written = BN_bn2binpad(scratch.x.get(), &operation.public_key[1], 32) == 32 &&
                       BN_bn2binpad(scratch.y.get(), &operation.public_key[33], 32) == 32;
  return written ? Status::done : Status::failed;
}

Status LibcryptoBackend::Impl::p256_ecdh(Operation& operation) {
  if (operation.private_key.size() != kScalarBytes || operation.shared_secret.size() != kScalarBytes ||
      !order_is_valid_scalar(operation.private_key))
    return Status::failed;
  // RFC 8446 4.2.8.2: uncompressed only, and validated; oct2point refuses what is not on the curve.
  if (operation.peer_public.size() != kPointBytes || operation.peer_public[0] != 4) return Status::invalid_input;
  P256Scratch scratch(group.get());
  const PointHandle peer(EC_POINT_new(group.get()));
  if (!scratch.ok() || !peer) return Status::failed;
  if (EC_POINT_oct2point(group.get(), peer.get(), operation.peer_public.data(), kPointBytes, scratch.context.get()) !=
      1)
    return Status::invalid_input;
  if (!multiply(scratch, operation.private_key, peer.get()) ||
      BN_bn2binpad(scratch.x.get(), operation.shared_secret.data(), 32) != 32) {
    secure_wipe(operation.shared_secret);
    return Status::failed;
  }
  return Status::done;
}

Status LibcryptoBackend::Impl::ecdsa_p256_sign(Operation& operation) {
  const Bytes key = KeyAccess::p256_scalar(keys, operation.key);
  if (key.size() != kScalarBytes || operation.message.size() != 32 ||
      operation.signature.size() < kMaxEcdsaP256DerBytes)
    return Status::failed;
  Secret<32> extra;
  Secret<32> nonce;
  entropy.fill(extra.fill(32));
  derive_nonce(key, operation.message, extra.view(), nonce.fill(32));
  P256Scratch scratch(group.get());
  std::array<std::uint8_t, 32> x;
  if (!scratch.ok() || !multiply(scratch, nonce.view(), nullptr) || BN_bn2binpad(scratch.x.get(), x.data(), 32) != 32)
    return Status::failed;
  OrderElement nonce_montgomery = order_to_montgomery(order_from_bytes(nonce.view()));
  OrderElement inverse = order_invert(nonce_montgomery);
  operation.signature_bytes = ecdsa_finish(key, operation.message, nonce.view(), inverse, x, operation.signature);
  nonce_montgomery.wipe();
  inverse.wipe();
  return operation.signature_bytes != 0 ? Status::done : Status::failed;
}

EVP_PKEY_CTX* LibcryptoBackend::Impl::pss_context(KeyId key, std::size_t digest_index) {
  EVP_PKEY* const pkey = KeyAccess::pkey(keys, key);
  if (pkey == nullptr || digest_index >= kPssDigests || !is_rsa(keys.type(key).algorithm)) return nullptr;
  PkeyContext& kept = pss[key.value][digest_index];
  if (kept) return kept.get();
  const EVP_MD* const digests[kPssDigests] = {EVP_sha256(), EVP_sha384(), EVP_sha512()};
  PkeyContext made(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr));
  if (!made || EVP_PKEY_sign_init(made.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(made.get(), RSA_PKCS1_PSS_PADDING) != 1 ||
      EVP_PKEY_CTX_set_signature_md(made.get(), digests[digest_index]) != 1 ||
      EVP_PKEY_CTX_set_rsa_pss_saltlen(made.get(), RSA_PSS_SALTLEN_DIGEST) != 1)
    return nullptr;
  kept = std::move(made);
  return kept.get();
}

Status LibcryptoBackend::Impl::rsa_pss_sign(Operation& operation) {
  EVP_PKEY_CTX* const context = pss_context(operation.key, pss_digest_index(operation.message.size()));
  if (context == nullptr) return Status::failed;
  const std::size_t modulus_bytes = keys.type(operation.key).bits / 8u;
  std::size_t length = operation.signature.size();
  // libcrypto checks each CRT result by the public exponent before it lets it out (rsa_ossl_mod_exp).
  if (length < modulus_bytes ||
      EVP_PKEY_sign(context, operation.signature.data(), &length, operation.message.data(), operation.message.size()) !=
          1 ||
      length != modulus_bytes)
    return Status::failed;
  operation.signature_bytes = length;
  return Status::done;
}

Status LibcryptoBackend::Impl::signature_verify(Operation& operation) {
  if (operation.peer_key == nullptr) return Status::failed;
  return verifies(*operation.peer_key, operation.algorithm, operation.message, operation.signature)
             ? Status::done
             : Status::invalid_input;
}

EVP_PKEY_CTX* LibcryptoBackend::Impl::decryption_context(KeyId key) {
  EVP_PKEY* const pkey = KeyAccess::pkey(keys, key);
  if (pkey == nullptr || keys.type(key).algorithm != KeyAlgorithm::rsa) return nullptr;
  PkeyContext& kept = decryption[key.value];
  if (kept) return kept.get();
  PkeyContext made(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr));
  // libcrypto's padding for TLS looks at nothing secret in a way that time would show, blinds, and puts random bytes in
  // the place of what is malformed or names another version.
  if (!made || EVP_PKEY_decrypt_init(made.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(made.get(), RSA_PKCS1_WITH_TLS_PADDING) != 1)
    return nullptr;
  kept = std::move(made);
  return kept.get();
}

Status LibcryptoBackend::Impl::rsa_premaster(Operation& operation) {
  EVP_PKEY_CTX* const context = decryption_context(operation.key);
  if (context == nullptr || operation.shared_secret.size() != kPremasterBytes) return Status::failed;
  const std::size_t modulus_bytes = keys.type(operation.key).bits / 8u;
  if (operation.peer_public.size() != modulus_bytes) return Status::invalid_input;
  unsigned version = operation.client_version;
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_uint(OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION, &version),
                                   OSSL_PARAM_construct_end()};
  std::array<std::uint8_t, kMaxModulusBytes> premaster;
  std::size_t length = premaster.size();
  const bool decrypted = EVP_PKEY_CTX_set_params(context, parameters) == 1 &&
                         EVP_PKEY_decrypt(context, premaster.data(), &length, operation.peer_public.data(),
                                          operation.peer_public.size()) == 1 &&
                         length == kPremasterBytes;
  // A number not below the modulus, which the peer knows as well as we do; answered like any other nonsense.
  if (!decrypted) {
    entropy.fill(MutableBytes(premaster).first(kPremasterBytes));
    ERR_clear_error();
  }
  std::ranges::copy(Bytes(premaster).first(kPremasterBytes), operation.shared_secret.begin());
  secure_wipe(premaster);
  return Status::done;
}

LibcryptoBackend::LibcryptoBackend(const KeyStore& keys, Entropy& entropy)
    : impl_(std::make_unique<Impl>(keys, entropy)) {}
LibcryptoBackend::~LibcryptoBackend() = default;

KernelTable LibcryptoBackend::kernels() {
  const auto kernel = [this]<Status (Impl::*Compute)(Operation&)>() {
    const auto run = [](void* context, std::span<Operation* const> operations) {
      for (Operation* const operation : operations) {
        operation->status = (static_cast<Impl*>(context)->*Compute)(*operation);
        if (operation->status != Status::done) ERR_clear_error();
      }
    };
    return Kernel{"libcrypto", 1, run, impl_.get()};
  };
  KernelTable table;
  const auto set = [&table](Kind kind, const Kernel& entry) { table[static_cast<std::size_t>(kind)] = entry; };
  set(Kind::x25519_keygen, kernel.template operator()<&Impl::x25519_keygen>());
  set(Kind::x25519_shared, kernel.template operator()<&Impl::x25519_shared>());
  set(Kind::p256_keygen, kernel.template operator()<&Impl::p256_keygen>());
  set(Kind::p256_ecdh, kernel.template operator()<&Impl::p256_ecdh>());
  set(Kind::ecdsa_p256_sign, kernel.template operator()<&Impl::ecdsa_p256_sign>());
  set(Kind::rsa_pss_sign, kernel.template operator()<&Impl::rsa_pss_sign>());
  set(Kind::signature_verify, kernel.template operator()<&Impl::signature_verify>());
  set(Kind::ecdsa_p256_verify, kernel.template operator()<&Impl::signature_verify>());
  set(Kind::rsa_verify, kernel.template operator()<&Impl::signature_verify>());
  set(Kind::ed25519_sign, kernel.template operator()<&Impl::scalar_sign>());
  set(Kind::ed25519_verify, kernel.template operator()<&Impl::signature_verify>());
  set(Kind::p384_keygen, kernel.template operator()<&Impl::p384_keygen>());
  set(Kind::p384_ecdh, kernel.template operator()<&Impl::p384_ecdh>());
  set(Kind::scalar_sign, kernel.template operator()<&Impl::scalar_sign>());
  set(Kind::rsa_premaster, kernel.template operator()<&Impl::rsa_premaster>());
  return table;
}

}  // namespace handsel::crypto
