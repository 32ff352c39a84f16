#include "crypto/ifma_verify.h"

#include <array>

#include "crypto/ecdsa.h"
#include "crypto/lane_bytes.h"
#include "crypto/lane_split.h"
#include "crypto/public_key.h"

namespace handsel::crypto {
namespace {

constexpr std::size_t kCrossover = 2;
constexpr std::size_t kBytes = LaneBytes::kBytes;

bool suits(const Operation& operation) {
  const std::size_t digest_bytes = operation.message.size();
  return operation.peer_key != nullptr && operation.peer_key->point().size() == 2 * kBytes &&
         operation.algorithm == SignatureAlgorithm::ecdsa &&
         (digest_bytes == 32 || digest_bytes == 48 || digest_bytes == 64);
}

/// FIPS 186-5 6.4.2: u = e/s and v = r/s, then the curve. A longer digest counts by its first 256 bits.
void check_signatures(std::span<Operation* const> operations) {
  std::array<EcdsaSignature, kKernelLanes> signatures;
  std::array<OrderElement, kKernelLanes> inverses;
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    const std::optional<EcdsaSignature> signature = ecdsa_parse(operations[lane]->signature);
    operations[lane]->status = signature ? Status::waiting : Status::invalid_input;
    signatures[lane] = signature.value_or(EcdsaSignature{{{1}}, {{1}}});
    inverses[lane] = order_to_montgomery(signatures[lane].s);
  }
  order_invert_all(std::span(inverses).first(operations.size()));

  LaneBytes base_scalars;
  LaneBytes scalars;
  LaneBytes x;
  LaneBytes y;
  LaneBytes r;
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    const Operation& operation = *operations[lane];
    const OrderElement e = order_from_bytes(operation.message.first(kBytes));
    order_to_bytes(order_mul(e, inverses[lane]), base_scalars.bytes[lane]);
    order_to_bytes(order_mul(signatures[lane].r, inverses[lane]), scalars.bytes[lane]);
    order_to_bytes(signatures[lane].r, r.bytes[lane]);
    x.set(lane, operation.peer_key->point().first(kBytes));
    y.set(lane, operation.peer_key->point().subspan(kBytes));
  }
  const unsigned genuine = kIfmaP256Kernels.verify(base_scalars.bytes, scalars.bytes, x.bytes, y.bytes, r.bytes);
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    Operation& operation = *operations[lane];
    if (operation.status == Status::waiting)
      operation.status = (genuine >> lane & 1) != 0 ? Status::done : Status::invalid_input;
  }
}

}  // namespace

void verify_p256_in_lanes(const Kernel& scalar, std::span<Operation* const> operations) {
  split_lanes(operations, scalar, kCrossover, suits, check_signatures);
}

}  // namespace handsel::crypto
