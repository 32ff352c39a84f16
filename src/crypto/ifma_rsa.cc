#include "crypto/ifma_rsa.h"

#include <openssl/err.h>

#include <array>
#include <cassert>

#include "crypto/key_access.h"
#include "crypto/lane_split.h"
#include "crypto/rsa_premaster.h"
#include "crypto/rsa_pss.h"

namespace handsel::crypto {
namespace {

/// A call costs all its lanes: with this many filled it is faster than libcrypto one by one. Measured, in millions of
/// cycles for a call and for one signature of libcrypto: 1.72 and 0.62 (2048 bits), 6.3 and 3.6 (3072), 15.4 and 8.3.
template <std::size_t Bits>
constexpr std::size_t kCrossover = Bits == 2048 ? 3 : 2;

/// Whether the operation is one that the lanes compute, whatever its key.
template <std::size_t Bits>
bool lanes_compute(const Operation& operation) {
  if (operation.kind == Kind::rsa_premaster)
    return operation.peer_public.size() == Bits / 8 && operation.shared_secret.size() == kPremasterBytes;
  const bool digest_fits = operation.message.size() == 32 || operation.message.size() == 48;
  return digest_fits && operation.signature.size() >= Bits / 8;
}

}  // namespace

template <std::size_t Bits>
RsaLanes<Bits>::RsaLanes(const KeyStore& keys, Entropy& entropy, RsaPrivate<Bits> kernel)
    : keys_(keys), entropy_(entropy), kernel_(kernel), forms_(KeyStore::kMaxKeys), scratch_(new Scratch{}) {}

template <std::size_t Bits>
RsaLanes<Bits>::~RsaLanes() {
  wipe();
}

template <std::size_t Bits>
bool RsaLanes<Bits>::suits(const Operation& operation) {
  EVP_PKEY* const pkey = KeyAccess::pkey(keys_, operation.key);
  if (!lanes_compute<Bits>(operation) || pkey == nullptr ||
      keys_.type(operation.key) != KeyType{KeyAlgorithm::rsa, Bits})
    return false;
  Key& key = forms_[operation.key.value];
  if (!key.looked_at) {
    key.form = RsaKey<Bits>::make(pkey);
    key.looked_at = true;
    ERR_clear_error();
  }
  return key.form != nullptr;
}

template <std::size_t Bits>
void RsaLanes<Bits>::put(std::size_t lane, const RsaKey<Bits>& key, Bytes number) {
  for (std::size_t i = 0; i < kWords; ++i) scratch_->batch.input[i][lane] = load_be64(&number[kBytes - 8 - 8 * i]);
  key.copy_to(scratch_->batch, lane);
}

template <std::size_t Bits>
void RsaLanes<Bits>::get(std::size_t lane, MutableBytes number) const {
  for (std::size_t i = 0; i < kWords; ++i) store_be64(&number[kBytes - 8 - 8 * i], scratch_->output[i][lane]);
}

/// The keys go from here; lanes that are left empty by the next batch then hold zeros, which are harmless.
template <std::size_t Bits>
void RsaLanes<Bits>::wipe() {
  secure_wipe(scratch_.get(), sizeof *scratch_);
}

template <std::size_t Bits>
void RsaLanes<Bits>::sign(std::span<Operation* const> operations) {
  std::array<std::uint8_t, kBytes> encoded;
  std::array<std::uint8_t, kMaxDigestBytes> salt;
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    const Operation& operation = *operations[lane];
    const HashId id = operation.message.size() == 32 ? HashId::sha256 : HashId::sha384;
    const MutableBytes fresh = MutableBytes(salt).first(digest_bytes(id));
    entropy_.fill(fresh);
    pss_encode(id, operation.message, fresh, encoded);
    put(lane, *forms_[operation.key.value].form, encoded);
  }
  const unsigned sound = kernel_(scratch_->batch, scratch_->output);
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    Operation& operation = *operations[lane];
    operation.status = Status::failed;
    if ((sound >> lane & 1) == 0) continue;
    get(lane, operation.signature);
    operation.signature_bytes = kBytes;
    operation.status = Status::done;
  }
}

template <std::size_t Bits>
void RsaLanes<Bits>::open_premasters(std::span<Operation* const> operations) {
  // Drawn for all, before anything is known of them.
  Secret<kKernelLanes * kPremasterBytes> fallbacks;
  entropy_.fill(fallbacks.fill(operations.size() * kPremasterBytes));
  // What is not below the modulus is no ciphertext, which the peer knows as well as we do. In its place goes zero, and
  // the zero that this is decrypted to is malformed.
  constexpr std::array<std::uint8_t, kBytes> kNoCiphertext{};
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    const RsaKey<Bits>& key = *forms_[operations[lane]->key.value].form;
    const Bytes ciphertext = operations[lane]->peer_public;
    put(lane, key, key.is_above(ciphertext) ? ciphertext : Bytes(kNoCiphertext));
  }
  const unsigned sound = kernel_(scratch_->batch, scratch_->output);
  Secret<kBytes> block;
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    Operation& operation = *operations[lane];
    operation.status = Status::failed;
    if ((sound >> lane & 1) == 0) continue;
    get(lane, block.fill(kBytes));
    unwrap_premaster(block.view(), operation.client_version,
                     fallbacks.view().subspan(lane * kPremasterBytes, kPremasterBytes), operation.shared_secret);
    operation.status = Status::done;
  }
}

template <std::size_t Bits>
void RsaLanes<Bits>::run(std::span<Operation* const> operations) {
  if (operations.front()->kind == Kind::rsa_premaster)
    open_premasters(operations);
  else
    sign(operations);
  wipe();
}

template class RsaLanes<2048>;
template class RsaLanes<3072>;
template class RsaLanes<4096>;

IfmaRsa::IfmaRsa(const KeyStore& keys, Entropy& entropy, const KernelTable& scalar, const RsaKernels& lanes)
    : scalar_(scalar),
      lanes2048_(keys, entropy, lanes.private_2048),
      lanes3072_(keys, entropy, lanes.private_3072),
      lanes4096_(keys, entropy, lanes.private_4096) {}

void IfmaRsa::run(std::span<Operation* const> operations) {
  assert(!operations.empty() && operations.size() <= kKernelLanes);
  const Kernel& scalar = scalar_[static_cast<std::size_t>(operations.front()->kind)];
  LaneGroup group2048;
  LaneGroup group3072;
  LaneGroup group4096;
  LaneGroup others;
  for (Operation* const operation : operations) {
    LaneGroup& group = lanes2048_.suits(*operation)   ? group2048
                       : lanes3072_.suits(*operation) ? group3072
                       : lanes4096_.suits(*operation) ? group4096
                                                      : others;
    group.add(operation);
  }
  const auto run_group = [&scalar]<std::size_t Bits>(const LaneGroup& group, RsaLanes<Bits>& lanes) {
    if (group.size >= kCrossover<Bits>)
      lanes.run(group.view());
    else if (group.size > 0)
      scalar.run(scalar.context, group.view());
  };
  run_group(group2048, lanes2048_);
  run_group(group3072, lanes3072_);
  run_group(group4096, lanes4096_);
  if (others.size > 0) scalar.run(scalar.context, others.view());
}

}  // namespace handsel::crypto
