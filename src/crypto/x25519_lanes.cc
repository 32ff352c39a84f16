#include "crypto/x25519_lanes.h"

#include <cassert>

#include "crypto/lane_bytes.h"

namespace handsel::crypto {
namespace {

constexpr std::size_t kBytes = LaneBytes::kBytes;

bool all_zero(Bytes bytes) {
  std::uint8_t any = 0;
  for (const std::uint8_t byte : bytes) any = static_cast<std::uint8_t>(any | byte);
  return any == 0;
}

}  // namespace

void x25519_keygen_in_lanes(const X25519Kernels& kernels, std::span<Operation* const> operations) {
  assert(operations.size() <= kKernelLanes);
  LaneBytes scalars;
  LaneBytes results;
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    Operation& operation = *operations[lane];
    const bool fits = operation.private_key.size() == kBytes && operation.public_key.size() == kBytes;
    operation.status = fits ? Status::done : Status::failed;
    if (fits) scalars.set(lane, operation.private_key);
  }
  kernels.base(scalars.bytes, results.bytes);
  for (std::size_t lane = 0; lane < operations.size(); ++lane)
    if (operations[lane]->status == Status::done) results.get(lane, operations[lane]->public_key);
}

void x25519_shared_in_lanes(const X25519Kernels& kernels, std::span<Operation* const> operations) {
  assert(operations.size() <= kKernelLanes);
  LaneBytes scalars;
  LaneBytes points;
  LaneBytes results;
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    Operation& operation = *operations[lane];
    const bool fits = operation.private_key.size() == kBytes && operation.shared_secret.size() == kBytes;
    operation.status = !fits                                    ? Status::failed
                       : operation.peer_public.size() != kBytes ? Status::invalid_input
                                                                : Status::done;
    if (operation.status != Status::done) continue;
    scalars.set(lane, operation.private_key);
    points.set(lane, operation.peer_public);
  }
  kernels.shared(scalars.bytes, points.bytes, results.bytes);
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    Operation& operation = *operations[lane];
    if (operation.status != Status::done) continue;
    results.get(lane, operation.shared_secret);
    if (all_zero(operation.shared_secret)) operation.status = Status::invalid_input;  // RFC 7748 6.1
  }
}

}  // namespace handsel::crypto
