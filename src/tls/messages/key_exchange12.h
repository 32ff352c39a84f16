#pragma once
/// The messages of TLS 1.2 that 1.3 does not have, or has in another form (RFC 5246 7.4, RFC 8422 5).

#include <expected>

#include "base/bytes.h"
#include "tls/alert.h"
#include "tls/codec.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// ServerKeyExchange of an ECDHE suite (RFC 8422 5.4). Views into the message's memory.
struct ServerKeyExchange {
  static constexpr std::uint8_t kNamedCurve = 3;

  NamedGroup group{};
  Bytes share;
  SignatureScheme scheme{};
  Bytes signature;

  /// The part that is signed, behind the two randoms.
  void emit_parameters(Writer& writer) const {
    writer.u8(kNamedCurve);
    writer.u16(static_cast<std::uint16_t>(group));
    auto length = writer.length<1>();
    writer.bytes(share);
  }
  /// Writes the whole message.
  void emit(Writer& writer) const {
    auto message = open_message(writer, HandshakeType::server_key_exchange);
    emit_parameters(writer);
    writer.u16(static_cast<std::uint16_t>(scheme));
    auto length = writer.length<2>();
    writer.bytes(signature);
  }
  /// `body` is the message without its header.
  static std::expected<ServerKeyExchange, Error> parse(Bytes body) {
    ServerKeyExchange message;
    Reader reader(body);
    const std::uint8_t curve_type = reader.u8();
    message.group = static_cast<NamedGroup>(reader.u16());
    message.share = reader.vector8();
    message.scheme = static_cast<SignatureScheme>(reader.u16());
    message.signature = reader.vector16();
    if (!reader.finished()) return std::unexpected(Error::malformed_message);
    if (curve_type != kNamedCurve) return std::unexpected(Error::illegal_parameter);
    return message;
  }
};

/// ClientKeyExchange of an ECDHE suite (RFC 8422 5.7): the client's share and nothing else.
struct ClientKeyExchange {
  Bytes share;

  void emit(Writer& writer) const {
    auto message = open_message(writer, HandshakeType::client_key_exchange);
    auto length = writer.length<1>();
    writer.bytes(share);
  }
  static std::expected<ClientKeyExchange, Error> parse(Bytes body) {
    Reader reader(body);
    const ClientKeyExchange message{reader.vector8()};
    if (!reader.finished() || message.share.empty()) return std::unexpected(Error::malformed_message);
    return message;
  }
};

/// ClientKeyExchange of an RSA suite (RFC 5246 7.4.7.1): the premaster secret, encrypted.
struct ClientKeyExchangeRsa {
  Bytes encrypted_premaster;

  void emit(Writer& writer) const {
    auto message = open_message(writer, HandshakeType::client_key_exchange);
    auto length = writer.length<2>();
    writer.bytes(encrypted_premaster);
  }
  static std::expected<ClientKeyExchangeRsa, Error> parse(Bytes body) {
    Reader reader(body);
    const ClientKeyExchangeRsa message{reader.vector16()};
    if (!reader.finished() || message.encrypted_premaster.empty()) return std::unexpected(Error::malformed_message);
    return message;
  }
};

/// Certificate without TLS 1.3's context and extensions (RFC 5246 7.4.2).
struct Certificate12 {
  Bytes list;  ///< the certificates as they stand, each behind its length

  /// `body` is the message without its header.
  static std::expected<Certificate12, Error> parse(Bytes body) {
    Reader reader(body);
    const Certificate12 message{reader.vector24()};
    if (!reader.finished()) return std::unexpected(Error::malformed_message);
    Reader entries(message.list);
    while (!entries.empty())
      if (entries.vector24().empty()) return std::unexpected(Error::malformed_message);
    return message;
  }
  /// Calls visit(certificate in DER) for each, the peer's own first.
  template <class Visit>
  void each(Visit&& visit) const {
    Reader entries(list);
    while (!entries.empty()) visit(entries.vector24());
  }
  static void emit_entry(Writer& writer, Bytes certificate) {
    auto length = writer.length<3>();
    writer.bytes(certificate);
  }
  void emit(Writer& writer) const {
    auto message = open_message(writer, HandshakeType::certificate);
    auto length = writer.length<3>();
    writer.bytes(list);
  }
};

/// NewSessionTicket (RFC 5077 3.3). An empty ticket: the server has changed its mind.
struct NewSessionTicket12 {
  std::uint32_t lifetime_seconds = 0;  ///< a hint; 0: the server does not say
  Bytes ticket;

  void emit(Writer& writer) const {
    auto message = open_message(writer, HandshakeType::new_session_ticket);
    writer.u32(lifetime_seconds);
    auto length = writer.length<2>();
    writer.bytes(ticket);
  }
  static std::expected<NewSessionTicket12, Error> parse(Bytes body) {
    NewSessionTicket12 message;
    Reader reader(body);
    message.lifetime_seconds = reader.u32();
    message.ticket = reader.vector16();
    if (!reader.finished()) return std::unexpected(Error::malformed_message);
    return message;
  }
};

inline void emit_server_hello_done(Writer& writer) {
  auto message = open_message(writer, HandshakeType::server_hello_done);
}

}  // namespace handsel::tls
