#include "crypto/verify.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "crypto/openssl_handle.h"

namespace handsel::crypto {
namespace {

X509Handle parse(Bytes der) {
  const unsigned char* at = der.data();
  return X509Handle(d2i_X509(nullptr, &at, std::ssize(der)));
}

/// A context ready to verify with the certificate's key, when that is of the wanted type.
PkeyContext verifier(Bytes certificate_der, const char* type) {
  const X509Handle x509 = parse(certificate_der);
  EVP_PKEY* const pkey = x509 ? X509_get0_pubkey(x509.get()) : nullptr;
  if (pkey == nullptr || !EVP_PKEY_is_a(pkey, type)) return nullptr;
  PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr));
  if (!context || EVP_PKEY_verify_init(context.get()) != 1) return nullptr;
  return context;
}

bool verify(const PkeyContext& context, Bytes digest, Bytes signature) {
  const bool genuine =
      EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
  ERR_clear_error();
  return genuine;
}

}  // namespace

bool ecdsa_p256_verify(Bytes certificate_der, Bytes digest, Bytes signature) {
  const PkeyContext context = verifier(certificate_der, "EC");
  return context && EVP_PKEY_get_bits(EVP_PKEY_CTX_get0_pkey(context.get())) == 256 &&
         verify(context, digest, signature);
}

bool rsa_pss_verify(Bytes certificate_der, Bytes digest, Bytes signature) {
  const PkeyContext context = verifier(certificate_der, "RSA");
  const EVP_MD* const hash = digest.size() == 32   ? EVP_sha256()
                             : digest.size() == 48 ? EVP_sha384()
                             : digest.size() == 64 ? EVP_sha512()
                                                   : nullptr;
  return context && hash && EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_signature_md(context.get(), hash) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_DIGEST) == 1 &&
         verify(context, digest, signature);
}

}  // namespace handsel::crypto
