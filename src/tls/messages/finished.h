#pragma once
/// Finished (RFC 8446 4.4.4), EndOfEarlyData (4.5), KeyUpdate (4.6.3) and NewSessionTicket (4.6.1).

#include <expected>

#include "base/bytes.h"
#include "tls/alert.h"
#include "tls/codec.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// The message is nothing but its verify_data; whoever knows the hash knows its length.
struct Finished {
  Bytes verify_data;

  static std::expected<Finished, Error> parse(Bytes body, std::size_t digest_bytes) {
    if (body.size() != digest_bytes) return std::unexpected(Error::malformed_message);
    return Finished{body};
  }
  void emit(Writer& writer) const {
    auto message = open_message(writer, HandshakeType::finished);
    writer.bytes(verify_data);
  }
};

/// A message that is nothing but its type.
inline void emit_end_of_early_data(Writer& writer) {
  auto message = open_message(writer, HandshakeType::end_of_early_data);
}

struct KeyUpdate {
  bool update_requested = false;

  static std::expected<KeyUpdate, Error> parse(Bytes body) {
    if (body.size() != 1) return std::unexpected(Error::malformed_message);
    // "If an implementation receives any other value, it MUST terminate … with an illegal_parameter alert."
    if (body[0] > 1) return std::unexpected(Error::illegal_parameter);
    return KeyUpdate{body[0] == 1};
  }
  void emit(Writer& writer) const {
    auto message = open_message(writer, HandshakeType::key_update);
    writer.u8(update_requested ? 1 : 0);
  }
};

/// Views into the message's memory.
struct NewSessionTicket {
  std::uint32_t lifetime_seconds = 0;
  std::uint32_t age_add = 0;
  Bytes nonce;
  Bytes ticket;
  Bytes extensions;                  ///< the block as it stands, without its length
  std::uint32_t max_early_data = 0;  ///< read from them: what early data may come to (RFC 8446 4.2.10); 0: none

  static std::expected<NewSessionTicket, Error> parse(Bytes body) {
    NewSessionTicket message;
    Reader reader(body);
    message.lifetime_seconds = reader.u32();
    message.age_add = reader.u32();
    message.nonce = reader.vector8();
    message.ticket = reader.vector16();
    message.extensions = reader.vector16();
    if (!reader.finished() || message.ticket.empty()) return std::unexpected(Error::malformed_message);
    const Error error = walk_extensions(message.extensions, [&](ExtensionType type, Bytes extension) {
      if (type != ExtensionType::early_data) return Error::none;
      Reader body_of(extension);
      message.max_early_data = body_of.u32();
      return body_of.finished() ? Error::none : Error::malformed_extension;
    });
    if (error != Error::none) return std::unexpected(error);
    return message;
  }
  /// The extension, for `extensions`: 8 bytes.
  static void write_max_early_data(Writer& writer, std::uint32_t bytes) {
    auto extension = open_extension(writer, ExtensionType::early_data);
    writer.u32(bytes);
  }
  void emit(Writer& writer) const {
    auto message = open_message(writer, HandshakeType::new_session_ticket);
    writer.u32(lifetime_seconds);
    writer.u32(age_add);
    {
      auto length = writer.length<1>();
      writer.bytes(nonce);
    }
    {
      auto length = writer.length<2>();
      writer.bytes(ticket);
    }
    auto length = writer.length<2>();
    writer.bytes(extensions);
  }
};

}  // namespace handsel::tls
