#pragma once
/// A certificate authority for tests, made by libcrypto on the spot: what it issues can be wrong in any way.

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <string>
#include <vector>

#include "crypto/openssl_handle.h"

namespace handsel::crypto {

/// What a certificate is to say.
struct Wanted {
  std::string names = "DNS:example.test";  ///< subjectAltName, in OpenSSL's notation; empty: none
  std::string common_name = "example.test";
  const char* curve = "P-256";  ///< or "ED25519", "RSA-PSS"; nullptr: RSA
  unsigned rsa_bits = 2'048;
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;
  const char* key_usage = "critical,digitalSignature";  ///< nullptr: none
  const char* extended_key_usage = "serverAuth";
  bool is_authority = false;
  const EVP_MD* digest = EVP_sha256();
};

/// A certificate with its key.
struct Issued {
  X509Handle x509;
  PkeyHandle pkey;

  std::vector<std::uint8_t> der() const {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(i2d_X509(x509.get(), nullptr)));
    unsigned char* at = bytes.data();
    i2d_X509(x509.get(), &at);
    return bytes;
  }
  std::string pem() const {
    const BioHandle bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), x509.get());
    return text(bio);
  }
  std::string key_pem() const {
    const BioHandle bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(bio.get(), pkey.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return text(bio);
  }

 private:
  static std::string text(const BioHandle& bio) {
    char* data = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(length)};
  }
};

inline EVP_PKEY* generate_rsa_pss(unsigned bits) {
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr));
  EVP_PKEY* pkey = nullptr;
  EVP_PKEY_keygen_init(context.get());
  EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(bits));
  EVP_PKEY_generate(context.get(), &pkey);
  return pkey;
}

/// Signs by `issuer`; by the new key itself when that is nullptr.
inline Issued issue(const Wanted& wanted, const Issued* issuer = nullptr) {
  Issued made;
  if (wanted.curve == nullptr)
    made.pkey.reset(EVP_RSA_gen(wanted.rsa_bits));
  else if (std::string_view(wanted.curve) == "RSA-PSS")
    made.pkey.reset(generate_rsa_pss(wanted.rsa_bits));
  else if (std::string_view(wanted.curve) == "ED25519")
    made.pkey.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  else
    made.pkey.reset(EVP_EC_gen(wanted.curve));
  made.x509.reset(X509_new());
  X509* const x509 = made.x509.get();
  X509_set_version(x509, X509_VERSION_3);
  const BnHandle serial(BN_new());
  BN_rand(serial.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY);
  BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(x509));
  X509_NAME* const subject = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wanted.common_name.c_str()), -1, -1, 0);
  X509_set_issuer_name(x509, issuer != nullptr ? X509_get_subject_name(issuer->x509.get()) : subject);
  X509_set_pubkey(x509, made.pkey.get());
  ASN1_TIME_set(X509_getm_notBefore(x509), wanted.not_before);
  ASN1_TIME_set(X509_getm_notAfter(x509), wanted.not_after);
  const auto add = [&](int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer != nullptr ? issuer->x509.get() : x509, x509, nullptr, nullptr, 0);
    const Handle<X509_EXTENSION, X509_EXTENSION_free> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    X509_add_ext(x509, extension.get(), -1);
  };
  add(NID_basic_constraints, wanted.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (wanted.is_authority)
    add(NID_key_usage, "critical,keyCertSign");
  else if (wanted.key_usage != nullptr)
    add(NID_key_usage, wanted.key_usage);
  if (!wanted.is_authority && wanted.extended_key_usage != nullptr) add(NID_ext_key_usage, wanted.extended_key_usage);
  if (!wanted.is_authority && !wanted.names.empty()) add(NID_subject_alt_name, wanted.names.c_str());
  X509_sign(x509, issuer != nullptr ? issuer->pkey.get() : made.pkey.get(), wanted.digest);
  return made;
}

/// A root, an authority below it, and what that one issues.
class Authority {
 public:
  /// Everything is valid from a day before `now_unix` to a day after, unless what is wanted says otherwise.
  explicit Authority(std::int64_t now_unix, const std::string& name = "authority") : now_(now_unix) {
    root_ = issue(dated({.common_name = name + " root", .is_authority = true}));
    intermediate_ = issue(dated({.common_name = name + " below", .is_authority = true}), &root_);
  }
  Issued make(Wanted wanted) const { return issue(dated(std::move(wanted)), &intermediate_); }
  const Issued& root() const { return root_; }
  const Issued& intermediate() const { return intermediate_; }

 private:
  Wanted dated(Wanted wanted) const {
    if (wanted.not_before == 0) wanted.not_before = now_ - 86'400;
    if (wanted.not_after == 0) wanted.not_after = now_ + 86'400;
    return wanted;
  }
  std::int64_t now_;
  Issued root_;
  Issued intermediate_;
};

}  // namespace handsel::crypto
