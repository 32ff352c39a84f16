#include "tls/retry_cookie.h"

#include <algorithm>

#include "tls/codec.h"

namespace handsel::tls {
namespace {

constexpr std::size_t kCounterBytes = 8;
constexpr std::size_t kMaxStateBytes = 2 + 2 + 8 + 8 + 32 + 1 + crypto::kMaxDigestBytes;
static_assert(kCounterBytes + kMaxStateBytes + crypto::kAeadTagBytes <= RetryCookies::kMaxBytes);
constexpr std::string_view kPurpose = "handsel HelloRetryRequest cookie";

std::array<std::uint8_t, crypto::kAeadNonceBytes> nonce_of(Bytes counter) {
  std::array<std::uint8_t, crypto::kAeadNonceBytes> nonce{};
  std::ranges::copy(counter, nonce.begin());
  return nonce;
}

void write_state(Writer& writer, const RetriedHello& hello) {
  writer.u16(static_cast<std::uint16_t>(hello.suite->id));
  writer.u16(static_cast<std::uint16_t>(hello.group));
  writer.u64(hello.connection);
  writer.u64(hello.asked_unix_ms);
  writer.bytes(hello.constant_part);
  auto length = writer.length<1>();
  writer.bytes(hello.first_hello.view());
}

bool read_state(Bytes bytes, RetriedHello& hello) {
  Reader reader(bytes);
  hello.suite = find_suite13(reader.u16());
  hello.group = static_cast<NamedGroup>(reader.u16());
  hello.connection = reader.u64();
  hello.asked_unix_ms = reader.u64();
  std::ranges::copy(reader.bytes(hello.constant_part.size()), hello.constant_part.begin());
  const Bytes digest = reader.vector8();
  if (!reader.finished() || hello.suite == nullptr || digest.size() != crypto::digest_bytes(hello.suite->hash))
    return false;
  hello.first_hello.size = digest.size();
  std::ranges::copy(digest, hello.first_hello.bytes.begin());
  return true;
}

}  // namespace

Bytes RetryCookies::seal(crypto::Aead& aead, Entropy& entropy, const RetriedHello& hello, MutableBytes out) {
  if (key_.key.empty()) {
    key_.id = crypto::AeadId::aes_256_gcm;
    entropy.fill(key_.key.fill(crypto::key_bytes(key_.id)));
  }
  Writer writer(out);
  writer.u64(sealed_++);
  write_state(writer, hello);
  const std::size_t state_bytes = writer.size() - kCounterBytes;
  writer.zeros(crypto::kAeadTagBytes);
  const MutableBytes sealed = writer.written().subspan(kCounterBytes);
  aead.seal(key_, nonce_of(writer.written().first(kCounterBytes)), as_bytes(kPurpose), sealed.first(state_bytes),
            sealed);
  return writer.written();
}

std::expected<RetriedHello, Error> RetryCookies::open(crypto::Aead& aead, Bytes cookie, std::uint64_t connection,
                                                      std::uint64_t now_unix_ms) const {
  if (key_.key.empty() || cookie.size() <= kCounterBytes + crypto::kAeadTagBytes || cookie.size() > kMaxBytes)
    return std::unexpected(Error::forged_cookie);
  std::array<std::uint8_t, kMaxBytes> memory;
  const Bytes sealed = cookie.subspan(kCounterBytes);
  std::ranges::copy(sealed, memory.begin());
  const MutableBytes opened = MutableBytes(memory).first(sealed.size());
  RetriedHello hello;
  if (!aead.open(key_, nonce_of(cookie.first(kCounterBytes)), as_bytes(kPurpose), opened) ||
      !read_state(opened.first(opened.size() - crypto::kAeadTagBytes), hello))
    return std::unexpected(Error::forged_cookie);
  if (hello.connection != connection) return std::unexpected(Error::strange_cookie);
  if (now_unix_ms < hello.asked_unix_ms || now_unix_ms - hello.asked_unix_ms > kLifetimeMs)
    return std::unexpected(Error::expired_cookie);
  return hello;
}

}  // namespace handsel::tls
