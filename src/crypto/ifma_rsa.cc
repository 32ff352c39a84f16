#include "crypto/ifma_rsa.h"

#include <openssl/err.h>

#include <array>
#include <cassert>

#include "crypto/key_access.h"
#include "crypto/lane_split.h"
#include "crypto/rsa_pss.h"

namespace handsel::crypto {
namespace {

/// A call costs all its lanes: with this many filled it is faster than libcrypto one by one. Measured, in millions of
/// cycles for a call and for one signature of libcrypto: 1.72 and 0.62 (2048 bits), 6.3 and 3.6 (3072), 15.4 and 8.3.
template <std::size_t Bits>
constexpr std::size_t kCrossover = Bits == 2048 ? 3 : 2;

}  // namespace

template <std::size_t Bits>
RsaLanes<Bits>::RsaLanes(const KeyStore& keys, Entropy& entropy, RsaPrivate<Bits> kernel)
    : keys_(keys), entropy_(entropy), kernel_(kernel), forms_(KeyStore::kMaxKeys), batch_(new RsaBatch<Bits>{}) {}

template <std::size_t Bits>
RsaLanes<Bits>::~RsaLanes() {
  secure_wipe(batch_.get(), sizeof *batch_);
}

template <std::size_t Bits>
bool RsaLanes<Bits>::suits(const Operation& operation) {
  const bool digest_fits = operation.message.size() == 32 || operation.message.size() == 48;
  EVP_PKEY* const pkey = KeyAccess::pkey(keys_, operation.key);
  if (!digest_fits || pkey == nullptr || operation.signature.size() < Bits / 8 ||
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
void RsaLanes<Bits>::sign(std::span<Operation* const> operations) {
  constexpr std::size_t kBytes = Bits / 8;
  constexpr std::size_t kWords = RsaShape<Bits>::kWords;
  std::array<std::uint8_t, kBytes> encoded;
  std::array<std::uint8_t, kMaxDigestBytes> salt;
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    const Operation& operation = *operations[lane];
    const HashId id = operation.message.size() == 32 ? HashId::sha256 : HashId::sha384;
    const MutableBytes fresh = MutableBytes(salt).first(digest_bytes(id));
    entropy_.fill(fresh);
    pss_encode(id, operation.message, fresh, encoded);
    for (std::size_t i = 0; i < kWords; ++i) batch_->input[i][lane] = load_be64(&encoded[kBytes - 8 - 8 * i]);
    forms_[operation.key.value].form->copy_to(*batch_, lane);
  }
  std::uint64_t output[kWords][kKernelLanes];
  const unsigned sound = kernel_(*batch_, output);
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    Operation& operation = *operations[lane];
    operation.status = Status::failed;
    if ((sound >> lane & 1) == 0) continue;
    for (std::size_t i = 0; i < kWords; ++i) store_be64(&operation.signature[kBytes - 8 - 8 * i], output[i][lane]);
    operation.signature_bytes = kBytes;
    operation.status = Status::done;
  }
  // The keys go from here; lanes that are left empty by the next batch then hold zeros, which are harmless.
  secure_wipe(batch_.get(), sizeof *batch_);
  secure_wipe(output, sizeof output);
}

template class RsaLanes<2048>;
template class RsaLanes<3072>;
template class RsaLanes<4096>;

IfmaRsa::IfmaRsa(const KeyStore& keys, Entropy& entropy, const Kernel& scalar, const RsaKernels& lanes)
    : scalar_(scalar),
      lanes2048_(keys, entropy, lanes.private_2048),
      lanes3072_(keys, entropy, lanes.private_3072),
      lanes4096_(keys, entropy, lanes.private_4096) {}

void IfmaRsa::sign(std::span<Operation* const> operations) {
  assert(operations.size() <= kKernelLanes);
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
  const auto run = [this]<std::size_t Bits>(const LaneGroup& group, RsaLanes<Bits>& lanes) {
    if (group.size >= kCrossover<Bits>)
      lanes.sign(group.view());
    else if (group.size > 0)
      scalar_.run(scalar_.context, group.view());
  };
  run(group2048, lanes2048_);
  run(group3072, lanes3072_);
  run(group4096, lanes4096_);
  if (others.size > 0) scalar_.run(scalar_.context, others.view());
}

}  // namespace handsel::crypto
