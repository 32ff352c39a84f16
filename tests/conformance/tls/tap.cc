#include "tap.h"

#include <algorithm>
#include <utility>

namespace handsel::tls::conformance {
namespace {

constexpr std::size_t kAssociated12 = 13;

bool is_record(Bytes associated) {
  return associated.size() == kRecordHeaderBytes || associated.size() == kAssociated12;
}

Buffer copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

void add_once(std::vector<Buffer>& list, Bytes bytes) {
  if (std::ranges::none_of(list, [&](const Buffer& each) { return std::ranges::equal(each, bytes); }))
    list.push_back(copy(bytes));
}

}  // namespace

void AeadTap::note(const crypto::AeadKey& key) {
  add_once(keys_, key.key.view());
  add_once(live_, key.key.view());
}

void AeadTap::seal(const crypto::AeadKey& key, Bytes nonce, Bytes associated, Bytes plaintext, MutableBytes out) {
  if (is_record(associated)) {
    note(key);
    sealed_ = Sealed{key.id, copy(key.key.view()), copy(nonce), copy(associated), copy(plaintext)};
  }
  inner_->seal(key, nonce, associated, plaintext, out);
}

bool AeadTap::open(const crypto::AeadKey& key, Bytes nonce, Bytes associated, MutableBytes ciphertext_and_tag) {
  if (is_record(associated)) note(key);
  return inner_->open(key, nonce, associated, ciphertext_and_tag);
}

void AeadTap::forget(const crypto::AeadKey& key) {
  std::erase(live_, copy(key.key.view()));
  inner_->forget(key);
}

crypto::KernelTable KernelTap::wrap(const crypto::KernelTable& inner) {
  crypto::KernelTable table = inner;
  for (std::size_t i = 0; i < table.size(); ++i) {
    slots_[i] = {this, inner[i]};
    table[i].run = &KernelTap::run;
    table[i].context = &slots_[i];
  }
  return table;
}

void KernelTap::run(void* context, std::span<crypto::Operation* const> operations) {
  const Slot& slot = *static_cast<Slot*>(context);
  slot.inner.run(slot.inner.context, operations);
  for (const crypto::Operation* operation : operations) {
    if (!operation->private_key.empty()) add_once(slot.tap->secrets_, operation->private_key);
    if (!operation->shared_secret.empty() && operation->status == crypto::Status::done)
      add_once(slot.tap->secrets_, operation->shared_secret);
  }
}

}  // namespace handsel::tls::conformance
