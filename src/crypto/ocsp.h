#pragma once
/// OCSP responses that a server staples to its certificate (RFC 6960, read by libcrypto). Control thread.

#include <cstdint>
#include <expected>
#include <string>

#include "base/bytes.h"
#include "crypto/certificate.h"

namespace handsel::crypto {

/// What a response says of itself.
struct OcspResponse {
  std::int64_t this_update = 0;  ///< seconds since 1970-01-01 UTC
  std::int64_t next_update = 0;  ///< newer information will be there by then; 0: it does not say
};

/// Reads a response in DER: it must be a successful one that says "good" of the chain's first certificate. Where the
/// chain holds the issuer, the response must be signed by it or by a responder to whom it has delegated that (RFC
/// 6960 4.2.2.2). Its age is not judged. The error is a sentence for people, without the file's name.
std::expected<OcspResponse, std::string> read_ocsp_response(Bytes der, const CertificateChain& chain);

}  // namespace handsel::crypto
