#include "crypto/ifma_rsa.h"

#include <openssl/err.h>

#include <array>

#include "crypto/key_access.h"
#include "crypto/lane_split.h"
#include "crypto/rsa_pss.h"

namespace handsel::crypto {
namespace {

constexpr std::size_t kModulusBytes = 256;
constexpr std::size_t kWords = kModulusBytes / 8;
/// A call costs all its lanes: 1.51 million cycles, measured, where libcrypto takes 0.575 million for one signature.
constexpr std::size_t kCrossover = 3;

}  // namespace

IfmaRsa::IfmaRsa(const KeyStore& keys, Entropy& entropy, const Kernel& scalar, const RsaKernels& lanes)
    : keys_(keys),
      entropy_(entropy),
      scalar_(scalar),
      lanes_(lanes),
      forms_(KeyStore::kMaxKeys),
      batch_(new RsaBatch2048{}) {}

IfmaRsa::~IfmaRsa() { secure_wipe(batch_.get(), sizeof *batch_); }

const RsaKey2048* IfmaRsa::suitable_key(const Operation& operation) {
  const bool digest_fits = operation.message.size() == 32 || operation.message.size() == 48;
  EVP_PKEY* const pkey = KeyAccess::pkey(keys_, operation.key);
  if (!digest_fits || pkey == nullptr || operation.signature.size() < kModulusBytes ||
      keys_.type(operation.key) != KeyType{KeyAlgorithm::rsa, 8 * kModulusBytes})
    return nullptr;
  Key& key = forms_[operation.key.value];
  if (!key.looked_at) {
    key.form = RsaKey2048::make(pkey);
    key.looked_at = true;
    ERR_clear_error();
  }
  return key.form.get();
}

void IfmaRsa::sign(std::span<Operation* const> operations) {
  split_lanes(
      operations, scalar_, kCrossover,
      [this](const Operation& operation) { return suitable_key(operation) != nullptr; },
      [this](std::span<Operation* const> fit) { sign_in_lanes(fit); });
}

void IfmaRsa::sign_in_lanes(std::span<Operation* const> operations) {
  std::array<std::uint8_t, kModulusBytes> encoded;
  std::array<std::uint8_t, kMaxDigestBytes> salt;
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    const Operation& operation = *operations[lane];
    const HashId id = operation.message.size() == 32 ? HashId::sha256 : HashId::sha384;
    const MutableBytes fresh = MutableBytes(salt).first(digest_bytes(id));
    entropy_.fill(fresh);
    pss_encode(id, operation.message, fresh, encoded);
    for (std::size_t i = 0; i < kWords; ++i) batch_->input[i][lane] = load_be64(&encoded[kModulusBytes - 8 - 8 * i]);
    suitable_key(operation)->copy_to(*batch_, lane);
  }
  std::uint64_t output[kWords][kKernelLanes];
  const unsigned sound = lanes_.private_2048(*batch_, output);
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    Operation& operation = *operations[lane];
    operation.status = Status::failed;
    if ((sound >> lane & 1) == 0) continue;
    for (std::size_t i = 0; i < kWords; ++i)
      store_be64(&operation.signature[kModulusBytes - 8 - 8 * i], output[i][lane]);
    operation.signature_bytes = kModulusBytes;
    operation.status = Status::done;
  }
  // The keys go from here; lanes that are left empty by the next batch then hold zeros, which are harmless.
  secure_wipe(batch_.get(), sizeof *batch_);
  secure_wipe(output, sizeof output);
}

}  // namespace handsel::crypto
