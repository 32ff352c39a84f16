#include "records.h"

#include <algorithm>

#include "fields.h"
#include "tls/record.h"

namespace handsel::tls::conformance {
namespace {

constexpr auto kHandshake = static_cast<std::uint8_t>(ContentType::handshake);
constexpr auto kApplicationData = static_cast<std::uint8_t>(ContentType::application_data);

std::string name_of_type(std::uint8_t type) {
  switch (static_cast<ContentType>(type)) {
    case ContentType::change_cipher_spec:
      return "ChangeCipherSpec";
    case ContentType::alert:
      return "Alert";
    default:
      return "Data";
  }
}

bool has_explicit_nonce(const Epoch& epoch) { return !epoch.tls13 && epoch.id != crypto::AeadId::chacha20_poly1305; }

// The first record under a key has sequence number zero, so its nonce is the IV itself.
Epoch epoch_of(const Sealed& sealed) {
  Epoch epoch{true, sealed.associated.size() == kRecordHeaderBytes, sealed.id, sealed.key, sealed.nonce};
  if (has_explicit_nonce(epoch)) epoch.iv.resize(iv_bytes12(epoch.id));
  return epoch;
}

Buffer header(std::uint8_t type, std::uint16_t version, std::size_t length) {
  Buffer out(kRecordHeaderBytes);
  out[0] = type;
  store_be16(&out[1], version);
  store_be16(&out[3], static_cast<std::uint16_t>(length));
  return out;
}

}  // namespace

void RecordLog::add(Bytes record) {
  const std::optional<Sealed> sealed = tap_.take_sealed();
  if (!sealed) return add_content(record[0], record.subspan(kRecordHeaderBytes), 0);
  if (epochs_.back().key != sealed->key) epochs_.push_back(epoch_of(*sealed));
  const std::size_t epoch = epochs_.size() - 1;
  if (!epochs_.back().tls13) return add_content(record[0], sealed->plaintext, epoch);
  std::size_t end = sealed->plaintext.size();
  while (end > 1 && sealed->plaintext[end - 1] == 0) --end;
  add_content(sealed->plaintext[end - 1], Bytes(sealed->plaintext).first(end - 1), epoch);
}

void RecordLog::add_content(std::uint8_t type, Bytes content, std::size_t epoch) {
  if (type != kHandshake) return add_item(name_of_type(type), type, content, epoch);
  append(partial_, content);
  while (partial_.size() >= kHandshakeHeaderBytes) {
    const std::size_t whole = kHandshakeHeaderBytes + load_be24(&partial_[1]);
    if (partial_.size() < whole) return;
    const Bytes message = Bytes(partial_).first(whole);
    add_item(std::string(message_name(message)), type, message, epoch);
    partial_.erase(partial_.begin(), partial_.begin() + static_cast<std::ptrdiff_t>(whole));
  }
}

void RecordLog::add_item(std::string name, std::uint8_t type, Bytes content, std::size_t epoch) {
  if (const int number = ++seen_[name]; number > 1) name += "#" + std::to_string(number);
  Item item;
  item.name = std::move(name);
  item.type = type;
  item.content.assign(content.begin(), content.end());
  item.epoch = epoch;
  items_.push_back(std::move(item));
}

Buffer RecordWriter::write(const std::vector<Item>& items, const std::vector<Epoch>& epochs) {
  Buffer out, joined;
  for (const Item& item : items) {
    if (item.raw) {
      append(out, item.content);
      continue;
    }
    append(joined, item.content);
    if (item.shape.joined) continue;
    const Buffer whole = std::exchange(joined, {});
    const Epoch& epoch = item.shape.plain ? epochs.front() : epochs.at(item.shape.epoch.value_or(item.epoch));
    const std::size_t most = item.shape.padding == 0 ? limits::kMaxPlaintext : ~std::size_t{0};
    Bytes rest = whole;
    do {
      // A handshake message may be longer than a record; what is told to be too long is not cut.
      const std::size_t count = item.type == kHandshake ? std::min(rest.size(), most) : rest.size();
      append(out, record(item, rest.first(count), epoch));
      rest = rest.subspan(count);
    } while (!rest.empty());
  }
  return out;
}

Buffer RecordWriter::record(const Item& item, Bytes content, const Epoch& epoch) {
  Buffer out;
  if (epoch.protects) {
    out = sealed(item, content, epoch, sequences_[item.shape.epoch.value_or(item.epoch)]++);
  } else {
    out = header(item.shape.type.value_or(item.type), item.shape.version.value_or(0x0303), content.size());
    append(out, content);
  }
  const RecordShape& shape = item.shape;
  if (shape.flipped) out.back() ^= 1;
  if (shape.cut != 0) out.resize(out.size() - std::min(shape.cut, out.size() - kRecordHeaderBytes));
  append(out, shape.extended);
  const std::size_t length = out.size() - kRecordHeaderBytes + static_cast<std::size_t>(shape.length);
  store_be16(&out[3], static_cast<std::uint16_t>(length));
  if (shape.replayed) append(out, Buffer(out));
  if (shape.lost) out.clear();
  return out;
}

Buffer RecordWriter::sealed(const Item& item, Bytes content, const Epoch& epoch, std::uint64_t sequence) {
  Buffer plaintext(content.begin(), content.end());
  if (epoch.tls13) {
    plaintext.push_back(item.type);
    plaintext.resize(plaintext.size() + item.shape.padding);
  }
  Buffer nonce = epoch.iv, explicit_part;
  if (has_explicit_nonce(epoch)) {
    explicit_part.resize(RecordProtector::kExplicitNonceBytes);
    store_be64(explicit_part.data(), sequence);
    append(nonce, explicit_part);
  } else {
    for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] ^= static_cast<std::uint8_t>(sequence >> 8 * (7 - i));
  }
  const std::uint8_t type = item.shape.type.value_or(epoch.tls13 ? kApplicationData : item.type);
  const std::uint16_t version = item.shape.version.value_or(0x0303);
  Buffer out = header(type, version, explicit_part.size() + plaintext.size() + crypto::kAeadTagBytes);
  Buffer associated = out;
  if (!epoch.tls13) {
    associated.assign(8, 0);
    store_be64(associated.data(), sequence);
    append(associated, header(type, 0x0303, plaintext.size()));
  }
  append(out, explicit_part);
  crypto::AeadKey key;
  key.id = epoch.id;
  key.key.assign(epoch.key);
  const std::size_t at = out.size();
  out.resize(at + plaintext.size() + crypto::kAeadTagBytes);
  aead_.seal(key, nonce, associated, plaintext, MutableBytes(out).subspan(at));
  aead_.forget(key);
  aead_.take_sealed();  // of no record of the session's
  return out;
}

}  // namespace handsel::tls::conformance
