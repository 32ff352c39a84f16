#pragma once
/// CertificateRequest, of TLS 1.3 (RFC 8446 4.3.2) and of 1.2 (RFC 5246 7.4.4).

#include <expected>
#include <span>

#include "base/bytes.h"
#include "tls/alert.h"
#include "tls/codec.h"
#include "tls/messages/extensions.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// Views into the message's memory.
struct CertificateRequest {
  Bytes context;    ///< empty in a handshake
  U16List schemes;  ///< that the server verifies

  /// `body` is the message without its header. Extensions that are not known are passed over, as it says there.
  static std::expected<CertificateRequest, Error> parse(Bytes body) {
    CertificateRequest message;
    Reader reader(body);
    message.context = reader.vector8();
    const Bytes extensions = reader.vector16();
    if (!reader.finished()) return std::unexpected(Error::malformed_message);
    const Error error = walk_extensions(extensions, [&](ExtensionType type, Bytes extension) {
      if (type != ExtensionType::signature_algorithms) return Error::none;
      return read_u16_list(extension, message.schemes) ? Error::none : Error::malformed_extension;
    });
    if (error != Error::none) return std::unexpected(error);
    if (message.schemes.empty()) return std::unexpected(Error::missing_extension);
    return message;
  }

  /// Writes the whole message.
  /// `in_chains` are the signatures that certificates may bear.
  static void emit(Writer& writer, std::span<const SignatureScheme> schemes,
                   std::span<const SignatureScheme> in_chains) {
    auto message = open_message(writer, HandshakeType::certificate_request);
    writer.u8(0);  // no context: it is for requests after the handshake
    auto extensions = writer.length<2>();
    write_numbers(writer, ExtensionType::signature_algorithms, schemes);
    write_numbers(writer, ExtensionType::signature_algorithms_cert, in_chains);
  }

  /// TLS 1.2's form, whose kinds of certificate and names of authorities are passed over.
  static std::expected<CertificateRequest, Error> parse12(Bytes body) {
    CertificateRequest message;
    Reader reader(body);
    const Bytes kinds = reader.vector8();
    const Bytes schemes = reader.vector16();
    Reader authorities(reader.vector16());
    if (!reader.finished() || kinds.empty() || schemes.empty() || schemes.size() % 2 != 0)
      return std::unexpected(Error::malformed_message);
    while (!authorities.empty())
      if (authorities.vector16().empty()) return std::unexpected(Error::malformed_message);
    message.schemes = U16List(schemes);
    return message;
  }

  /// Writes the whole message of TLS 1.2: keys of ECDSA or RSA (RFC 8422 5.5), whoever vouches for them.
  static void emit12(Writer& writer, std::span<const SignatureScheme> schemes) {
    constexpr std::uint8_t kRsaSign = 1;
    constexpr std::uint8_t kEcdsaSign = 64;
    auto message = open_message(writer, HandshakeType::certificate_request);
    {
      auto kinds = writer.length<1>();
      writer.u8(kEcdsaSign);
      writer.u8(kRsaSign);
    }
    {
      auto list = writer.length<2>();
      for (const SignatureScheme scheme : schemes) writer.u16(static_cast<std::uint16_t>(scheme));
    }
    writer.u16(0);
  }
};

}  // namespace handsel::tls
