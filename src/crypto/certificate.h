#pragma once
/// X.509 certificate chains as TLS sends them (RFC 5280, read by libcrypto), and names in them (RFC 6125). Control
/// thread.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "crypto/key_store.h"

namespace handsel::crypto {

/// A chain, end-entity certificate first.
struct CertificateChain {
  std::vector<std::vector<std::uint8_t>> der;
  std::vector<std::string> dns_names;  ///< of the first certificate: subjectAltName, else the common name; lower case
  std::vector<std::string> ip_addresses;  ///< subjectAltName's addresses, as text
  KeyType key_type{};
  std::int64_t not_before = 0;  ///< seconds since 1970-01-01 UTC
  std::int64_t not_after = 0;
  std::string subject;  ///< RFC 2253 form
};

/// What is wrong with a chain.
struct CertificateError {
  std::size_t index = 0;  ///< which certificate of the text, from 0
  std::string reason;     ///< a sentence for people, without the file's name
};

/// Reads every certificate of a PEM text. Each but the last must be issued by the one after it.
std::expected<CertificateChain, CertificateError> parse_certificate_chain(std::string_view pem);
/// The chain in PEM again.
std::string to_pem(const CertificateChain& chain);

/// True when `key` is the private key of the chain's first certificate.
bool matches(const CertificateChain& chain, const KeyStore& keys, KeyId key);

/// A certificate signed by its own key, and that key.
struct SelfSigned {
  KeyId key;
  CertificateChain chain;
};
/// Makes a fresh key and a certificate for it: `names` are DNS names or IP addresses (subjectAltName; the first is the
/// common name too), serverAuth, a random serial number, valid from an hour before `now_unix` for `days`.
std::expected<SelfSigned, std::string> make_self_signed(KeyStore& keys, KeyType type,
                                                        std::span<const std::string> names, unsigned days,
                                                        std::int64_t now_unix);

/// RFC 6125 6.4.3: `pattern` from a certificate covers `host`, without regard to case; a wildcard is the whole
/// left-most label, covers exactly one label, and never a name of fewer than three.
bool name_matches(std::string_view pattern, std::string_view host);

}  // namespace handsel::crypto
