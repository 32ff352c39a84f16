#include "tls/record.h"

#include <algorithm>
#include <utility>

namespace handsel::tls {

void write_record_header(MutableBytes out, ContentType type, Version version, std::size_t length) {
  out[0] = static_cast<std::uint8_t>(type);
  store_be16(&out[1], static_cast<std::uint16_t>(version));
  store_be16(&out[3], static_cast<std::uint16_t>(length));
}

void RecordProtector::start13(crypto::Aead& aead, crypto::AeadId id, TrafficSecret secret) {
  start13(aead, id, secret.record_keys(id));
  secret_ = std::move(secret);
  key_.brief = false;
}

void RecordProtector::start13(crypto::Aead& aead, crypto::AeadId id, const RecordKeys& keys) {
  if (on()) aead.forget(key_);
  secret_.wipe();
  key_.id = id;
  key_.key = keys.key.clone();
  key_.brief = true;
  std::ranges::copy(keys.iv.view(), iv_.begin());
  sequence_ = 0;
  mode_ = Mode::tls13;
}

void RecordProtector::update13(crypto::Aead& aead) { start13(aead, key_.id, secret_.next()); }

void RecordProtector::start12(crypto::Aead& aead, crypto::AeadId id, Bytes key, Bytes iv) {
  stop(aead);
  key_.id = id;
  key_.brief = false;
  key_.key.assign(key);
  std::ranges::copy(iv, iv_.begin());
  sequence_ = 0;
  mode_ = Mode::tls12;
}

void RecordProtector::stop(crypto::Aead& aead) {
  if (!on()) return;
  aead.forget(key_);
  key_.key.wipe();
  secret_.wipe();
  secure_wipe(iv_);
  mode_ = Mode::off;
}

std::size_t RecordProtector::seal(crypto::Aead& aead, ContentType type, MutableBytes record, std::size_t content,
                                  std::uint16_t multiple) {
  if (mode_ == Mode::tls13) return seal13(aead, type, record, content, multiple);
  if (mode_ == Mode::tls12) return seal12(aead, type, record, content);
  write_record_header(record, type, Version::tls12, content);
  return kRecordHeaderBytes + content;
}

std::expected<Opened, Error> RecordProtector::open(crypto::Aead& aead, MutableBytes record) {
  return mode_ == Mode::tls13 ? open13(aead, record) : open12(aead, record);
}

// RFC 8446 5.3, and RFC 7905 2 for ChaCha20-Poly1305 in TLS 1.2: the sequence number, padded to the left, xor the
// static IV.
RecordProtector::Nonce RecordProtector::masked_nonce() const {
  Nonce out = iv_;
  std::array<std::uint8_t, 8> counter;
  store_be64(counter.data(), sequence_);
  for (std::size_t i = 0; i < counter.size(); ++i) out[i + 4] = static_cast<std::uint8_t>(out[i + 4] ^ counter[i]);
  return out;
}

// RFC 8446 5.4. An alert must find room where there is hardly any, and its length tells little.
std::size_t RecordProtector::padded(ContentType type, std::size_t inner, std::uint16_t multiple) const {
  if (multiple == 0 || type == ContentType::alert) return inner;
  const std::size_t wanted = (inner + multiple - 1) / multiple * multiple;
  return std::max(inner, std::min(wanted, max_content() + 1));
}

std::size_t RecordProtector::seal13(crypto::Aead& aead, ContentType type, MutableBytes record, std::size_t content,
                                    std::uint16_t multiple) {
  const std::size_t inner = padded(type, content + 1, multiple);
  const std::size_t sealed = inner + crypto::kAeadTagBytes;
  write_record_header(record, ContentType::application_data, Version::tls12, sealed);
  record[kRecordHeaderBytes + content] = static_cast<std::uint8_t>(type);
  std::ranges::fill(record.subspan(kRecordHeaderBytes + content + 1, inner - content - 1), std::uint8_t{0});
  const MutableBytes body = record.subspan(kRecordHeaderBytes, sealed);
  aead.seal(key_, masked_nonce(), record.first(kRecordHeaderBytes), body.first(inner), body);
  ++sequence_;
  return kRecordHeaderBytes + sealed;
}

std::expected<Opened, Error> RecordProtector::open13(crypto::Aead& aead, MutableBytes record) {
  const MutableBytes body = record.subspan(kRecordHeaderBytes);
  if (body.size() < crypto::kAeadTagBytes + 1) return std::unexpected(Error::bad_record_mac);
  if (body.size() > limits::kMaxCiphertext) return std::unexpected(Error::record_overflow);
  if (!aead.open(key_, masked_nonce(), record.first(kRecordHeaderBytes), body))
    return std::unexpected(Error::bad_record_mac);
  ++sequence_;

  std::size_t end = body.size() - crypto::kAeadTagBytes;
  if (end > max_content() + 1) return std::unexpected(Error::record_overflow);
  while (end > 0 && body[end - 1] == 0) --end;
  if (end == 0) return std::unexpected(Error::no_inner_content_type);
  return Opened{static_cast<ContentType>(body[end - 1]), body.first(end - 1)};
}

// RFC 5288 3: salt and explicit part.
RecordProtector::Nonce RecordProtector::nonce12(Bytes explicit_part) const {
  if (explicit_part.empty()) return masked_nonce();
  Nonce out = iv_;
  std::ranges::copy(explicit_part, out.begin() + iv_bytes12(key_.id));
  return out;
}

// RFC 5246 6.2.3.3. Type and version are those of the header, so that none but what was sealed opens.
RecordProtector::Associated12 RecordProtector::associated12(Bytes header, std::size_t content) const {
  Associated12 out;
  store_be64(out.data(), sequence_);
  std::ranges::copy(header.first(3), out.begin() + 8);
  store_be16(&out[11], static_cast<std::uint16_t>(content));
  return out;
}

std::size_t RecordProtector::seal12(crypto::Aead& aead, ContentType type, MutableBytes record, std::size_t content) {
  const std::size_t explicit_bytes = explicit_nonce_bytes();
  const std::size_t fragment = explicit_bytes + content + crypto::kAeadTagBytes;
  write_record_header(record, type, Version::tls12, fragment);
  // The sequence number never repeats under one key, which is all that the explicit part has to do.
  if (explicit_bytes != 0) store_be64(&record[kRecordHeaderBytes], sequence_);
  const MutableBytes sealed = record.subspan(content_offset(), content + crypto::kAeadTagBytes);
  aead.seal(key_, nonce12(record.subspan(kRecordHeaderBytes, explicit_bytes)), associated12(record, content),
            sealed.first(content), sealed);
  ++sequence_;
  return kRecordHeaderBytes + fragment;
}

std::expected<Opened, Error> RecordProtector::open12(crypto::Aead& aead, MutableBytes record) {
  const std::size_t explicit_bytes = explicit_nonce_bytes();
  const std::size_t overhead = explicit_bytes + crypto::kAeadTagBytes;
  if (record.size() < kRecordHeaderBytes + overhead) return std::unexpected(Error::bad_record_mac);
  const std::size_t content = record.size() - kRecordHeaderBytes - overhead;
  if (content > max_content()) return std::unexpected(Error::record_overflow);
  const MutableBytes sealed = record.subspan(content_offset());
  if (!aead.open(key_, nonce12(record.subspan(kRecordHeaderBytes, explicit_bytes)), associated12(record, content),
                 sealed))
    return std::unexpected(Error::bad_record_mac);
  ++sequence_;
  return Opened{static_cast<ContentType>(record[0]), sealed.first(content)};
}

}  // namespace handsel::tls
