#pragma once
/// EncryptedExtensions (RFC 8446 4.3.1).

#include <expected>

#include "base/bytes.h"
#include "tls/alert.h"
#include "tls/codec.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// Views into the message's memory.
struct EncryptedExtensions {
  Bytes extensions;  ///< the block as it stands, without its length

  Found server_name;
  Found application_protocols;
  Found early_data;
  Found record_size_limit;

  /// `body` is the message without its header. Refuses what may not stand in this message (RFC 8446 4.2's table).
  static std::expected<EncryptedExtensions, Error> parse(Bytes body) {
    EncryptedExtensions message;
    Reader reader(body);
    message.extensions = reader.vector16();
    if (!reader.finished()) return std::unexpected(Error::malformed_message);
    const Error error = walk_extensions(message.extensions, [&](ExtensionType type, Bytes extension) {
      switch (type) {
        case ExtensionType::server_name:
          message.server_name = Found(extension);
          return Error::none;
        case ExtensionType::application_layer_protocol_negotiation:
          message.application_protocols = Found(extension);
          return Error::none;
        case ExtensionType::early_data:
          message.early_data = Found(extension);
          return Error::none;
        case ExtensionType::record_size_limit:
          message.record_size_limit = Found(extension);
          return Error::none;
        case ExtensionType::supported_groups:  // the server's own preference, for the client's next time
          return Error::none;
        case ExtensionType::key_share:
        case ExtensionType::supported_versions:
        case ExtensionType::pre_shared_key:
        case ExtensionType::cookie:
        case ExtensionType::psk_key_exchange_modes:
        case ExtensionType::signature_algorithms:
        case ExtensionType::status_request:
          return Error::misplaced_extension;
        default:
          return Error::unsolicited_extension;
      }
    });
    if (error != Error::none) return std::unexpected(error);
    return message;
  }

  /// Writes the whole message.
  void emit(Writer& writer) const {
    auto message = open_message(writer, HandshakeType::encrypted_extensions);
    auto length = writer.length<2>();
    writer.bytes(extensions);
  }
};

}  // namespace handsel::tls
