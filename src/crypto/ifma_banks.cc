#include "crypto/ifma_banks.h"

#include <algorithm>

#include "crypto/ecdsa.h"
#include "crypto/kernels/kernel_abi.h"
#include "crypto/key_access.h"
#include "crypto/lane_bytes.h"

namespace handsel::crypto {
namespace {

constexpr std::size_t kBytes = LaneBytes::kBytes;  // of a scalar, a coordinate, a digest
constexpr std::size_t kPointBytes = 1 + 2 * kBytes;
constexpr std::size_t kBytesOfAllLanes = kKernelLanes * kBytes;

/// Random numbers for all lanes.
void draw(Entropy& entropy, LaneBytes& scalars) { entropy.fill({&scalars.bytes[0][0], kBytesOfAllLanes}); }

/// 1 in the lanes whose number is no nonce; the answer has a one for each of the others. That a number was thrown away
/// says nothing about those that are kept.
unsigned keep_valid_nonces(LaneBytes& nonces) {
  unsigned valid = 0;
  for (std::size_t lane = 0; lane < kKernelLanes; ++lane) {
    if (order_is_valid_scalar(nonces.bytes[lane])) {
      valid |= 1u << lane;
      continue;
    }
    std::ranges::fill(nonces.bytes[lane], std::uint8_t{0});
    nonces.bytes[lane][kBytes - 1] = 1;
  }
  return valid;
}

}  // namespace

std::size_t X25519Bank::fill() {
  LaneBytes scalars;
  LaneBytes results;
  draw(entropy_, scalars);
  kIfmaX25519Kernels.base(scalars.bytes, results.bytes);
  for (std::size_t lane = 0; lane < kKernelLanes; ++lane) {
    X25519Pair& pair = stack_.put();
    scalars.get(lane, pair.private_key);
    results.get(lane, pair.public_key);
  }
  return kKernelLanes;
}

Bank::Taken X25519Bank::take(Operation& operation) {
  if (operation.private_key.size() != kBytes || operation.public_key.size() != kBytes) return Taken::unfit;
  const bool found = stack_.take([&](const X25519Pair& pair) {
    std::ranges::copy(pair.private_key, operation.private_key.begin());
    std::ranges::copy(pair.public_key, operation.public_key.begin());
  });
  return found ? Taken::taken : Taken::none;
}

std::size_t P256Bank::fill() {
  LaneBytes scalars;
  LaneBytes x;
  LaneBytes y;
  draw(entropy_, scalars);
  for (std::size_t lane = 0; lane < kKernelLanes; ++lane) order_make_valid_scalar(scalars.bytes[lane]);
  const unsigned sound = kIfmaP256Kernels.base(scalars.bytes, x.bytes, y.bytes);
  std::size_t gained = 0;
  for (std::size_t lane = 0; lane < kKernelLanes; ++lane) {
    if ((sound >> lane & 1) == 0) continue;
    P256Pair& pair = stack_.put();
    scalars.get(lane, pair.private_key);
    x.get(lane, pair.x);
    y.get(lane, pair.y);
    ++gained;
  }
  return gained;
}

Bank::Taken P256Bank::take(Operation& operation) {
  if (operation.private_key.size() != kBytes || operation.public_key.size() != kPointBytes) return Taken::unfit;
  const bool found = stack_.take([&](const P256Pair& pair) {
    std::ranges::copy(pair.private_key, operation.private_key.begin());
    operation.public_key[0] = 4;  // uncompressed (SEC 1 2.3.3)
    std::ranges::copy(pair.x, operation.public_key.begin() + 1);
    std::ranges::copy(pair.y, operation.public_key.begin() + 1 + kBytes);
  });
  return found ? Taken::taken : Taken::none;
}

bool NonceBank::wants_batch() {
  for (const std::size_t size = keys_.size(); !key_exists_ && keys_seen_ < size; ++keys_seen_)
    key_exists_ = keys_.type(KeyId{static_cast<std::uint32_t>(keys_seen_)}).algorithm == KeyAlgorithm::p256;
  return key_exists_ && IfmaBank::wants_batch();
}

std::size_t NonceBank::fill() {
  LaneBytes nonces;
  LaneBytes x;
  LaneBytes y;
  draw(entropy_, nonces);
  const unsigned valid = keep_valid_nonces(nonces);
  const unsigned sound = valid & kIfmaP256Kernels.base(nonces.bytes, x.bytes, y.bytes);
  std::array<OrderElement, kKernelLanes> inverses;
  for (std::size_t lane = 0; lane < kKernelLanes; ++lane)
    inverses[lane] = order_to_montgomery(order_from_bytes(nonces.bytes[lane]));
  order_invert_all(inverses);
  std::size_t gained = 0;
  for (std::size_t lane = 0; lane < kKernelLanes; ++lane) {
    if ((sound >> lane & 1) == 0) continue;
    NoncePair& pair = stack_.put();
    nonces.get(lane, pair.nonce);
    pair.inverse = inverses[lane];
    x.get(lane, pair.x);
    ++gained;
  }
  secure_wipe(inverses.data(), sizeof inverses);
  return gained;
}

Bank::Taken NonceBank::take(Operation& operation) {
  const Bytes key = KeyAccess::p256_scalar(keys_, operation.key);
  if (key.size() != kBytes || operation.message.size() != kBytes || operation.signature.size() < kMaxEcdsaP256DerBytes)
    return Taken::unfit;
  std::size_t length = 0;
  const bool found = stack_.take([&](const NoncePair& pair) {
    length = ecdsa_finish(key, operation.message, pair.nonce, pair.inverse, pair.x, operation.signature);
  });
  if (!found) return Taken::none;
  if (length == 0) return Taken::spoiled;
  operation.signature_bytes = length;
  return Taken::taken;
}

IfmaBanks::IfmaBanks(const KeyStore& keys, Entropy& entropy, std::size_t capacity)
    : capacity_(capacity / kKernelLanes * kKernelLanes),
      pages_(EntryStack<X25519Pair>::bytes_for(capacity_) + EntryStack<P256Pair>::bytes_for(capacity_) +
             EntryStack<NoncePair>::bytes_for(capacity_)),
      x25519_(pages_.memory(), capacity_, entropy),
      p256_(pages_.memory().subspan(EntryStack<X25519Pair>::bytes_for(capacity_)), capacity_, entropy),
      nonces_(pages_.memory().last(EntryStack<NoncePair>::bytes_for(capacity_)), capacity_, entropy, keys) {}

void IfmaBanks::add_to(KernelTable& table) {
  if (capacity_ == 0) return;
  table[static_cast<std::size_t>(Kind::x25519_keygen)].bank = &x25519_;
  table[static_cast<std::size_t>(Kind::p256_keygen)].bank = &p256_;
  table[static_cast<std::size_t>(Kind::ecdsa_p256_sign)].bank = &nonces_;
}

}  // namespace handsel::crypto
