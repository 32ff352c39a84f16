#include "tls/key_schedule13.h"

#include <array>
#include <utility>

namespace handsel::tls {
namespace {

using crypto::HashId;
using crypto::Hmac;
using Digest = std::array<std::uint8_t, crypto::kMaxDigestBytes>;

MutableBytes first(Digest& digest, HashId hash) { return MutableBytes(digest).first(crypto::digest_bytes(hash)); }

// Derive-Secret (RFC 8446 7.1), its transcript already hashed.
TrafficSecret derive_secret(const Hmac& secret, std::string_view label, Bytes transcript_hash) {
  Secret<crypto::kMaxDigestBytes> out;
  hkdf_expand_label(secret, label, transcript_hash, out.fill(crypto::digest_bytes(secret.id())));
  return {secret.id(), out.view()};
}

// Derive-Secret(., "derived", ""): the salt that leads from one stage to the next.
TrafficSecret derived(const Hmac& secret) {
  Digest empty_hash;
  const MutableBytes out = first(empty_hash, secret.id());
  crypto::Hash(secret.id()).finish(out);
  return derive_secret(secret, "derived", out);
}

Secret<crypto::kMaxDigestBytes> extract(HashId hash, Bytes salt, Bytes input) {
  Secret<crypto::kMaxDigestBytes> out;
  crypto::hkdf_extract(hash, salt, input, out.fill(crypto::digest_bytes(hash)));
  return out;
}

constexpr Digest kZeros{};
Bytes zeros(HashId hash) { return Bytes(kZeros).first(crypto::digest_bytes(hash)); }

}  // namespace

void hkdf_expand_label(const Hmac& secret, std::string_view label, Bytes context, MutableBytes out) {
  constexpr std::string_view kPrefix = "tls13 ";
  std::array<std::uint8_t, 2 + 1 + 255 + 1 + 255> info;  // the longest label is an exporter's, context a ticket's nonce
  Writer writer(info);
  writer.u16(static_cast<std::uint16_t>(out.size()));
  writer.u8(static_cast<std::uint8_t>(kPrefix.size() + label.size()));
  writer.bytes(as_bytes(kPrefix));
  writer.bytes(as_bytes(label));
  writer.u8(static_cast<std::uint8_t>(context.size()));
  writer.bytes(context);
  crypto::hkdf_expand(secret, writer.written(), out);
}

void TrafficSecret::derive_key_and_iv(crypto::AeadId id, MutableBytes key, MutableBytes iv) const {
  const Hmac secret(hash_, bytes_.view());
  hkdf_expand_label(secret, "key", {}, key.first(crypto::key_bytes(id)));
  hkdf_expand_label(secret, "iv", {}, iv.first(crypto::kAeadNonceBytes));
}

TrafficSecret TrafficSecret::next() const { return derive_secret(Hmac(hash_, bytes_.view()), "traffic upd", {}); }

void TrafficSecret::finished(Bytes transcript_hash, MutableBytes verify_data) const {
  Secret<crypto::kMaxDigestBytes> key;
  hkdf_expand_label(Hmac(hash_, bytes_.view()), "finished", {}, key.fill(crypto::digest_bytes(hash_)));
  Hmac(hash_, key.view()).mac({transcript_hash}, verify_data);
}

EarlySecret::EarlySecret(HashId hash, Bytes pre_shared_key)
    : secret_(extract(hash, zeros(hash), pre_shared_key.empty() ? zeros(hash) : pre_shared_key)),
      hmac_(hash, secret_.view()) {}

TrafficSecret EarlySecret::resumption_binder() const {
  Digest empty_hash;
  const MutableBytes out = first(empty_hash, hmac_.id());
  crypto::Hash(hmac_.id()).finish(out);
  return derive_secret(hmac_, "res binder", out);
}

TrafficSecret EarlySecret::client_early(Bytes transcript_hash) const {
  return derive_secret(hmac_, "c e traffic", transcript_hash);
}

HandshakeSecret EarlySecret::handshake(Bytes shared_secret) && {
  const TrafficSecret salt = derived(hmac_);
  secret_.wipe();
  return {salt.hash(), salt.view(), shared_secret};
}

HandshakeSecret::HandshakeSecret(HashId hash, Bytes derived_secret, Bytes shared_secret)
    : secret_(extract(hash, derived_secret, shared_secret)), hmac_(hash, secret_.view()) {}

TrafficSecret HandshakeSecret::client_handshake(Bytes transcript_hash) const {
  return derive_secret(hmac_, "c hs traffic", transcript_hash);
}

TrafficSecret HandshakeSecret::server_handshake(Bytes transcript_hash) const {
  return derive_secret(hmac_, "s hs traffic", transcript_hash);
}

MasterSecret HandshakeSecret::master() && {
  const TrafficSecret salt = derived(hmac_);
  secret_.wipe();
  return {salt.hash(), salt.view()};
}

MasterSecret::MasterSecret(HashId hash, Bytes derived_secret)
    : secret_(extract(hash, derived_secret, zeros(hash))), hmac_(hash, secret_.view()) {}

TrafficSecret MasterSecret::client_application(Bytes transcript_hash) const {
  return derive_secret(hmac_, "c ap traffic", transcript_hash);
}

TrafficSecret MasterSecret::server_application(Bytes transcript_hash) const {
  return derive_secret(hmac_, "s ap traffic", transcript_hash);
}

TrafficSecret MasterSecret::exporter(Bytes transcript_hash) const {
  return derive_secret(hmac_, "exp master", transcript_hash);
}

TrafficSecret MasterSecret::resumption(Bytes transcript_hash) const {
  return derive_secret(hmac_, "res master", transcript_hash);
}

}  // namespace handsel::tls
