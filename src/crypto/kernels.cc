#include "crypto/kernels.h"

#include <array>
#include <cassert>

#include "crypto/backend_avx2.h"
#include "crypto/backend_ifma.h"
#include "crypto/backend_libcrypto.h"
#include "crypto/cpu.h"

namespace handsel::crypto {
namespace {

/// Best first; the last runs everywhere.
constexpr std::array<KernelChoice, 3> kAll{{{"ifma"}, {"avx2"}, {"libcrypto"}}};

}  // namespace

std::span<const KernelChoice> known_kernels() { return kAll; }

std::span<const KernelChoice> available_kernels() {
  static const std::size_t first = cpu_runs_avx512_ifma() ? 0 : cpu_runs_avx2() ? 1 : 2;
  return std::span<const KernelChoice>(kAll).subspan(first);
}

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

std::unique_ptr<Backend> make_backend(const KernelChoice& choice, const KeyStore& keys, Entropy& entropy,
                                      std::size_t bank) {
  if (choice.name == "ifma") {
    assert(cpu_runs_avx512_ifma());
    return std::make_unique<IfmaBackend>(keys, entropy, bank);
  }
  if (choice.name == "avx2") {
    assert(cpu_runs_avx2());
    return std::make_unique<Avx2Backend>(keys, entropy);
  }
  return std::make_unique<LibcryptoBackend>(keys, entropy);
}

}  // namespace handsel::crypto
