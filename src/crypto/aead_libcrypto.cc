#include "crypto/aead_libcrypto.h"

#include <cassert>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace handsel::crypto {
namespace {

constexpr const char* kNames[] = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"};

int length_of(Bytes bytes) { return static_cast<int>(bytes.size()); }

}  // namespace

LibcryptoAead::LibcryptoAead() {
  for (std::size_t i = 0; i < kAlgorithms; ++i) {
    ciphers_[i].reset(EVP_CIPHER_fetch(nullptr, kNames[i], nullptr));
    contexts_[i].reset(EVP_CIPHER_CTX_new());
    if (!ciphers_[i] || !contexts_[i]) throw std::runtime_error("libcrypto has no cipher " + std::string(kNames[i]));
  }
}

void LibcryptoAead::seal(const AeadKey& key, Bytes nonce, Bytes associated, Bytes plaintext, MutableBytes out) {
  assert(key.key.size() == key_bytes(key.id) && nonce.size() == kAeadNonceBytes);
  assert(out.size() == plaintext.size() + kAeadTagBytes);
  EVP_CIPHER_CTX* with = context(key.id);
  int written = 0;
  bool ok = EVP_EncryptInit_ex2(with, ciphers_[static_cast<std::size_t>(key.id)].get(), key.key.view().data(),
                                nonce.data(), nullptr) == 1;
  if (!associated.empty())
    ok &= EVP_EncryptUpdate(with, nullptr, &written, associated.data(), length_of(associated)) == 1;
  if (!plaintext.empty())
    ok &= EVP_EncryptUpdate(with, out.data(), &written, plaintext.data(), length_of(plaintext)) == 1;
  std::uint8_t* const tag = out.data() + plaintext.size();
  ok &= EVP_EncryptFinal_ex(with, tag, &written) == 1;
  ok &= EVP_CIPHER_CTX_ctrl(with, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kAeadTagBytes), tag) == 1;
  if (!ok) std::abort();  // libcrypto out of memory: there is no record to send, and none may be sent in the clear
}

bool LibcryptoAead::open(const AeadKey& key, Bytes nonce, Bytes associated, MutableBytes ciphertext_and_tag) {
  if (ciphertext_and_tag.size() < kAeadTagBytes) return false;
  assert(key.key.size() == key_bytes(key.id) && nonce.size() == kAeadNonceBytes);
  const MutableBytes text = ciphertext_and_tag.first(ciphertext_and_tag.size() - kAeadTagBytes);
  const MutableBytes tag = ciphertext_and_tag.last(kAeadTagBytes);
  EVP_CIPHER_CTX* with = context(key.id);
  int written = 0;
  bool ok = EVP_DecryptInit_ex2(with, ciphers_[static_cast<std::size_t>(key.id)].get(), key.key.view().data(),
                                nonce.data(), nullptr) == 1;
  ok &= EVP_CIPHER_CTX_ctrl(with, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kAeadTagBytes), tag.data()) == 1;
  if (!associated.empty())
    ok &= EVP_DecryptUpdate(with, nullptr, &written, associated.data(), length_of(associated)) == 1;
  if (!text.empty()) ok &= EVP_DecryptUpdate(with, text.data(), &written, text.data(), length_of(text)) == 1;
  std::array<std::uint8_t, 16> rest;
  ok = ok && EVP_DecryptFinal_ex(with, rest.data(), &written) == 1;
  if (!ok) secure_wipe(ciphertext_and_tag);
  return ok;
}

void LibcryptoAead::forget(const AeadKey& key) {
  // A context keeps the last key it was given, whichever that was; the reset wipes it.
  EVP_CIPHER_CTX_reset(context(key.id));
}

}  // namespace handsel::crypto
