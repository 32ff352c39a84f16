#include "crypto/ifma_ed25519.h"

#include <array>

#include "crypto/ed25519_order.h"
#include "crypto/key_access.h"
#include "crypto/lane_bytes.h"
#include "crypto/lane_split.h"
#include "crypto/public_key.h"
#include "crypto/sha512_lanes.h"

namespace handsel::crypto {
namespace {

constexpr std::size_t kBytes = LaneBytes::kBytes;
constexpr std::size_t kSignatureBytes = 2 * kBytes;
constexpr std::size_t kMaxLaneMessage = Sha512Lanes::kMaxMessageBytes - kSignatureBytes;
/// One operation alone in the lanes is faster than libcrypto's already.
constexpr std::size_t kCrossover = 1;

/// S = r + k·s, kept out of line: the check must compute it again, not be folded into the first time.
[[gnu::noinline]] void respond(const Ed25519Scalar& k, Bytes secret, const Ed25519Scalar& r, MutableBytes out) {
  ed25519_to_bytes(ed25519_multiply_add(k, secret, r), out);
}

/// RFC 8032 5.1.6. A wrong R would give the key away together with a right one of the same message: so R is looked at
/// by the kernel, and S is computed twice.
void sign(const KeyStore& keys, std::span<Operation* const> operations) {
  Sha512Lanes hash;
  for (std::size_t lane = 0; lane < operations.size(); ++lane)
    hash.set(lane, {KeyAccess::ed25519(keys, operations[lane]->key).prefix, operations[lane]->message});
  hash.run();
  std::array<Ed25519Scalar, kKernelLanes> nonces;
  LaneBytes scalars;
  LaneBytes points;
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    nonces[lane] = ed25519_reduce(hash.digest(lane));
    ed25519_to_bytes(nonces[lane], scalars.bytes[lane]);
  }
  const unsigned sound = kIfmaEd25519Kernels.base(scalars.bytes, points.bytes);

  for (std::size_t lane = 0; lane < operations.size(); ++lane)
    hash.set(lane, {Bytes(points.bytes[lane]), KeyAccess::ed25519(keys, operations[lane]->key).public_key,
                    operations[lane]->message});
  hash.run();
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    Operation& operation = *operations[lane];
    const Bytes secret = KeyAccess::ed25519(keys, operation.key).scalar;
    const Ed25519Scalar k = ed25519_reduce(hash.digest(lane));
    std::array<std::uint8_t, kBytes> response;
    std::array<std::uint8_t, kBytes> again;
    respond(k, secret, nonces[lane], response);
    respond(k, secret, nonces[lane], again);
    nonces[lane].wipe();
    operation.status = Status::failed;
    if ((sound >> lane & 1) == 0 || !equal_constant_time(response, again)) continue;
    points.get(lane, operation.signature.first(kBytes));
    std::memcpy(&operation.signature[kBytes], response.data(), kBytes);
    operation.signature_bytes = kSignatureBytes;
    operation.status = Status::done;
  }
}

/// RFC 8032 5.1.7, by the equation without cofactor, as libcrypto does: S·B - k·A is encoded and must be R, byte by
/// byte.
void verify(std::span<Operation* const> operations) {
  Sha512Lanes hash;
  LaneBytes base_scalars;
  LaneBytes points;
  LaneBytes results;
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    Operation& operation = *operations[lane];
    const Bytes signature = operation.signature;
    const Bytes key = operation.peer_key->point();
    const bool fits = signature.size() == kSignatureBytes && ed25519_is_reduced(signature.subspan(kBytes));
    operation.status = fits ? Status::waiting : Status::invalid_input;
    if (!fits) continue;
    results.set(lane, signature);
    base_scalars.set(lane, signature.subspan(kBytes));
    points.set(lane, key);
    hash.set(lane, {signature.first(kBytes), key, operation.message});
  }
  hash.run();
  LaneBytes scalars;
  for (std::size_t lane = 0; lane < operations.size(); ++lane)
    if (operations[lane]->status == Status::waiting)
      ed25519_to_bytes(ed25519_reduce(hash.digest(lane)), scalars.bytes[lane]);
  const unsigned genuine = kIfmaEd25519Kernels.verify(base_scalars.bytes, scalars.bytes, points.bytes, results.bytes);
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    Operation& operation = *operations[lane];
    if (operation.status == Status::waiting)
      operation.status = (genuine >> lane & 1) != 0 ? Status::done : Status::invalid_input;
  }
}

}  // namespace

void sign_ed25519_in_lanes(const KeyStore& keys, const Kernel& scalar, std::span<Operation* const> operations) {
  const auto suits = [&keys](const Operation& operation) {
    return !KeyAccess::ed25519(keys, operation.key).scalar.empty() &&
           operation.algorithm == SignatureAlgorithm::ed25519 && operation.message.size() <= kMaxLaneMessage &&
           operation.signature.size() >= kSignatureBytes;
  };
  split_lanes(operations, scalar, kCrossover, suits, [&keys](std::span<Operation* const> fit) { sign(keys, fit); });
}

void verify_ed25519_in_lanes(const Kernel& scalar, std::span<Operation* const> operations) {
  const auto suits = [](const Operation& operation) {
    return operation.peer_key != nullptr && operation.peer_key->type().algorithm == KeyAlgorithm::ed25519 &&
           operation.peer_key->point().size() == kBytes && operation.algorithm == SignatureAlgorithm::ed25519 &&
           operation.message.size() <= kMaxLaneMessage;
  };
  split_lanes(operations, scalar, kCrossover, suits, verify);
}

}  // namespace handsel::crypto
