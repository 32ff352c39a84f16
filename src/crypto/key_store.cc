#include "crypto/key_store.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cassert>
#include <cstring>

#include "crypto/key_access.h"
#include "crypto/openssl_handle.h"

namespace handsel::crypto {

namespace {

/// What vector kernels need of a key; empty for keys that have no such kernel.
struct LaneKeys {
  Secret<32> p256_scalar;
  Secret<96> ed25519;  ///< scalar, prefix and public key, 32 bytes each
  void wipe() {
    p256_scalar.wipe();
    ed25519.wipe();
  }
};

}  // namespace

struct KeyStore::Entry {
  PkeyHandle pkey;
  KeyType type;
  LaneKeys lane_keys;
};

namespace {

constexpr int kMinRsaBits = 2'048;
constexpr int kMaxRsaBits = 8'192;

/// libcrypto asks for a passphrase only when the key has one: note it, and give none.
int note_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

/// A signature that its own public half does not verify betrays a key whose parts were mixed up.
bool rsa_parts_agree(EVP_PKEY* pkey) {
  const std::array<std::uint8_t, 32> digest{1};
  std::array<std::uint8_t, kMaxRsaBits / 8> signature;
  std::size_t length = signature.size();
  const PkeyContext context(EVP_PKEY_CTX_new(pkey, nullptr));
  return context && EVP_PKEY_sign_init(context.get()) == 1 &&
         EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) == 1 &&
         EVP_PKEY_sign(context.get(), signature.data(), &length, digest.data(), digest.size()) == 1 &&
         EVP_PKEY_verify_init(context.get()) == 1 && EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) == 1 &&
         EVP_PKEY_verify(context.get(), signature.data(), length, digest.data(), digest.size()) == 1;
}

/// True for a key whose parameters say how it signs (RFC 4055 3.1): then not by all the schemes that a peer may ask
/// for.
bool is_restricted(EVP_PKEY* pkey) {
  char hash[32] = {};
  return EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_RSA_DIGEST, hash, sizeof hash, nullptr) == 1;
}

EVP_PKEY* generate_pss(KeyType type) {
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr));
  EVP_PKEY* pkey = nullptr;
  const bool made = context && EVP_PKEY_keygen_init(context.get()) == 1 &&
                    EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), type.bits) == 1 &&
                    EVP_PKEY_generate(context.get(), &pkey) == 1;
  return made ? pkey : nullptr;
}

std::expected<KeyType, KeyError> inspect_ec(EVP_PKEY* pkey, Secret<32>& scalar) {
  char group[32] = {};
  if (EVP_PKEY_get_group_name(pkey, group, sizeof group, nullptr) != 1)
    return std::unexpected(KeyError::unsupported_curve);
  const bool is_p384 = std::strcmp(group, "secp384r1") == 0;
  if (!is_p384 && std::strcmp(group, "prime256v1") != 0) return std::unexpected(KeyError::unsupported_curve);
  const PkeyContext context(EVP_PKEY_CTX_new(pkey, nullptr));
  if (!context || EVP_PKEY_pairwise_check(context.get()) != 1) return std::unexpected(KeyError::inconsistent);
  if (is_p384) return KeyType{KeyAlgorithm::p384, 384};
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1)
    return std::unexpected(KeyError::inconsistent);
  const BnHandle owner(number);
  if (BN_bn2binpad(number, scalar.fill(32).data(), 32) != 32) return std::unexpected(KeyError::inconsistent);
  return KeyType{KeyAlgorithm::p256, 256};
}

/// RFC 8032 5.1.5: the seed's hash is the scalar and the prefix from which nonces come.
std::expected<KeyType, KeyError> inspect_ed25519(EVP_PKEY* pkey, Secret<96>& parts) {
  Secret<32> seed;
  std::size_t seed_bytes = 32;
  std::size_t public_bytes = 32;
  const MutableBytes out = parts.fill(96);
  if (EVP_PKEY_get_raw_private_key(pkey, seed.fill(32).data(), &seed_bytes) != 1 || seed_bytes != 32 ||
      EVP_PKEY_get_raw_public_key(pkey, &out[64], &public_bytes) != 1 || public_bytes != 32 ||
      EVP_Digest(seed.view().data(), 32, out.data(), nullptr, EVP_sha512(), nullptr) != 1)
    return std::unexpected(KeyError::inconsistent);
  out[0] &= 0xf8;
  out[31] = static_cast<std::uint8_t>((out[31] & 0x7f) | 0x40);
  return KeyType{KeyAlgorithm::ed25519, 256};
}

std::expected<KeyType, KeyError> inspect(EVP_PKEY* pkey, LaneKeys& lane_keys) {
  if (EVP_PKEY_is_a(pkey, "EC")) return inspect_ec(pkey, lane_keys.p256_scalar);
  if (EVP_PKEY_is_a(pkey, "ED25519")) return inspect_ed25519(pkey, lane_keys.ed25519);
  const bool is_pss = EVP_PKEY_is_a(pkey, "RSA-PSS") == 1;
  if (!is_pss && !EVP_PKEY_is_a(pkey, "RSA")) return std::unexpected(KeyError::unsupported_type);
  const int bits = EVP_PKEY_get_bits(pkey);
  if (bits < kMinRsaBits || bits > kMaxRsaBits || bits % 8 != 0) return std::unexpected(KeyError::bad_size);
  if (is_pss && is_restricted(pkey)) return std::unexpected(KeyError::restricted);
  if (!rsa_parts_agree(pkey)) return std::unexpected(KeyError::inconsistent);
  return KeyType{is_pss ? KeyAlgorithm::rsa_pss : KeyAlgorithm::rsa, static_cast<std::uint16_t>(bits)};
}

EVP_PKEY* generate_pkey(KeyType type) {
  switch (type.algorithm) {
    case KeyAlgorithm::p256:
      return EVP_EC_gen("P-256");
    case KeyAlgorithm::p384:
      return EVP_EC_gen("P-384");
    case KeyAlgorithm::ed25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case KeyAlgorithm::rsa:
      return EVP_RSA_gen(static_cast<unsigned int>(type.bits));
    case KeyAlgorithm::rsa_pss:
      return generate_pss(type);
  }
  return nullptr;
}

}  // namespace

std::string_view explain(KeyError error) {
  switch (error) {
    case KeyError::not_pem:
      return "no private key in PEM form was found (expected -----BEGIN PRIVATE KEY-----)";
    case KeyError::encrypted:
      return "the private key is encrypted; store it without a passphrase";
    case KeyError::unsupported_type:
      return "the private key is neither EC, RSA nor Ed25519";
    case KeyError::unsupported_curve:
      return "the EC private key is neither on P-256 (prime256v1) nor on P-384 (secp384r1)";
    case KeyError::restricted:
      return "the RSA-PSS key is bound to one hash or salt length; make one without such parameters";
    case KeyError::bad_size:
      return "the RSA key must have 2048 to 8192 bits, a multiple of 8";
    case KeyError::inconsistent:
      return "the private key is damaged: its parts do not belong together";
    case KeyError::full:
      return "too many private keys are loaded; restart to drop those no longer used";
  }
  return "unknown";
}

KeyStore::KeyStore() : entries_(new Entry[kMaxKeys]) {}
KeyStore::~KeyStore() = default;

std::expected<KeyId, KeyError> KeyStore::add(void* pkey) {
  PkeyHandle owned(static_cast<EVP_PKEY*>(pkey));
  const std::size_t index = size_.load(std::memory_order_relaxed);
  if (index == kMaxKeys) return std::unexpected(KeyError::full);
  Entry& entry = entries_[index];
  const auto type = inspect(owned.get(), entry.lane_keys);
  ERR_clear_error();
  if (!type) {
    entry.lane_keys.wipe();
    return std::unexpected(type.error());
  }
  entry.type = *type;
  entry.pkey = std::move(owned);
  size_.store(index + 1, std::memory_order_release);
  return KeyId{static_cast<std::uint32_t>(index)};
}

std::expected<KeyId, KeyError> KeyStore::add_pem(std::string_view pem) {
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  bool encrypted = false;
  EVP_PKEY* pkey = PEM_read_bio_PrivateKey(bio.get(), nullptr, note_passphrase, &encrypted);
  ERR_clear_error();
  if (pkey == nullptr) return std::unexpected(encrypted ? KeyError::encrypted : KeyError::not_pem);
  return add(pkey);
}

std::expected<KeyId, KeyError> KeyStore::generate(KeyType type) {
  EVP_PKEY* pkey = generate_pkey(type);
  ERR_clear_error();
  if (pkey == nullptr) return std::unexpected(KeyError::bad_size);
  return add(pkey);
}

KeyType KeyStore::type(KeyId id) const {
  assert(id.value < size());
  return entries_[id.value].type;
}

EVP_PKEY* KeyAccess::pkey(const KeyStore& keys, KeyId id) {
  return id.value < keys.size() ? keys.entries_[id.value].pkey.get() : nullptr;
}

Bytes KeyAccess::p256_scalar(const KeyStore& keys, KeyId id) {
  return id.value < keys.size() ? keys.entries_[id.value].lane_keys.p256_scalar.view() : Bytes{};
}

Ed25519Key KeyAccess::ed25519(const KeyStore& keys, KeyId id) {
  if (id.value >= keys.size()) return {};
  const Bytes parts = keys.entries_[id.value].lane_keys.ed25519.view();
  if (parts.empty()) return {};
  return {parts.first(32), parts.subspan(32, 32), parts.subspan(64)};
}

}  // namespace handsel::crypto
