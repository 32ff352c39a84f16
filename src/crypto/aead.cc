#include "crypto/aead.h"

#include "crypto/aead_ipsec_mb.h"
#include "crypto/aead_libcrypto.h"

namespace handsel::crypto {

std::unique_ptr<Aead> make_aead(std::string_view force) {
  if (force.empty() || force == "ipsec-mb") {
    if (std::unique_ptr<Aead> aead = IpsecMbAead::make(); aead || !force.empty()) return aead;
  }
  if (force.empty() || force == "libcrypto") return std::make_unique<LibcryptoAead>();
  return nullptr;
}

}  // namespace handsel::crypto
