#pragma once
/// OCSP responses for tests, made by libcrypto on the spot.

#include <openssl/ocsp.h>

#include <ctime>
#include <vector>

#include "authority.h"

namespace handsel::crypto {

/// What a response is to say, and who signs it.
struct WantedOcsp {
  const Issued& certificate;
  const Issued& issuer;
  const Issued* signer = nullptr;  ///< nullptr: the issuer
  int certificate_status = V_OCSP_CERTSTATUS_GOOD;
  int response_status = OCSP_RESPONSE_STATUS_SUCCESSFUL;
  long next_update_seconds = 3'600;  ///< from now; 0: it does not say
};

inline std::vector<std::uint8_t> make_ocsp(const WantedOcsp& wanted) {
  const Handle<OCSP_BASICRESP, OCSP_BASICRESP_free> basic(OCSP_BASICRESP_new());
  const Handle<OCSP_CERTID, OCSP_CERTID_free> id(
      OCSP_cert_to_id(EVP_sha1(), wanted.certificate.x509.get(), wanted.issuer.x509.get()));
  using Time = Handle<ASN1_TIME, ASN1_TIME_free>;
  const Time now(X509_gmtime_adj(nullptr, -60));
  const Time next(X509_gmtime_adj(nullptr, wanted.next_update_seconds));
  const bool revoked = wanted.certificate_status == V_OCSP_CERTSTATUS_REVOKED;
  OCSP_basic_add1_status(basic.get(), id.get(), wanted.certificate_status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                         revoked ? now.get() : nullptr, now.get(),
                         wanted.next_update_seconds == 0 ? nullptr : next.get());
  const Issued& signer = wanted.signer != nullptr ? *wanted.signer : wanted.issuer;
  OCSP_basic_sign(basic.get(), signer.x509.get(), signer.pkey.get(), EVP_sha256(), nullptr,
                  wanted.signer != nullptr ? 0 : OCSP_NOCERTS);
  const Handle<OCSP_RESPONSE, OCSP_RESPONSE_free> response(OCSP_response_create(wanted.response_status, basic.get()));
  std::vector<std::uint8_t> der(static_cast<std::size_t>(i2d_OCSP_RESPONSE(response.get(), nullptr)));
  unsigned char* at = der.data();
  i2d_OCSP_RESPONSE(response.get(), &at);
  return der;
}

}  // namespace handsel::crypto
