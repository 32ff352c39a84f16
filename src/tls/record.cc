#include "tls/record.h"

#include <utility>

namespace handsel::tls {

void write_record_header(MutableBytes out, ContentType type, Version version, std::size_t length) {
  out[0] = static_cast<std::uint8_t>(type);
  store_be16(&out[1], static_cast<std::uint16_t>(version));
  store_be16(&out[3], static_cast<std::uint16_t>(length));
}

void RecordProtector::start13(crypto::Aead& aead, crypto::AeadId id, TrafficSecret secret) {
  if (on_) aead.forget(key_);
  secret_ = std::move(secret);
  key_.id = id;
  secret_.derive_key_and_iv(id, key_.key.fill(crypto::key_bytes(id)), iv_);
  sequence_ = 0;
  on_ = true;
}

void RecordProtector::update13(crypto::Aead& aead) { start13(aead, key_.id, secret_.next()); }

void RecordProtector::stop(crypto::Aead& aead) {
  if (!on_) return;
  aead.forget(key_);
  key_.key.wipe();
  secret_.wipe();
  secure_wipe(iv_);
  on_ = false;
}

// RFC 8446 5.3: the sequence number, padded to the left, xor the static IV.
std::array<std::uint8_t, crypto::kAeadNonceBytes> RecordProtector::nonce() const {
  std::array<std::uint8_t, crypto::kAeadNonceBytes> out = iv_;
  std::array<std::uint8_t, 8> counter;
  store_be64(counter.data(), sequence_);
  for (std::size_t i = 0; i < counter.size(); ++i) out[i + 4] = static_cast<std::uint8_t>(out[i + 4] ^ counter[i]);
  return out;
}

std::size_t RecordProtector::seal13(crypto::Aead& aead, ContentType type, MutableBytes record, std::size_t content) {
  const std::size_t inner = content + 1;
  const std::size_t sealed = inner + crypto::kAeadTagBytes;
  write_record_header(record, ContentType::application_data, Version::tls12, sealed);
  record[kRecordHeaderBytes + content] = static_cast<std::uint8_t>(type);
  const MutableBytes body = record.subspan(kRecordHeaderBytes, sealed);
  aead.seal(key_, nonce(), record.first(kRecordHeaderBytes), body.first(inner), body);
  ++sequence_;
  return kRecordHeaderBytes + sealed;
}

std::expected<Opened, Error> RecordProtector::open13(crypto::Aead& aead, MutableBytes record) {
  const MutableBytes body = record.subspan(kRecordHeaderBytes);
  if (body.size() < crypto::kAeadTagBytes + 1) return std::unexpected(Error::bad_record_mac);
  if (body.size() > limits::kMaxCiphertext) return std::unexpected(Error::record_overflow);
  if (!aead.open(key_, nonce(), record.first(kRecordHeaderBytes), body)) return std::unexpected(Error::bad_record_mac);
  ++sequence_;

  std::size_t end = body.size() - crypto::kAeadTagBytes;
  if (end > limits::kMaxPlaintext + 1) return std::unexpected(Error::record_overflow);
  while (end > 0 && body[end - 1] == 0) --end;
  if (end == 0) return std::unexpected(Error::no_inner_content_type);
  return Opened{static_cast<ContentType>(body[end - 1]), body.first(end - 1)};
}

}  // namespace handsel::tls
