#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>

#include "crypto/certificate.h"
#include "crypto/key_access.h"
#include "crypto/openssl_handle.h"

namespace handsel::crypto {
namespace {

constexpr std::size_t kMaxCommonName = 64;  // RFC 5280 A.1: ub-common-name-length
constexpr std::int64_t kSecondsPerHour = 3'600;
constexpr std::int64_t kSecondsPerDay = 86'400;

bool is_dns_name(const std::string& name) {
  if (name.empty() || name.size() > 253) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_' && c != '*') return false;
  }
  return true;
}

/// Appends a DNS name or an IP address; false when it is neither.
bool append_name(GENERAL_NAMES* names, const std::string& text) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  if (ASN1_OCTET_STRING* address = a2i_IPADDRESS(text.c_str())) {
    GENERAL_NAME_set0_value(name, GEN_IPADD, address);
  } else if (is_dns_name(text)) {
    ASN1_IA5STRING* dns = ASN1_IA5STRING_new();
    ASN1_STRING_set(dns, text.data(), static_cast<int>(text.size()));
    GENERAL_NAME_set0_value(name, GEN_DNS, dns);
  } else {
    GENERAL_NAME_free(name);
    return false;
  }
  return sk_GENERAL_NAME_push(names, name) > 0;
}

bool add_extension(X509* x509, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, x509, x509, nullptr, nullptr, 0);
  const Handle<X509_EXTENSION, X509_EXTENSION_free> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(x509, extension.get(), -1) == 1;
}

/// 127 random bits: unique without a register, positive, and under the 20 bytes of RFC 5280 4.1.2.2.
bool set_random_serial(X509* x509) {
  const BnHandle number(BN_new());
  return number && BN_rand(number.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509)) != nullptr;
}

/// Ed25519 hashes by itself.
const EVP_MD* digest_for(KeyType type) {
  if (type.algorithm == KeyAlgorithm::ed25519) return nullptr;
  return type.algorithm == KeyAlgorithm::p384 ? EVP_sha384() : EVP_sha256();
}

bool fill(X509* x509, EVP_PKEY* pkey, const std::string& common_name, const GENERAL_NAMES* names, KeyType type) {
  X509_NAME* subject = X509_get_subject_name(x509);
  const bool encrypts = type.algorithm == KeyAlgorithm::rsa;
  return X509_set_version(x509, X509_VERSION_3) == 1 && set_random_serial(x509) &&
         X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.data()),
                                    static_cast<int>(common_name.size()), -1, 0) == 1 &&
         X509_set_issuer_name(x509, subject) == 1 && X509_set_pubkey(x509, pkey) == 1 &&
         add_extension(x509, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(x509, NID_key_usage,
                       encrypts ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature") &&
         add_extension(x509, NID_ext_key_usage, "serverAuth") &&
         X509_add1_ext_i2d(x509, NID_subject_alt_name, const_cast<GENERAL_NAMES*>(names), 0, 0) == 1;
}

}  // namespace

std::expected<SelfSigned, std::string> make_self_signed(KeyStore& keys, KeyType type,
                                                        std::span<const std::string> names, unsigned days,
                                                        std::int64_t now_unix) {
  if (names.empty()) return std::unexpected("a certificate needs at least one name");
  const GeneralNamesHandle alternative(GENERAL_NAMES_new());
  for (const std::string& name : names)
    if (!append_name(alternative.get(), name))
      return std::unexpected("\"" + name + "\" is neither a DNS name nor an IP address");
  const auto key = keys.generate(type);
  if (!key) return std::unexpected(std::string(explain(key.error())));
  EVP_PKEY* pkey = KeyAccess::pkey(keys, *key);

  const X509Handle x509(X509_new());
  const std::string common_name = names.front().size() <= kMaxCommonName ? names.front() : "handsel";
  const bool made = x509 && fill(x509.get(), pkey, common_name, alternative.get(), type) &&
                    ASN1_TIME_set(X509_getm_notBefore(x509.get()), now_unix - kSecondsPerHour) != nullptr &&
                    ASN1_TIME_set(X509_getm_notAfter(x509.get()), now_unix + days * kSecondsPerDay) != nullptr &&
                    X509_sign(x509.get(), pkey, digest_for(type)) > 0;
  const BioHandle bio(BIO_new(BIO_s_mem()));
  if (!made || PEM_write_bio_X509(bio.get(), x509.get()) != 1) {
    ERR_clear_error();
    return std::unexpected("libcrypto could not make the certificate");
  }
  char* pem = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &pem);
  auto chain = parse_certificate_chain({pem, static_cast<std::size_t>(length)});
  if (!chain) return std::unexpected(chain.error().reason);
  return SelfSigned{*key, std::move(*chain)};
}

}  // namespace handsel::crypto
