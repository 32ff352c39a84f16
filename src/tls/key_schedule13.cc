#include "tls/key_schedule13.h"

#include <array>
#include <cassert>
#include <cstring>
#include <utility>

namespace handsel::tls {
namespace {

using crypto::HashId;
using crypto::Hmac;

// A label of ours with "tls13 " and its length before it (RFC 8446 7.1).
struct Label {
  std::array<std::uint8_t, 1 + 18> bytes{};
  std::uint8_t size = 0;
};

constexpr std::string_view kPrefix = "tls13 ";

consteval Label label(std::string_view name) {
  Label out;
  out.bytes[out.size++] = static_cast<std::uint8_t>(kPrefix.size() + name.size());
  for (const std::string_view part : {kPrefix, name})
    for (const char letter : part) out.bytes[out.size++] = static_cast<std::uint8_t>(letter);
  return out;
}

constexpr Label kDerived = label("derived");
constexpr Label kClientEarly = label("c e traffic");
constexpr Label kClientHandshake = label("c hs traffic");
constexpr Label kServerHandshake = label("s hs traffic");
constexpr Label kClientApplication = label("c ap traffic");
constexpr Label kServerApplication = label("s ap traffic");
constexpr Label kExporterMaster = label("exp master");
constexpr Label kResumptionMaster = label("res master");
constexpr Label kResumptionBinder = label("res binder");
constexpr Label kTrafficUpdate = label("traffic upd");
constexpr Label kFinished = label("finished");
constexpr Label kKey = label("key");
constexpr Label kIv = label("iv");

// HkdfLabel (RFC 8446 7.1) with one of them, and no context or a hash. A handshake needs two dozen: copies of known
// lengths, without calls.
class LabelInfo {
 public:
  LabelInfo(std::size_t bytes, const Label& label, Bytes context) {
    assert(context.size() <= crypto::kMaxDigestBytes);
    store_be16(memory_.data(), static_cast<std::uint16_t>(bytes));
    std::memcpy(&memory_[2], label.bytes.data(), sizeof label.bytes);
    size_ = 2u + label.size;
    memory_[size_++] = static_cast<std::uint8_t>(context.size());
    if (!context.empty()) std::memcpy(&memory_[size_], context.data(), context.size());
    size_ += context.size();
  }
  Bytes view() const { return Bytes(memory_.data(), size_); }

 private:
  std::array<std::uint8_t, 2 + sizeof(Label::bytes) + 1 + crypto::kMaxDigestBytes> memory_;
  std::size_t size_;
};

void expand_label(const Hmac& secret, const Label& label, Bytes context, MutableBytes out) {
  crypto::hkdf_expand(secret, LabelInfo(out.size(), label, context).view(), out);
}

// Derive-Secret (RFC 8446 7.1), its transcript already hashed.
TrafficSecret derive_secret(const Hmac& secret, const Label& label, Bytes transcript_hash) {
  Secret<crypto::kMaxDigestBytes> out;
  expand_label(secret, label, transcript_hash, out.fill(crypto::digest_bytes(secret.id())));
  return {secret.id(), out.view()};
}

// Two of them from one secret.
TrafficSecrets derive_secrets(const Hmac& secret, const Label& client_label, const Label& server_label,
                              Bytes transcript_hash) {
  Secret<crypto::kMaxDigestBytes> client, server;
  const std::size_t width = crypto::digest_bytes(secret.id());
  const LabelInfo client_info(width, client_label, transcript_hash);
  const LabelInfo server_info(width, server_label, transcript_hash);
  crypto::hkdf_expand_two(secret, client_info.view(), client.fill(width), secret, server_info.view(),
                          server.fill(width));
  return {{secret.id(), client.view()}, {secret.id(), server.view()}};
}

// RFC 8446 7.3.
void derive_record_keys(const Hmac& secret, crypto::AeadId id, RecordKeys& out) {
  const std::size_t width = crypto::key_bytes(id);
  const LabelInfo key_info(width, kKey, {});
  const LabelInfo iv_info(crypto::kAeadNonceBytes, kIv, {});
  crypto::hkdf_expand_two(secret, key_info.view(), out.key.fill(width), secret, iv_info.view(),
                          out.iv.fill(crypto::kAeadNonceBytes));
}

// The hash of nothing (RFC 6234).
constexpr std::uint8_t kEmptySha256[] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
                                         0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
                                         0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
constexpr std::uint8_t kEmptySha384[] = {0x38, 0xb0, 0x60, 0xa7, 0x51, 0xac, 0x96, 0x38, 0x4c, 0xd9, 0x32, 0x7e,
                                         0xb1, 0xb1, 0xe3, 0x6a, 0x21, 0xfd, 0xb7, 0x11, 0x14, 0xbe, 0x07, 0x43,
                                         0x4c, 0x0c, 0xc7, 0xbf, 0x63, 0xf6, 0xe1, 0xda, 0x27, 0x4e, 0xde, 0xbf,
                                         0xe7, 0x6f, 0x65, 0xfb, 0xd5, 0x1a, 0xd2, 0xf1, 0x48, 0x98, 0xb9, 0x5b};
Bytes empty_hash(HashId hash) { return hash == HashId::sha256 ? Bytes(kEmptySha256) : Bytes(kEmptySha384); }

// Derive-Secret(., kDerived, ""): the salt that leads from one stage to the next, as the key that it is there.
Hmac derived(const Hmac& secret) {
  const TrafficSecret salt = derive_secret(secret, kDerived, empty_hash(secret.id()));
  return {salt.hash(), salt.view()};
}

// HKDF-Extract under that salt.
Secret<crypto::kMaxDigestBytes> extract(const Hmac& salt, Bytes input) {
  Secret<crypto::kMaxDigestBytes> out;
  salt.mac({input}, out.fill(crypto::digest_bytes(salt.id())));
  return out;
}

constexpr std::array<std::uint8_t, crypto::kMaxDigestBytes> kZeros{};
Bytes zeros(HashId hash) { return Bytes(kZeros).first(crypto::digest_bytes(hash)); }

}  // namespace

void hkdf_expand_label(const Hmac& secret, std::string_view label, Bytes context, MutableBytes out) {
  // The longest label is an exporter's, the longest context a ticket's nonce.
  std::array<std::uint8_t, 2 + 1 + 255 + 1 + 255> memory;
  Writer writer(memory);
  writer.u16(static_cast<std::uint16_t>(out.size()));
  writer.u8(static_cast<std::uint8_t>(kPrefix.size() + label.size()));
  writer.bytes(as_bytes(kPrefix));
  writer.bytes(as_bytes(label));
  writer.u8(static_cast<std::uint8_t>(context.size()));
  writer.bytes(context);
  crypto::hkdf_expand(secret, writer.written(), out);
}

RecordKeys TrafficSecret::record_keys(crypto::AeadId id) const {
  RecordKeys out;
  derive_record_keys(Hmac(hash_, bytes_.view()), id, out);
  return out;
}

TrafficSecret TrafficSecret::next() const { return derive_secret(Hmac(hash_, bytes_.view()), kTrafficUpdate, {}); }

void TrafficSecret::finished(Bytes transcript_hash, MutableBytes verify_data) const {
  FinishedKey key(hash_);
  expand_label(Hmac(hash_, bytes_.view()), kFinished, {}, key.fill());
  key.authenticate(transcript_hash, verify_data);
}

void FinishedKey::authenticate(Bytes transcript_hash, MutableBytes verify_data) const {
  Hmac(hash_, key_.view()).mac({transcript_hash}, verify_data);
}

// Without a pre-shared key the first stage and the salt behind it are constants.
struct EarlySecret::WithoutKey {
  explicit WithoutKey(HashId hash)
      : no_salt(hash, zeros(hash)),
        secret(extract(no_salt, zeros(hash))),
        hmac(hash, secret.view()),
        salt(derived(hmac)) {}
  static const WithoutKey& of(HashId hash) {
    static const WithoutKey sha256(HashId::sha256);
    static const WithoutKey sha384(HashId::sha384);
    return hash == HashId::sha256 ? sha256 : sha384;
  }

  Hmac no_salt;  // with which any first stage begins
  Secret<crypto::kMaxDigestBytes> secret;
  Hmac hmac;
  Hmac salt;
};

EarlySecret::EarlySecret(HashId hash, Bytes pre_shared_key)
    : secret_(pre_shared_key.empty() ? WithoutKey::of(hash).secret.clone()
                                     : extract(WithoutKey::of(hash).no_salt, pre_shared_key)),
      hmac_(pre_shared_key.empty() ? WithoutKey::of(hash).hmac : Hmac(hash, secret_.view())),
      has_key_(!pre_shared_key.empty()) {}

TrafficSecret EarlySecret::resumption_binder() const {
  return derive_secret(hmac_, kResumptionBinder, empty_hash(hmac_.id()));
}

TrafficSecret EarlySecret::client_early(Bytes transcript_hash) const {
  return derive_secret(hmac_, kClientEarly, transcript_hash);
}

HandshakeSecret EarlySecret::handshake(Bytes shared_secret) && {
  if (!has_key_) return {WithoutKey::of(hmac_.id()).salt, shared_secret};
  const Hmac salt = derived(hmac_);
  secret_.wipe();
  return {salt, shared_secret};
}

HandshakeSecret::HandshakeSecret(const Hmac& derived, Bytes shared_secret)
    : secret_(extract(derived, shared_secret.empty() ? zeros(derived.id()) : shared_secret)),
      hmac_(derived.id(), secret_.view()) {}

TrafficSecret HandshakeSecret::client_handshake(Bytes transcript_hash) const {
  return derive_secret(hmac_, kClientHandshake, transcript_hash);
}

TrafficSecret HandshakeSecret::server_handshake(Bytes transcript_hash) const {
  return derive_secret(hmac_, kServerHandshake, transcript_hash);
}

BothHandshakeKeys HandshakeSecret::keys(crypto::AeadId id, Bytes transcript_hash) const {
  const TrafficSecrets traffic = derive_secrets(hmac_, kClientHandshake, kServerHandshake, transcript_hash);
  const Hmac client(hmac_.id(), traffic.client.view()), server(hmac_.id(), traffic.server.view());
  BothHandshakeKeys out{{{}, FinishedKey(hmac_.id())}, {{}, FinishedKey(hmac_.id())}};
  derive_record_keys(client, id, out.client.records);
  derive_record_keys(server, id, out.server.records);
  const LabelInfo finished(crypto::digest_bytes(hmac_.id()), kFinished, {});
  crypto::hkdf_expand_two(client, finished.view(), out.client.finished.fill(), server, finished.view(),
                          out.server.finished.fill());
  return out;
}

MasterSecret HandshakeSecret::master() && {
  const Hmac salt = derived(hmac_);
  secret_.wipe();
  return MasterSecret(salt);
}

MasterSecret::MasterSecret(const Hmac& derived)
    : secret_(extract(derived, zeros(derived.id()))), hmac_(derived.id(), secret_.view()) {}

TrafficSecret MasterSecret::client_application(Bytes transcript_hash) const {
  return derive_secret(hmac_, kClientApplication, transcript_hash);
}

TrafficSecret MasterSecret::server_application(Bytes transcript_hash) const {
  return derive_secret(hmac_, kServerApplication, transcript_hash);
}

TrafficSecrets MasterSecret::application(Bytes transcript_hash) const {
  return derive_secrets(hmac_, kClientApplication, kServerApplication, transcript_hash);
}

TrafficSecret MasterSecret::exporter(Bytes transcript_hash) const {
  return derive_secret(hmac_, kExporterMaster, transcript_hash);
}

TrafficSecret MasterSecret::resumption(Bytes transcript_hash) const {
  return derive_secret(hmac_, kResumptionMaster, transcript_hash);
}

}  // namespace handsel::tls
