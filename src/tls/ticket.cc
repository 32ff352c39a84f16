#include "tls/ticket.h"

#include <algorithm>

namespace handsel::tls {
namespace {

constexpr std::size_t kHeadBytes = TicketKeys::kNameBytes + crypto::kAeadNonceBytes;
constexpr std::size_t kMaxStateBytes = 2 + 2 + 8 + 8 + 16 + 4 + 4 + 8 + 8 + 1 + crypto::kMaxDigestBytes;
static_assert(kHeadBytes + kMaxStateBytes + crypto::kAeadTagBytes <= TicketKeys::kMaxTicketBytes);

void write_state(Writer& writer, const TicketState& state) {
  writer.u16(static_cast<std::uint16_t>(state.version));
  writer.u16(static_cast<std::uint16_t>(state.suite));
  writer.u64(state.issued_unix_ms);
  writer.u64(state.authenticated_unix_ms);
  writer.bytes(state.scope);
  writer.u32(state.max_early_data);
  writer.u32(state.age_add);
  writer.u64(state.guard);
  writer.u64(state.protocol);
  auto length = writer.length<1>();
  writer.bytes(state.secret.view());
}

bool read_state(Bytes bytes, TicketState& state) {
  Reader reader(bytes);
  state.version = static_cast<Version>(reader.u16());
  state.suite = static_cast<CipherSuite>(reader.u16());
  state.issued_unix_ms = reader.u64();
  state.authenticated_unix_ms = reader.u64();
  std::ranges::copy(reader.bytes(state.scope.size()), state.scope.begin());
  state.max_early_data = reader.u32();
  state.age_add = reader.u32();
  state.guard = reader.u64();
  state.protocol = reader.u64();
  const Bytes secret = reader.vector8();
  if (!reader.finished() || secret.empty() || secret.size() > state.secret.capacity()) return false;
  state.secret.assign(secret);
  return true;
}

}  // namespace

TicketScope ticket_scope(std::string_view server_name, Bytes client_trust) {
  crypto::Hash hash(crypto::HashId::sha256);
  for (const char letter : server_name) {
    const auto lower = static_cast<std::uint8_t>(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
    hash.update({&lower, 1});
  }
  const std::uint8_t end = 0;  // which no name holds
  hash.update({&end, 1});
  hash.update(client_trust);
  std::array<std::uint8_t, 32> digest;
  hash.finish(digest);
  TicketScope out;
  std::ranges::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

TicketKeys::Key TicketKeys::make_key(Bytes bytes) {
  Key key;
  std::ranges::copy(bytes.first(kNameBytes), key.name.begin());
  key.secret.id = crypto::AeadId::aes_256_gcm;
  key.secret.key.assign(bytes.subspan(kNameBytes, kSecretBytes));
  return key;
}

std::shared_ptr<const TicketKeys> TicketKeys::random(Entropy& entropy) { return TicketKeys().rotated(entropy); }

std::expected<std::shared_ptr<const TicketKeys>, std::string> TicketKeys::from_bytes(Bytes file) {
  if (file.empty() || file.size() % kKeyFileBytes != 0 || file.size() > kMaxKeys * kKeyFileBytes)
    return std::unexpected("ticket keys are one to three of 48 bytes each, newest first; there are " +
                           std::to_string(file.size()) + " bytes");
  auto keys = std::make_shared<TicketKeys>();
  for (; !file.empty(); file = file.subspan(kKeyFileBytes)) {
    Key key = make_key(file);
    if (std::ranges::find(keys->keys_, key.name, &Key::name) != keys->keys_.end())
      return std::unexpected("two of the ticket keys have the same name, which is their first 16 bytes");
    keys->keys_.push_back(std::move(key));
  }
  return keys;
}

void TicketKeys::forget(crypto::Aead& aead) const {
  for (const Key& key : keys_) aead.forget(key.secret);
}

std::shared_ptr<const TicketKeys> TicketKeys::rotated(Entropy& entropy) const {
  auto next = std::make_shared<TicketKeys>();
  std::array<std::uint8_t, kKeyFileBytes> fresh;
  entropy.fill(fresh);
  next->keys_.push_back(make_key(fresh));
  secure_wipe(fresh);
  for (const Key& key : keys_) {
    if (next->keys_.size() == kMaxKeys) break;
    next->keys_.push_back({key.name, {key.secret.id, key.secret.key.clone()}});
  }
  return next;
}

Bytes TicketKeys::seal(crypto::Aead& aead, Entropy& entropy, const TicketState& state, MutableBytes out) const {
  const Key& key = keys_.front();
  Writer writer(out);
  writer.bytes(key.name);
  const MutableBytes nonce = writer.hole(crypto::kAeadNonceBytes);
  entropy.fill(nonce);
  write_state(writer, state);
  const std::size_t state_bytes = writer.size() - kHeadBytes;
  writer.zeros(crypto::kAeadTagBytes);
  const MutableBytes sealed = writer.written().subspan(kHeadBytes);
  aead.seal(key.secret, nonce, key.name, sealed.first(state_bytes), sealed);
  return writer.written();
}

bool TicketKeys::open(crypto::Aead& aead, Bytes ticket, TicketState& state) const {
  if (ticket.size() <= kHeadBytes + crypto::kAeadTagBytes || ticket.size() > kMaxTicketBytes) return false;
  const Bytes name = ticket.first(kNameBytes);
  const auto key = std::ranges::find_if(keys_, [&](const Key& each) { return std::ranges::equal(each.name, name); });
  if (key == keys_.end()) return false;
  std::array<std::uint8_t, kMaxTicketBytes> memory;
  const Bytes sealed = ticket.subspan(kHeadBytes);
  std::ranges::copy(sealed, memory.begin());
  const MutableBytes opened = MutableBytes(memory).first(sealed.size());
  const bool good = aead.open(key->secret, ticket.subspan(kNameBytes, crypto::kAeadNonceBytes), name, opened) &&
                    read_state(opened.first(opened.size() - crypto::kAeadTagBytes), state);
  secure_wipe(opened);
  return good;
}

}  // namespace handsel::tls
