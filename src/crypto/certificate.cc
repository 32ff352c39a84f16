#include "crypto/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <ctime>

#include "crypto/key_access.h"
#include "crypto/openssl_handle.h"

namespace handsel::crypto {
namespace {

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

/// An address as text; empty when it has neither 4 nor 16 bytes.
std::string address_text(const ASN1_OCTET_STRING* address) {
  const std::string raw = text_of(address);
  std::string text;
  if (raw.size() == 4) {
    for (const char byte : raw) text += (text.empty() ? "" : ".") + std::to_string(static_cast<std::uint8_t>(byte));
  } else if (raw.size() == 16) {
    char group[6];
    for (std::size_t i = 0; i < 16; i += 2) {
      std::snprintf(group, sizeof group, "%x", load_be16(reinterpret_cast<const std::uint8_t*>(raw.data()) + i));
      text += (i == 0 ? "" : ":") + std::string(group);
    }
  }
  return text;
}

/// A name with a zero byte inside reads differently to different programs, so it is refused.
bool read_alternative_names(X509* x509, CertificateChain& chain) {
  const GeneralNamesHandle names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      const std::string text = text_of(name->d.dNSName);
      if (text.find('\0') != text.npos) return false;
      chain.dns_names.push_back(lower_case(text));
    } else if (name->type == GEN_IPADD) {
      if (std::string text = address_text(name->d.iPAddress); !text.empty())
        chain.ip_addresses.push_back(std::move(text));
    }
  }
  return true;
}

void read_common_name(X509* x509, CertificateChain& chain) {
  X509_NAME* subject = X509_get_subject_name(x509);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0) return;
  const std::string text = text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
  if (!text.empty() && text.find('\0') == text.npos) chain.dns_names.push_back(lower_case(text));
}

std::string subject_text(X509* x509) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(x509), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

bool read_time(const ASN1_TIME* time, std::int64_t& unix_seconds) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return false;
  unix_seconds = timegm(&parts);
  return true;
}

/// An empty string, or what is wrong with the public key.
std::string read_key_type(X509* x509, KeyType& type) {
  EVP_PKEY* pkey = X509_get0_pubkey(x509);
  if (pkey == nullptr) return "the certificate's public key cannot be read";
  const std::optional<KeyType> known = public_key_type(pkey);
  if (!known) return "the certificate's public key is neither P-256, P-384, Ed25519 nor RSA";
  type = *known;
  return {};
}

/// What the chain says about itself stands in its first certificate.
std::string describe(X509* leaf, CertificateChain& chain) {
  if (std::string wrong = read_key_type(leaf, chain.key_type); !wrong.empty()) return wrong;
  if (!read_alternative_names(leaf, chain)) return "a name in the certificate holds a zero byte";
  if (chain.dns_names.empty() && chain.ip_addresses.empty()) read_common_name(leaf, chain);
  chain.subject = subject_text(leaf);
  if (!read_time(X509_get0_notBefore(leaf), chain.not_before) || !read_time(X509_get0_notAfter(leaf), chain.not_after))
    return "the certificate's validity cannot be read";
  return {};
}

void append_der(X509* x509, CertificateChain& chain) {
  std::vector<std::uint8_t> der(static_cast<std::size_t>(i2d_X509(x509, nullptr)));
  unsigned char* at = der.data();
  i2d_X509(x509, &at);
  chain.der.push_back(std::move(der));
}

}  // namespace

std::optional<KeyType> public_key_type(const EVP_PKEY* pkey) {
  if (EVP_PKEY_is_a(pkey, "RSA"))
    return KeyType{KeyAlgorithm::rsa, static_cast<std::uint16_t>(EVP_PKEY_get_bits(pkey))};
  if (EVP_PKEY_is_a(pkey, "RSA-PSS"))
    return KeyType{KeyAlgorithm::rsa_pss, static_cast<std::uint16_t>(EVP_PKEY_get_bits(pkey))};
  if (EVP_PKEY_is_a(pkey, "ED25519")) return KeyType{KeyAlgorithm::ed25519, 256};
  char group[32] = {};
  if (!EVP_PKEY_is_a(pkey, "EC") || EVP_PKEY_get_group_name(pkey, group, sizeof group, nullptr) != 1)
    return std::nullopt;
  if (std::string_view(group) == "prime256v1") return KeyType{KeyAlgorithm::p256, 256};
  if (std::string_view(group) == "secp384r1") return KeyType{KeyAlgorithm::p384, 384};
  return std::nullopt;
}

std::expected<CertificateChain, CertificateError> parse_certificate_chain(std::string_view pem) {
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  CertificateChain chain;
  X509Handle previous;
  for (std::size_t index = 0;; ++index) {
    X509Handle x509(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    const unsigned long error = ERR_peek_last_error();
    ERR_clear_error();
    if (!x509) {
      if (index > 0 && ERR_GET_REASON(error) == PEM_R_NO_START_LINE) return chain;
      const bool absent = ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
      return std::unexpected(
          CertificateError{index, absent ? "no certificate in PEM form was found (expected -----BEGIN CERTIFICATE-----)"
                                         : "the certificate is damaged: its PEM or DER form cannot be read"});
    }
    if (index == 0) {
      if (std::string wrong = describe(x509.get(), chain); !wrong.empty())
        return std::unexpected(CertificateError{0, std::move(wrong)});
    } else if (X509_check_issued(x509.get(), previous.get()) != X509_V_OK) {
      return std::unexpected(CertificateError{index, "this certificate (" + subject_text(x509.get()) +
                                                         ") did not issue the one before it (" +
                                                         subject_text(previous.get()) + "): put the chain in order"});
    }
    append_der(x509.get(), chain);
    previous = std::move(x509);
  }
}

std::string to_pem(const CertificateChain& chain) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  for (const auto& der : chain.der) PEM_write_bio(bio.get(), PEM_STRING_X509, "", der.data(), std::ssize(der));
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

bool matches(const CertificateChain& chain, const KeyStore& keys, KeyId key) {
  EVP_PKEY* pkey = KeyAccess::pkey(keys, key);
  if (pkey == nullptr || chain.der.empty()) return false;
  const unsigned char* at = chain.der.front().data();
  const X509Handle x509(d2i_X509(nullptr, &at, std::ssize(chain.der.front())));
  const bool equal = x509 && EVP_PKEY_eq(X509_get0_pubkey(x509.get()), pkey) == 1;
  ERR_clear_error();
  return equal;
}

}  // namespace handsel::crypto
