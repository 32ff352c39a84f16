#include "tls/server13_retry.h"

#include <array>

#include "tls/messages/extensions.h"
#include "tls/messages/server_hello.h"
#include "tls/worker_context.h"

namespace handsel::tls {

Error send_retry_request(Handshake& handshake, const Agreed& agreed, const ClientHello& hello, Bytes message) {
  WorkerContext& worker = handshake.worker();
  Transcript first_hello(agreed.suite->hash);
  first_hello.add(message);
  RetriedHello state{.suite = agreed.suite, .group = agreed.group, .first_hello = first_hello.digest()};
  digest_of_constant_part(hello, state.constant_part);
  state.connection = handshake.connection();
  state.asked_unix_ms = handshake.unix_now_ms();
  std::array<std::uint8_t, RetryCookies::kMaxBytes> cookie;
  std::array<std::uint8_t, kMaxServerHelloBytes> memory;
  const Bytes request =
      write_retry_request(memory, agreed, worker.retry_cookies.seal(worker.aead, worker.entropy, state, cookie));
  if (const Error error = handshake.queue(request); error != Error::none) return error;
  if (const Error error = handshake.flush(); error != Error::none) return error;
  worker.statistics.handshakes_retried.add();
  return agreed.compatibility_mode() ? handshake.send_change_cipher_spec() : Error::none;
}

std::expected<RetriedHello, Error> take_cookie(Handshake& handshake, const ClientHello& hello) {
  // "When sending the new ClientHello, the client MUST copy the contents of the extension" (RFC 8446 4.2.2).
  if (!hello.cookie) return std::unexpected(Error::missing_cookie);
  const std::expected<Bytes, Error> cookie = read_cookie(*hello.cookie);
  if (!cookie) return std::unexpected(cookie.error());
  WorkerContext& worker = handshake.worker();
  const std::expected<RetriedHello, Error> first =
      worker.retry_cookies.open(worker.aead, *cookie, handshake.connection(), handshake.unix_now_ms());
  if (!first) return first;
  std::array<std::uint8_t, 32> constant_part;
  digest_of_constant_part(hello, constant_part);
  if (constant_part != first->constant_part || hello.early_data) return std::unexpected(Error::second_hello_changed);
  if (!hello.key_share) return std::unexpected(Error::missing_extension);
  const std::expected<KeyShares, Error> shares = KeyShares::read(*hello.key_share);
  if (!shares) return std::unexpected(shares.error());
  if (shares->size() != 1 || shares->find(first->group).empty())
    return std::unexpected(Error::second_hello_without_share);
  return first;
}

Transcript transcript_of_retry(const RetriedHello& first, const Agreed& agreed, const ClientHello& hello) {
  Transcript transcript = Transcript::behind_message_hash(first.suite->hash, first.first_hello.view());
  std::array<std::uint8_t, kMaxServerHelloBytes> memory;
  transcript.add(write_retry_request(memory, agreed, read_cookie(*hello.cookie).value_or(Bytes{})));
  return transcript;
}

}  // namespace handsel::tls
