#include "tls/key_schedule13.h"

#include <array>
#include <utility>

namespace handsel::tls {
namespace {

using crypto::HashId;
using crypto::Hmac;

// HkdfLabel (RFC 8446 7.1).
class LabelInfo {
 public:
  LabelInfo(std::size_t bytes, std::string_view label, Bytes context) {
    constexpr std::string_view kPrefix = "tls13 ";
    Writer writer(memory_);
    writer.u16(static_cast<std::uint16_t>(bytes));
    writer.u8(static_cast<std::uint8_t>(kPrefix.size() + label.size()));
    writer.bytes(as_bytes(kPrefix));
    writer.bytes(as_bytes(label));
    writer.u8(static_cast<std::uint8_t>(context.size()));
    writer.bytes(context);
    size_ = writer.size();
  }
  Bytes view() const { return Bytes(memory_).first(size_); }

 private:
  std::array<std::uint8_t, 2 + 1 + 255 + 1 + 255>
      memory_;  // the longest label is an exporter's, context a ticket's nonce
  std::size_t size_;
};

// Derive-Secret (RFC 8446 7.1), its transcript already hashed.
TrafficSecret derive_secret(const Hmac& secret, std::string_view label, Bytes transcript_hash) {
  Secret<crypto::kMaxDigestBytes> out;
  hkdf_expand_label(secret, label, transcript_hash, out.fill(crypto::digest_bytes(secret.id())));
  return {secret.id(), out.view()};
}

// Two of them from one secret.
TrafficSecrets derive_secrets(const Hmac& secret, std::string_view client_label, std::string_view server_label,
                              Bytes transcript_hash) {
  Secret<crypto::kMaxDigestBytes> client, server;
  const std::size_t width = crypto::digest_bytes(secret.id());
  const LabelInfo client_info(width, client_label, transcript_hash);
  const LabelInfo server_info(width, server_label, transcript_hash);
  crypto::hkdf_expand_two(secret, client_info.view(), client.fill(width), server_info.view(), server.fill(width));
  return {{secret.id(), client.view()}, {secret.id(), server.view()}};
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

// Derive-Secret(., "derived", ""): the salt that leads from one stage to the next, as the key that it is there.
Hmac derived(const Hmac& secret) {
  const TrafficSecret salt = derive_secret(secret, "derived", empty_hash(secret.id()));
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
  crypto::hkdf_expand(secret, LabelInfo(out.size(), label, context).view(), out);
}

void TrafficSecret::derive_key_and_iv(crypto::AeadId id, MutableBytes key, MutableBytes iv) const {
  const LabelInfo key_info(crypto::key_bytes(id), "key", {});
  const LabelInfo iv_info(crypto::kAeadNonceBytes, "iv", {});
  crypto::hkdf_expand_two(Hmac(hash_, bytes_.view()), key_info.view(), key.first(crypto::key_bytes(id)), iv_info.view(),
                          iv.first(crypto::kAeadNonceBytes));
}

TrafficSecret TrafficSecret::next() const { return derive_secret(Hmac(hash_, bytes_.view()), "traffic upd", {}); }

void TrafficSecret::finished(Bytes transcript_hash, MutableBytes verify_data) const {
  Secret<crypto::kMaxDigestBytes> key;
  hkdf_expand_label(Hmac(hash_, bytes_.view()), "finished", {}, key.fill(crypto::digest_bytes(hash_)));
  Hmac(hash_, key.view()).mac({transcript_hash}, verify_data);
}

// Without a pre-shared key the first stage and the salt behind it are constants.
struct EarlySecret::WithoutKey {
  explicit WithoutKey(HashId hash)
      : secret(extract(Hmac(hash, zeros(hash)), zeros(hash))), hmac(hash, secret.view()), salt(derived(hmac)) {}
  static const WithoutKey& of(HashId hash) {
    static const WithoutKey sha256(HashId::sha256);
    static const WithoutKey sha384(HashId::sha384);
    return hash == HashId::sha256 ? sha256 : sha384;
  }

  Secret<crypto::kMaxDigestBytes> secret;
  Hmac hmac;
  Hmac salt;
};

EarlySecret::EarlySecret(HashId hash, Bytes pre_shared_key)
    : secret_(pre_shared_key.empty() ? WithoutKey::of(hash).secret.clone()
                                     : extract(Hmac(hash, zeros(hash)), pre_shared_key)),
      hmac_(pre_shared_key.empty() ? WithoutKey::of(hash).hmac : Hmac(hash, secret_.view())),
      has_key_(!pre_shared_key.empty()) {}

TrafficSecret EarlySecret::resumption_binder() const {
  return derive_secret(hmac_, "res binder", empty_hash(hmac_.id()));
}

TrafficSecret EarlySecret::client_early(Bytes transcript_hash) const {
  return derive_secret(hmac_, "c e traffic", transcript_hash);
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
  return derive_secret(hmac_, "c hs traffic", transcript_hash);
}

TrafficSecret HandshakeSecret::server_handshake(Bytes transcript_hash) const {
  return derive_secret(hmac_, "s hs traffic", transcript_hash);
}

TrafficSecrets HandshakeSecret::traffic(Bytes transcript_hash) const {
  return derive_secrets(hmac_, "c hs traffic", "s hs traffic", transcript_hash);
}

MasterSecret HandshakeSecret::master() && {
  const Hmac salt = derived(hmac_);
  secret_.wipe();
  return MasterSecret(salt);
}

MasterSecret::MasterSecret(const Hmac& derived)
    : secret_(extract(derived, zeros(derived.id()))), hmac_(derived.id(), secret_.view()) {}

TrafficSecret MasterSecret::client_application(Bytes transcript_hash) const {
  return derive_secret(hmac_, "c ap traffic", transcript_hash);
}

TrafficSecret MasterSecret::server_application(Bytes transcript_hash) const {
  return derive_secret(hmac_, "s ap traffic", transcript_hash);
}

TrafficSecrets MasterSecret::application(Bytes transcript_hash) const {
  return derive_secrets(hmac_, "c ap traffic", "s ap traffic", transcript_hash);
}

TrafficSecret MasterSecret::exporter(Bytes transcript_hash) const {
  return derive_secret(hmac_, "exp master", transcript_hash);
}

TrafficSecret MasterSecret::resumption(Bytes transcript_hash) const {
  return derive_secret(hmac_, "res master", transcript_hash);
}

}  // namespace handsel::tls
