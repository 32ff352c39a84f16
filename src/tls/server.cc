/// The first step of every server handshake: read the ClientHello, find the version.
#include "tls/config.h"
#include "tls/handshake.h"
#include "tls/messages/client_hello.h"
#include "tls/names.h"
#include "tls/negotiate.h"
#include "tls/server12.h"
#include "tls/server13.h"

namespace handsel::tls {
namespace {

// Counts the client by the newest version that it speaks.
Error refuse_version(Handshake& handshake, Version newest) {
  const std::size_t row = index_in(kVersionNames, static_cast<std::uint16_t>(newest));
  handshake.worker().statistics.refused_version[row].add();
  return Error::unsupported_version;
}

}  // namespace

Task serve(Handshake& handshake) {
  const bool retried = handshake.info().retried;
  const Message message = co_await handshake.message(retried ? Waiting::second_client_hello : Waiting::client_hello,
                                                     HandshakeType::client_hello);
  handshake.set_hello_passed();
  // Whatever follows needs an answer from us first, and in TLS 1.3 comes under other keys (RFC 8446 5.1).
  if (!handshake.at_boundary()) co_return Error::straddles_key_change;
  const std::expected<ClientHello, Error> hello = ClientHello::parse(message.body);
  if (!hello) co_return hello.error();
  // "legacy_version set to 0x0300 MUST abort the handshake with a protocol_version alert" (RFC 8446 D.5); older is
  // worse.
  if (hello->legacy_version <= Version::ssl3) co_return refuse_version(handshake, hello->legacy_version);
  const std::expected<Version, Error> newest = newest_version(*hello);
  if (!newest) co_return newest.error();
  if (retried && *newest != Version::tls13) co_return Error::second_hello_changed;
  const Version oldest = handshake.config().min_version;
  if (*newest < oldest) co_return refuse_version(handshake, *newest);

  Task rest = *newest == Version::tls13 ? server13(handshake, *hello, message.whole)
                                        : server12(handshake, *hello, message.whole);
  const Error error = co_await rest;
  co_return error;
}

}  // namespace handsel::tls
