#include "crypto/verify.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "crypto/openssl_handle.h"
#include "crypto/peer_chain.h"

namespace handsel::crypto {
namespace {

const EVP_MD* hash_of(Bytes digest) {
  return digest.size() == 32   ? EVP_sha256()
         : digest.size() == 48 ? EVP_sha384()
         : digest.size() == 64 ? EVP_sha512()
                               : nullptr;
}

bool set_up_rsa(EVP_PKEY_CTX* context, SignatureAlgorithm algorithm, const EVP_MD* hash) {
  const bool pss = algorithm == SignatureAlgorithm::rsa_pss;
  return EVP_PKEY_CTX_set_rsa_padding(context, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) == 1 &&
         EVP_PKEY_CTX_set_signature_md(context, hash) == 1 &&
         (!pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

bool fits(KeyAlgorithm key, SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::ecdsa:
      return key == KeyAlgorithm::p256 || key == KeyAlgorithm::p384;
    case SignatureAlgorithm::ed25519:
      return key == KeyAlgorithm::ed25519;
    case SignatureAlgorithm::rsa_pss:
      return is_rsa(key);
    default:
      return key == KeyAlgorithm::rsa;
  }
}

bool verifies_digest(EVP_PKEY* pkey, SignatureAlgorithm algorithm, Bytes digest, Bytes signature) {
  const EVP_MD* const hash = hash_of(digest);
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr));
  return hash != nullptr && context && EVP_PKEY_verify_init(context.get()) == 1 &&
         (algorithm == SignatureAlgorithm::ecdsa || set_up_rsa(context.get(), algorithm, hash)) &&
         EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
}

bool verifies_ed25519(EVP_PKEY* pkey, Bytes message, Bytes signature) {
  const Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, pkey, nullptr) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

}  // namespace

bool verifies(const PublicKey& key, SignatureAlgorithm algorithm, Bytes message, Bytes signature) {
  if (!key || !fits(key.type().algorithm, algorithm)) return false;
  const bool genuine = algorithm == SignatureAlgorithm::ed25519
                           ? verifies_ed25519(key.pkey(), message, signature)
                           : verifies_digest(key.pkey(), algorithm, message, signature);
  ERR_clear_error();
  return genuine;
}

bool ecdsa_p256_verify(Bytes certificate_der, Bytes digest, Bytes signature) {
  const auto key = public_key_of(certificate_der);
  return key && key->type().algorithm == KeyAlgorithm::p256 &&
         verifies(*key, SignatureAlgorithm::ecdsa, digest, signature);
}

bool rsa_pss_verify(Bytes certificate_der, Bytes digest, Bytes signature) {
  const auto key = public_key_of(certificate_der);
  return key && verifies(*key, SignatureAlgorithm::rsa_pss, digest, signature);
}

}  // namespace handsel::crypto
