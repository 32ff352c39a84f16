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

}  // namespace

bool verifies(const PublicKey& key, SignatureAlgorithm algorithm, Bytes digest, Bytes signature) {
  const EVP_MD* const hash = hash_of(digest);
  const bool is_rsa = key.type().algorithm == KeyAlgorithm::rsa;
  if (!key || hash == nullptr || is_rsa == (algorithm == SignatureAlgorithm::ecdsa)) return false;
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.pkey(), nullptr));
  const bool genuine =
      context && EVP_PKEY_verify_init(context.get()) == 1 && (!is_rsa || set_up_rsa(context.get(), algorithm, hash)) &&
      EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
  ERR_clear_error();
  return genuine;
}

bool ecdsa_p256_verify(Bytes certificate_der, Bytes digest, Bytes signature) {
  const auto key = public_key_of(certificate_der);
  return key && verifies(*key, SignatureAlgorithm::ecdsa, digest, signature);
}

bool rsa_pss_verify(Bytes certificate_der, Bytes digest, Bytes signature) {
  const auto key = public_key_of(certificate_der);
  return key && verifies(*key, SignatureAlgorithm::rsa_pss, digest, signature);
}

}  // namespace handsel::crypto
