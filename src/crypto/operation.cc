#include "crypto/operation.h"

namespace handsel::crypto {

std::string_view name_of(Kind kind) {
  static constexpr std::array<std::string_view, kKinds> kNames{
      "x25519_keygen",  "x25519_shared",    "p256_keygen",       "p256_ecdh",   "ecdsa_p256_sign",
      "rsa_pss_sign",   "signature_verify", "ecdsa_p256_verify", "rsa_verify",  "ed25519_sign",
      "ed25519_verify", "p384_keygen",      "p384_ecdh",         "scalar_sign", "rsa_premaster"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace handsel::crypto
