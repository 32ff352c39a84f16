#include "test_world.h"

#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <span>

#include "crypto/certificate.h"

namespace handsel::tls::test {
namespace {

Credential make(crypto::KeyStore& keys, crypto::KeyType type, std::string name) {
  const std::array names = {std::move(name)};
  auto made = crypto::make_self_signed(keys, type, names, 30, std::time(nullptr));
  EXPECT_TRUE(made) << made.error();
  Credential credential;
  credential.key = made->key;
  credential.kind = credential_kind(type.algorithm);
  credential.chain = made->chain.der;
  credential.names = made->chain.dns_names;
  return credential;
}

std::uint64_t no_cycles() { return 0; }

std::unique_ptr<crypto::Backend> make_any_backend(Entropy& entropy) {
  return crypto::make_backend(*crypto::choose_kernels(), Certificates::get().keys, entropy);
}

}  // namespace

Certificates& Certificates::get() {
  static Certificates* made = [] {
    auto* fresh = new Certificates;
    fresh->ecdsa = make(fresh->keys, {crypto::KeyAlgorithm::p256, 256}, "example.test");
    fresh->rsa = make(fresh->keys, {crypto::KeyAlgorithm::rsa, 2'048}, "example.test");
    fresh->rsa_pss = make(fresh->keys, {crypto::KeyAlgorithm::rsa_pss, 2'048}, "example.test");
    fresh->ecdsa_p384 = make(fresh->keys, {crypto::KeyAlgorithm::p384, 384}, "example.test");
    fresh->ed25519 = make(fresh->keys, {crypto::KeyAlgorithm::ed25519, 256}, "example.test");
    fresh->other = make(fresh->keys, {crypto::KeyAlgorithm::p256, 256}, "other.test");
    return fresh;
  }();
  return *made;
}

World::World(const Instruments& instruments)
    : backend(make_any_backend(entropy)),
      stage(instruments.kernels ? instruments.kernels(backend->kernels()) : backend->kernels(), instruments.stage,
            no_cycles),
      aead(instruments.aead ? instruments.aead(crypto::make_aead()) : crypto::make_aead()),
      worker{stage, *aead, entropy, frames, statistics} {
  worker.exporters = &exporters;
  worker.replay_guard = &replay_guard;
}

ServerConfig World::default_config() {
  const Certificates& certificates = Certificates::get();
  ServerConfig draft;
  draft.credentials = {certificates.ecdsa, certificates.rsa, certificates.other};
  auto config = prepared(std::move(draft));
  EXPECT_TRUE(config);
  return *config;
}

ServerEnd::ServerEnd(World& world, const ServerConfig& config, std::uint64_t owner)
    : SessionEnd(world, config, owner) {}

bool SessionEnd::write_record(Bytes record) {
  if (record.size() > sink_room || writes_left-- == 0) return false;
  sink_room -= record.size();
  append(output_, record);
  return true;
}

void SessionEnd::note(const Received& received) {
  append(received.early ? early_plaintext : plaintext, received.plaintext);
  connected = connected || received.connected_now;
  peer_closed = peer_closed || received.peer_closed;
  failed = failed || received.failed;
}

void SessionEnd::receive(Bytes bytes) {
  append(unread, bytes);
  while (unread.size() >= kRecordHeaderBytes && session_->wants_record()) {
    const Bytes header = Bytes(unread).first(kRecordHeaderBytes);
    const auto whole = session_->record_bytes(header);
    if (!whole) {
      const Buffer copy(header.begin(), header.end());
      note(session_->on_bad_header(copy, *this, now));
      EXPECT_EQ(session_->failure().error, whole.error().error);
      return;
    }
    if (unread.size() < *whole) return;
    Buffer record(unread.begin(), unread.begin() + static_cast<std::ptrdiff_t>(*whole));
    unread.erase(unread.begin(), unread.begin() + static_cast<std::ptrdiff_t>(*whole));
    note(session_->on_record(record, *this, now));
  }
}

bool SessionEnd::run_crypto() {
  world_.stage.flush(now);
  bool any = false;
  while (hand_in_one()) any = true;
  return any;
}

bool SessionEnd::hand_in_one(std::optional<crypto::Status> instead) {
  crypto::Operation* const operation = world_.stage.take_completed();
  if (operation == nullptr) return false;
  EXPECT_EQ(operation->owner, session_->owner());
  if (instead) operation->status = *instead;
  note(session_->on_operation_done(*operation, *this, now));
  return true;
}

void SessionEnd::settle() {
  do receive({});
  while (run_crypto());
}

void SessionEnd::send(std::string_view text) { EXPECT_TRUE(session_->send(as_bytes(text), *this)); }

Buffer SessionEnd::take_output() { return std::exchange(output_, {}); }

}  // namespace handsel::tls::test
