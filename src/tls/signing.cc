#include "tls/signing.h"

#include <algorithm>

namespace handsel::tls {

crypto::Operation Signing::operation_on(const Credential& credential, const SchemeTraits& traits,
                                        MutableBytes message) {
  crypto::Operation made;
  // Where there is a vector kernel the kind says it all.
  if (traits.algorithm == crypto::SignatureAlgorithm::rsa_pss)
    made.kind = crypto::Kind::rsa_pss_sign;
  else if (traits.algorithm == crypto::SignatureAlgorithm::ecdsa && traits.key == crypto::KeyAlgorithm::p256)
    made.kind = crypto::Kind::ecdsa_p256_sign;
  else if (traits.algorithm == crypto::SignatureAlgorithm::ed25519)
    made.kind = crypto::Kind::ed25519_sign;
  else
    made.kind = crypto::Kind::scalar_sign;
  made.algorithm = traits.algorithm;
  made.key = credential.key;
  made.message = message;
  made.signature = room.view();
  return made;
}

crypto::Operation Signing::operation(const Credential& credential, SignatureScheme scheme, Bytes to_sign) {
  const SchemeTraits& traits = *find_scheme(scheme);
  return operation_on(credential, traits, to_be_signed(traits, to_sign, content));
}

crypto::Operation Signing::operation_on_digest(const Credential& credential, SignatureScheme scheme, Bytes digest) {
  std::ranges::copy(digest, content.begin());
  return operation_on(credential, *find_scheme(scheme), MutableBytes(content).first(digest.size()));
}

}  // namespace handsel::tls
