#pragma once
/// Keys and certificates in PEM form, made by libcrypto on the spot.

#include <openssl/pem.h>

#include <string>

#include "crypto/openssl_handle.h"

namespace handsel::crypto {

inline std::string text_of_bio(const BioHandle& bio) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

/// PKCS #8; encrypted when there is a passphrase.
inline std::string to_pem(const PkeyHandle& pkey, const char* passphrase = nullptr) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), pkey.get(), passphrase ? EVP_aes_128_cbc() : nullptr, nullptr, 0, nullptr,
                           const_cast<char*>(passphrase));
  return text_of_bio(bio);
}

}  // namespace handsel::crypto
