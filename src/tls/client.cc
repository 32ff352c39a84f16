/// The first step of every client handshake: send the ClientHello, find the version that the server has chosen.
#include <algorithm>
#include <array>

#include "tls/client12.h"
#include "tls/client13.h"
#include "tls/client_early_data.h"
#include "tls/client_offer.h"
#include "tls/handshake.h"
#include "tls/messages/extensions.h"

namespace handsel::tls {
namespace {

/// "DOWNGRD" and 0 or 1 at the end of a server's random: it speaks something newer than what it has chosen (RFC
/// 8446 4.1.3).
bool has_downgrade_sentinel(Bytes random) {
  constexpr std::array<std::uint8_t, 7> kSentinel = {0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44};
  return std::ranges::equal(random.last(8).first(7), kSentinel) && random.back() <= 1;
}

std::expected<Version, Error> chosen_version(const ClientOffer& offer, const ServerHello& hello) {
  if (hello.supported_versions) {
    if (!offer.offers_tls13()) return std::unexpected(Error::unsolicited_extension);
    const std::expected<Version, Error> selected = read_selected_version(*hello.supported_versions);
    if (!selected) return selected;
    // "a version not offered by the client or … prior to TLS 1.3" (RFC 8446 4.2.1).
    if (*selected != Version::tls13 || hello.legacy_version != Version::tls12)
      return std::unexpected(Error::illegal_parameter);
    return selected;
  }
  if (hello.legacy_version != Version::tls12 || !offer.offers_tls12())
    return std::unexpected(Error::unsupported_version);
  // "the client … MUST fail the connection if it receives a ServerHello with TLS 1.2" after early data (RFC 8446 D.3).
  if (offer.early_data() != 0) return std::unexpected(Error::unsupported_version);
  if (hello.is_retry_request()) return std::unexpected(Error::missing_extension);
  if (offer.offers_tls13() && has_downgrade_sentinel(hello.random)) return std::unexpected(Error::downgrade_detected);
  return Version::tls12;
}

}  // namespace

Task generate_shares(Handshake& handshake, ClientOffer& offer) {
  Entropy& entropy = handshake.worker().entropy;
  auto& [first, second] = offer.exchanges();
  crypto::Operation first_generation = first.generation(entropy);
  if (second.group() == NamedGroup::none) {
    co_await handshake.operations(Waiting::key_generation, first_generation);
  } else {
    crypto::Operation second_generation = second.generation(entropy);
    co_await handshake.operations(Waiting::key_generation, first_generation, &second_generation);
  }
  co_return Error::none;
}

Task connect(Handshake& handshake) {
  // ClientHello: all that we speak.
  ClientOffer offer(handshake);
  Error error = Error::none;
  if (offer.offers_tls13()) {
    Task generation = generate_shares(handshake, offer);
    error = co_await generation;
    if (error != Error::none) co_return error;
  }
  Transcripts transcripts;
  error = send_client_hello(handshake, offer, transcripts);
  if (error == Error::none && offer.early_data() != 0) error = begin_early_data(handshake, offer, transcripts);
  if (error != Error::none) co_return error;
  // In TLS 1.2 a ChangeCipherSpec never comes before the ServerHello; in 1.3 it may.
  if (offer.offers_tls13()) handshake.set_hello_passed();

  const Message message = co_await handshake.message(Waiting::server_hello, HandshakeType::server_hello);
  const std::expected<ServerHello, Error> hello = ServerHello::parse(message.body);
  if (!hello) co_return hello.error();
  const std::expected<Version, Error> version = chosen_version(offer, *hello);
  if (!version) co_return version.error();
  handshake.info().version = static_cast<std::uint16_t>(*version);

  Task rest = *version == Version::tls13 ? client13(handshake, offer, transcripts, *hello, message.whole)
                                         : client12(handshake, offer, transcripts, *hello, message.whole);
  error = co_await rest;
  co_return error;
}

}  // namespace handsel::tls
