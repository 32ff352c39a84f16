#include "crypto/crypto_job.h"

#include <algorithm>
#include <cassert>

#include "base/secret.h"

namespace handsel::crypto {

MutableBytes CryptoJob::place(std::size_t bytes) {
  assert(used_ + bytes <= memory_.size());
  const MutableBytes room{memory_.data() + used_, bytes};
  used_ += bytes;
  return room;
}

MutableBytes CryptoJob::copy(Bytes from) {
  const MutableBytes to = place(from.size());
  std::ranges::copy(from, to.begin());
  return to;
}

void CryptoJob::load(const Operation& asked) {
  operation = asked;
  operation.owner = reinterpret_cast<std::uint64_t>(this);
  operation.next = nullptr;
  used_ = 0;
  operation.private_key = copy(asked.private_key);
  operation.peer_public = copy(asked.peer_public);
  operation.public_key = place(asked.public_key.size());
  operation.shared_secret = place(asked.shared_secret.size());
  operation.message = copy(asked.message);
  operation.signature = checks_signature(asked.kind) ? copy(asked.signature) : place(asked.signature.size());
  if (asked.peer_key == nullptr) return;
  peer_key_ = asked.peer_key->share();
  operation.peer_key = &peer_key_;
}

void CryptoJob::unload(Operation& asked) const {
  asked.status = operation.status;
  if (asked.status != Status::done || checks_signature(asked.kind)) return;
  std::ranges::copy(operation.private_key, asked.private_key.begin());  // key generation may have changed it
  std::ranges::copy(operation.public_key, asked.public_key.begin());
  std::ranges::copy(operation.shared_secret, asked.shared_secret.begin());
  std::ranges::copy(Bytes(operation.signature).first(operation.signature_bytes), asked.signature.begin());
  asked.signature_bytes = operation.signature_bytes;
}

void CryptoJob::wipe() {
  secure_wipe(memory_.data(), used_);
  used_ = 0;
  peer_key_ = {};
  operation = {};
}

}  // namespace handsel::crypto
