#include "tls/client13.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "tls/client13_flight.h"
#include "tls/client_checks.h"
#include "tls/client_early_data.h"
#include "tls/finished13.h"
#include "tls/key_schedule13.h"
#include "tls/messages/extensions.h"
#include "tls/messages/pre_shared_key.h"

namespace handsel::tls {
namespace {

constexpr std::array kInServerHello = {ExtensionType::supported_versions, ExtensionType::key_share,
                                       ExtensionType::pre_shared_key};
constexpr std::array kInRetryRequest = {ExtensionType::supported_versions, ExtensionType::key_share,
                                        ExtensionType::cookie};

/// What a ServerHello and a HelloRetryRequest have in common (RFC 8446 4.1.3); gives the suite.
std::expected<const Suite*, Error> check_hello(const ClientOffer& offer, const ServerHello& hello) {
  if (!std::ranges::equal(hello.session_id, offer.session_id())) return std::unexpected(Error::session_id_not_echoed);
  if (hello.compression_method != 0) return std::unexpected(Error::bad_compression_method);
  const Suite* const suite = find_suite13(static_cast<std::uint16_t>(hello.suite));
  if (suite == nullptr || !offer.config().offers(suite->id)) return std::unexpected(Error::suite_not_offered);
  const std::span<const ExtensionType> allowed =
      hello.is_retry_request() ? std::span<const ExtensionType>(kInRetryRequest) : std::span(kInServerHello);
  if (const Error error = check_extensions(offer, hello.extensions, allowed); error != Error::none)
    return std::unexpected(error);
  return suite;
}

/// The server's cookie, from one co_await to the next, in a block of the pool: they are rare, and may be long.
class Cookie {
 public:
  explicit Cookie(FramePool& pool) : pool_(pool) {}
  Cookie(const Cookie&) = delete;
  Cookie& operator=(const Cookie&) = delete;
  ~Cookie() {
    if (block_ != nullptr) pool_.give_block(block_);
  }
  Error take(Bytes extension) {
    const std::expected<Bytes, Error> cookie = read_cookie(extension);
    if (!cookie) return cookie.error();
    if (cookie->size() > limits::kHandshakeBlockBytes) return Error::message_too_long;
    block_ = pool_.take_block();
    if (block_ == nullptr) return Error::no_handshake_memory;
    bytes_ = cookie->size();
    std::ranges::copy(*cookie, static_cast<std::uint8_t*>(block_));
    return Error::none;
  }
  Bytes view() const { return {static_cast<const std::uint8_t*>(block_), bytes_}; }

 private:
  FramePool& pool_;
  void* block_ = nullptr;
  std::size_t bytes_ = 0;
};

/// The group that we are asked for a share of; none when it is the cookie that matters.
std::expected<NamedGroup, Error> retry_group(ClientOffer& offer, const ServerHello& hello) {
  if (!hello.key_share) {
    // "if the HelloRetryRequest would not result in any change in the ClientHello" (RFC 8446 4.1.4).
    if (!hello.cookie) return std::unexpected(Error::illegal_retry);
    return NamedGroup::none;
  }
  const std::expected<NamedGroup, Error> group = read_retry_group(*hello.key_share);
  if (!group) return group;
  if (!offer.config().offers(*group)) return std::unexpected(Error::group_not_offered);
  if (offer.exchange_of(*group) != nullptr) return std::unexpected(Error::illegal_retry);
  return group;
}

/// A HelloRetryRequest, answered by the same ClientHello with the share and the cookie that it asks for (RFC
/// 8446 4.1.2). `message` must last until the first co_await.
Task retry(Handshake& handshake, ClientOffer& offer, const Suite& suite, const ServerHello& hello, Bytes message,
           Transcript& transcript) {
  const std::expected<NamedGroup, Error> group = retry_group(offer, hello);
  if (!group) co_return group.error();
  Cookie cookie(handshake.worker().frames);
  Error error = hello.cookie ? cookie.take(*hello.cookie) : Error::none;
  if (error != Error::none) co_return error;
  give_up_early_data(handshake, offer);
  // "optionally removing any pre-shared keys which are incompatible with the server's indicated cipher suite".
  if (const StoredSession* psk = offer.psk())
    if (find_suite13(static_cast<std::uint16_t>(psk->suite))->hash != suite.hash) offer.forget_session();
  transcript.replace_by_message_hash();
  transcript.add(message);
  handshake.info().retried = true;
  handshake.worker().statistics.handshakes_retried.add();
  if (*group != NamedGroup::none) {
    offer.replace_shares(*group);
    Task generation = generate_shares(handshake, offer);
    error = co_await generation;
    if (error != Error::none) co_return error;
  }
  if (!offer.session_id().empty() && handshake.info().early_data == EarlyData::none) {
    error = handshake.send_change_cipher_spec();
    if (error != Error::none) co_return error;
  }
  error = send_second_client_hello(handshake, offer, cookie.view(), transcript);
  co_return error;
}

/// The ServerHello that counts, after a HelloRetryRequest.
Error take_second_hello(const ClientOffer& offer, const Message& message, const Suite& suite, ServerHello& hello) {
  const std::expected<ServerHello, Error> parsed = ServerHello::parse(message.body);
  if (!parsed) return parsed.error();
  hello = *parsed;
  if (hello.is_retry_request()) return Error::second_retry;
  // "The value of selected_version in the HelloRetryRequest … MUST be retained", and the suite too (RFC 8446 4.1.4).
  if (!hello.supported_versions || hello.legacy_version != Version::tls12) return Error::illegal_parameter;
  const std::expected<Version, Error> version = read_selected_version(*hello.supported_versions);
  if (!version) return version.error();
  if (*version != Version::tls13) return Error::illegal_parameter;
  const std::expected<const Suite*, Error> again = check_hello(offer, hello);
  if (!again) return again.error();
  return *again == &suite ? Error::none : Error::suite_not_offered;
}

/// The server's share, and whether it has taken our ticket. The exchange that the share belongs to is `exchange`;
/// nullptr when the ticket is enough.
Error take_server_hello(Handshake& handshake, ClientOffer& offer, const Suite& suite, const ServerHello& hello,
                        KeyExchange*& exchange) {
  Info& info = handshake.info();
  if (hello.pre_shared_key) {
    const std::expected<std::uint16_t, Error> index = read_selected_psk(*hello.pre_shared_key);
    if (!index) return index.error();
    const Suite* const former = find_suite13(static_cast<std::uint16_t>(offer.psk()->suite));
    // Where only psk_dhe_ke was offered, there must be a share as well (RFC 8446 4.2.11).
    const bool exchanges = static_cast<bool>(hello.key_share);
    if (*index != 0 || former->hash != suite.hash || (!exchanges && !offer.config().psk_only))
      return Error::psk_not_offered;
    info.resumed = true;
    if (!exchanges) return handshake.at_boundary() ? Error::none : Error::straddles_key_change;
  } else {
    give_up_early_data(handshake, offer);
  }
  if (!hello.key_share) return Error::missing_extension;
  const std::expected<KeyShare, Error> share = read_server_share(*hello.key_share);
  if (!share) return share.error();
  exchange = offer.exchange_of(share->group);
  if (exchange == nullptr) return Error::group_not_offered;
  if (!exchange->set_peer(share->key)) return Error::bad_key_share;
  info.group = static_cast<std::uint16_t>(share->group);
  // What follows comes under other keys (RFC 8446 5.1).
  return handshake.at_boundary() ? Error::none : Error::straddles_key_change;
}

/// The keys of the handshake, from the shared secret and a pre-shared key if there is one. Ours wait for the end of
/// early data.
Error start_handshake_keys(Handshake& handshake, const ClientOffer& offer, const Suite& suite, Bytes shared_secret,
                           const Transcript& transcript, Secrets13Client& secrets) {
  const Bytes psk = handshake.info().resumed ? offer.psk()->secret.view() : Bytes{};
  HandshakeSecret secret = EarlySecret(suite.hash, psk).handshake(shared_secret);
  const Digest hello_hash = transcript.digest();
  BothHandshakeKeys keys = secret.keys(suite.aead, hello_hash.view());
  secrets.client_handshake = std::move(keys.client);
  secrets.server_handshake = std::move(keys.server);
  secrets.master.emplace(std::move(secret).master());
  if (!handshake.sends_early_data()) handshake.start_writing(suite.aead, secrets.client_handshake.records);
  return handshake.start_reading(suite.aead, secrets.server_handshake.records);
}

}  // namespace

Task client13(Handshake& handshake, ClientOffer& offer, Transcripts& transcripts, const ServerHello& hello,
              Bytes message) {
  const std::expected<const Suite*, Error> suite = check_hello(offer, hello);
  if (!suite) co_return suite.error();
  handshake.info().cipher_suite = static_cast<std::uint16_t>((*suite)->id);
  Transcript& transcript = transcripts.of((*suite)->hash);
  KeyExchange* exchange = nullptr;
  Error error = Error::none;

  // HelloRetryRequest: once more, with what the server asks for.
  if (hello.is_retry_request()) {
    {
      Task retried = retry(handshake, offer, **suite, hello, message, transcript);
      error = co_await retried;
      if (error != Error::none) co_return error;
    }
    const Message second = co_await handshake.message(Waiting::second_server_hello, HandshakeType::server_hello);
    ServerHello counts;
    error = take_second_hello(offer, second, **suite, counts);
    if (error == Error::none) error = take_server_hello(handshake, offer, **suite, counts, exchange);
    transcript.add(second.whole);
  } else {
    error = take_server_hello(handshake, offer, **suite, hello, exchange);
    transcript.add(message);
  }
  if (error != Error::none) co_return error;

  // ServerHello: the shared secret, and from it the keys of the handshake.
  if (exchange != nullptr) {
    crypto::Operation agreement = exchange->agreement();
    co_await handshake.operations(Waiting::shared_secret, agreement);
  }
  const Bytes shared_secret = exchange != nullptr ? exchange->shared_secret() : Bytes{};
  Secrets13Client secrets;
  error = start_handshake_keys(handshake, offer, **suite, shared_secret, transcript, secrets);
  if (error != Error::none) co_return error;

  // EncryptedExtensions; Certificate and CertificateVerify when no ticket stands for them.
  {
    const Message extensions =
        co_await handshake.message(Waiting::encrypted_extensions, HandshakeType::encrypted_extensions);
    error = take_encrypted_extensions(handshake, offer, extensions, **suite, secrets.client_handshake.records);
    if (error != Error::none) co_return error;
    transcript.add(extensions.whole);
  }
  CertificateAsked asked;
  if (!handshake.info().resumed) {
    Task authentication = authenticate_server(handshake, transcript, asked);
    error = co_await authentication;
    if (error != Error::none) co_return error;
  }

  // Finished of the server: from here on we know whom we talk to.
  const Message finished = co_await handshake.message(Waiting::server_finished, HandshakeType::finished);
  error = check_finished13(finished, secrets.server_handshake.finished, transcript);
  if (error != Error::none) co_return error;
  transcript.add(finished.whole);
  error = secrets.take_server_finished(handshake, **suite, transcript);
  if (error != Error::none) co_return error;

  // EndOfEarlyData, our certificate if it was asked for, our Finished.
  error = send_end_of_early_data(handshake, **suite, secrets.client_handshake.records, transcript);
  if (error != Error::none) co_return error;
  const bool early = handshake.info().early_data != EarlyData::none;  // then ChangeCipherSpec has gone long ago
  if (!offer.session_id().empty() && !handshake.info().retried && !early) {
    error = handshake.send_change_cipher_spec();
    if (error != Error::none) co_return error;
  }
  if (asked.was) {
    Task shown = show_certificate(handshake, asked, transcript);
    error = co_await shown;
    if (error != Error::none) co_return error;
  }
  error = finish(handshake, **suite, secrets, transcript);
  co_return error;
}

}  // namespace handsel::tls
