#pragma once
/// Which kernels compute the public-key operations: chosen once at start from what the processor has.

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/entropy.h"
#include "crypto/key_store.h"
#include "crypto/stage.h"

namespace handsel::crypto {

/// One worker's kernels and all that they keep between calls. Used by that worker alone.
class Backend {
 public:
  virtual ~Backend() = default;
  /// Valid as long as the back end.
  virtual KernelTable kernels() = 0;
};

/// A set of kernels by name.
struct KernelChoice {
  std::string_view name;  ///< "ifma", "avx2", "libcrypto"
};

/// Every set there is, best first, whatever this processor can run.
std::span<const KernelChoice> known_kernels();
/// The sets that this processor can run, best first. libcrypto is always among them.
std::span<const KernelChoice> available_kernels();

/// The best set, or the one that `force` names; the error says which could be forced.
std::expected<KernelChoice, std::string> choose_kernels(std::string_view force = {});

/// Makes a worker's back end. `keys` and `entropy` must outlive it. Its banks hold `bank` entries each, in whole
/// batches; only ifma has any.
std::unique_ptr<Backend> make_backend(const KernelChoice& choice, const KeyStore& keys, Entropy& entropy,
                                      std::size_t bank = 0);

}  // namespace handsel::crypto
