#include "crypto/kernels.h"

#include <cassert>

#include "crypto/backend_libcrypto.h"

namespace handsel::crypto {
namespace {

constexpr KernelChoice kLibcrypto{"libcrypto"};

}  // namespace

std::span<const KernelChoice> available_kernels() { return {&kLibcrypto, 1}; }

std::expected<KernelChoice, std::string> choose_kernels(std::string_view force) {
  const std::span<const KernelChoice> available = available_kernels();
  if (force.empty()) return available.front();
  std::string names;
  for (const KernelChoice& choice : available) {
    if (choice.name == force) return choice;
    names += (names.empty() ? "" : ", ") + std::string(choice.name);
  }
  return std::unexpected("no kernels named \"" + std::string(force) + "\" run on this processor; it has: " + names);
}

std::unique_ptr<Backend> make_backend([[maybe_unused]] const KernelChoice& choice, const KeyStore& keys,
                                      Entropy& entropy) {
  assert(choice.name == kLibcrypto.name);
  return std::make_unique<LibcryptoBackend>(keys, entropy);
}

}  // namespace handsel::crypto
