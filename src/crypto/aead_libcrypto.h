#pragma once
/// AEAD by libcrypto's EVP: runs everywhere.

#include <openssl/evp.h>

#include <array>
#include <memory>

#include "crypto/aead.h"

namespace handsel::crypto {

/// Ciphers and contexts are fetched when it is made.
class LibcryptoAead final : public Aead {
 public:
  LibcryptoAead();
  std::string_view name() const override { return "libcrypto"; }
  void seal(const AeadKey& key, Bytes nonce, Bytes associated, Bytes plaintext, MutableBytes out) override;
  bool open(const AeadKey& key, Bytes nonce, Bytes associated, MutableBytes ciphertext_and_tag) override;
  void forget(const AeadKey& key) override;

 private:
  struct Free {
    void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };
  static constexpr std::size_t kAlgorithms = 3;
  EVP_CIPHER_CTX* context(AeadId id) { return contexts_[static_cast<std::size_t>(id)].get(); }

  std::array<std::unique_ptr<EVP_CIPHER, Free>, kAlgorithms> ciphers_;
  std::array<std::unique_ptr<EVP_CIPHER_CTX, Free>, kAlgorithms> contexts_;
};

}  // namespace handsel::crypto
