#include "crypto/backend_avx2.h"

#include <mutex>

#include "crypto/x25519_lanes.h"

namespace handsel::crypto {
namespace {

/// A call costs all its lanes. Measured, in thousands of cycles for a call and for one operation of libcrypto: 81 and
/// 80 (key generation), 411 and 73 (shared secret).
constexpr std::size_t crossover(Kind kind) { return kind == Kind::x25519_keygen ? 2 : 6; }

}  // namespace

template <Kind Which, auto Batch>
void Avx2Backend::run_above_crossover(void* self, std::span<Operation* const> operations) {
  if (operations.size() >= crossover(Which)) return Batch(kAvx2X25519Kernels, operations);
  const Kernel& scalar = static_cast<Avx2Backend*>(self)->scalar_[static_cast<std::size_t>(Which)];
  scalar.run(scalar.context, operations);
}

Avx2Backend::Avx2Backend(const KeyStore& keys, Entropy& entropy)
    : libcrypto_(keys, entropy), scalar_(libcrypto_.kernels()) {
  static std::once_flag prepared;
  std::call_once(prepared, [] { kAvx2X25519Kernels.prepare(); });
}

KernelTable Avx2Backend::kernels() {
  KernelTable table = scalar_;
  const auto set = [&table, this](Kind kind, decltype(Kernel::run) run) {
    table[static_cast<std::size_t>(kind)] = {"avx2", kKernelLanes, run, this};
  };
  set(Kind::x25519_keygen, run_above_crossover<Kind::x25519_keygen, x25519_keygen_in_lanes>);
  set(Kind::x25519_shared, run_above_crossover<Kind::x25519_shared, x25519_shared_in_lanes>);
  return table;
}

}  // namespace handsel::crypto
