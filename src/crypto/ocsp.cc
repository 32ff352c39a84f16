#include "crypto/ocsp.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include <ctime>

#include "crypto/openssl_handle.h"

namespace handsel::crypto {
namespace {

using ResponseHandle = Handle<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using BasicHandle = Handle<OCSP_BASICRESP, OCSP_BASICRESP_free>;
using CertIdHandle = Handle<OCSP_CERTID, OCSP_CERTID_free>;
using StoreHandle = Handle<X509_STORE, X509_STORE_free>;

X509Handle certificate(const std::vector<std::uint8_t>& der) {
  const unsigned char* at = der.data();
  return X509Handle(d2i_X509(nullptr, &at, std::ssize(der)));
}

bool read_time(const ASN1_GENERALIZEDTIME* time, std::int64_t& unix_seconds) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return false;
  unix_seconds = timegm(&parts);
  return true;
}

/// True when `single` is about this certificate. Without its issuer the serial number and the issuer's name tell.
bool is_about(const OCSP_SINGLERESP* single, X509* leaf, X509* issuer) {
  ASN1_OBJECT* digest = nullptr;
  ASN1_OCTET_STRING* name = nullptr;
  ASN1_INTEGER* serial = nullptr;
  const OCSP_CERTID* const theirs = OCSP_SINGLERESP_get0_id(single);
  OCSP_id_get0_info(&name, &digest, nullptr, &serial, const_cast<OCSP_CERTID*>(theirs));
  const EVP_MD* const md = EVP_get_digestbyobj(digest);
  if (md == nullptr || ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(leaf)) != 0) return false;
  if (issuer != nullptr) {
    const CertIdHandle ours(OCSP_cert_to_id(md, leaf, issuer));
    return ours && OCSP_id_cmp(ours.get(), theirs) == 0;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> expected;
  unsigned bytes = 0;
  return X509_NAME_digest(X509_get_issuer_name(leaf), md, expected.data(), &bytes) == 1 &&
         as_text({ASN1_STRING_get0_data(name), static_cast<std::size_t>(ASN1_STRING_length(name))}) ==
             as_text(Bytes(expected).first(bytes));
}

const OCSP_SINGLERESP* find(OCSP_BASICRESP* basic, X509* leaf, X509* issuer) {
  for (int i = 0; i < OCSP_resp_count(basic); ++i)
    if (const OCSP_SINGLERESP* single = OCSP_resp_get0(basic, i); is_about(single, leaf, issuer)) return single;
  return nullptr;
}

/// By the issuer, or by a certificate in the response that the issuer has given for this.
bool is_signed_by(OCSP_BASICRESP* basic, X509* issuer) {
  const StoreHandle store(X509_STORE_new());
  STACK_OF(X509)* const others = sk_X509_new_null();
  const bool good = store && others != nullptr && X509_STORE_add_cert(store.get(), issuer) == 1 &&
                    X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
                    sk_X509_push(others, issuer) > 0 && OCSP_basic_verify(basic, others, store.get(), 0) == 1;
  sk_X509_free(others);
  return good;
}

std::expected<OcspResponse, std::string> read(Bytes der, const CertificateChain& chain) {
  const unsigned char* at = der.data();
  const ResponseHandle response(d2i_OCSP_RESPONSE(nullptr, &at, std::ssize(der)));
  if (!response || at != der.data() + der.size()) return std::unexpected("it is no OCSP response in DER form");
  if (const int status = OCSP_response_status(response.get()); status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return std::unexpected("the responder did not answer: " + std::string(OCSP_response_status_str(status)));
  const BasicHandle basic(OCSP_response_get1_basic(response.get()));
  const X509Handle leaf = certificate(chain.der.front());
  const X509Handle issuer = chain.der.size() > 1 ? certificate(chain.der[1]) : nullptr;
  if (!basic || !leaf) return std::unexpected("it is an OCSP response of an unknown kind");
  const OCSP_SINGLERESP* const single = find(basic.get(), leaf.get(), issuer.get());
  if (single == nullptr) return std::unexpected("it is an OCSP response for another certificate");
  if (issuer && !is_signed_by(basic.get(), issuer.get()))
    return std::unexpected("the OCSP response is not signed by the certificate's issuer");
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  const int status =
      OCSP_single_get0_status(const_cast<OCSP_SINGLERESP*>(single), nullptr, nullptr, &this_update, &next_update);
  if (status != V_OCSP_CERTSTATUS_GOOD)
    return std::unexpected("it says that the certificate is " + std::string(OCSP_cert_status_str(status)));
  OcspResponse read;
  if (!read_time(this_update, read.this_update) ||
      (next_update != nullptr && !read_time(next_update, read.next_update)))
    return std::unexpected("its times cannot be read");
  return read;
}

}  // namespace

std::expected<OcspResponse, std::string> read_ocsp_response(Bytes der, const CertificateChain& chain) {
  std::expected<OcspResponse, std::string> response = read(der, chain);
  ERR_clear_error();
  return response;
}

}  // namespace handsel::crypto
