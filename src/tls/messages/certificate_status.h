#pragma once
/// OCSP stapling: what the client asks for and what the server answers (RFC 6066 8, RFC 8446 4.4.2.1).

#include <expected>

#include "base/bytes.h"
#include "tls/alert.h"
#include "tls/codec.h"
#include "tls/protocol.h"

namespace handsel::tls {

inline constexpr std::uint8_t kStatusTypeOcsp = 1;

/// A client's status_request: true when it asks for an OCSP response. Other types are nobody's yet, and passed over.
inline std::expected<bool, Error> read_status_request(Bytes body) {
  Reader reader(body);
  const std::uint8_t type = reader.u8();
  if (!reader.ok()) return std::unexpected(Error::malformed_extension);
  if (type != kStatusTypeOcsp) return false;
  Reader responders(reader.vector16());
  reader.vector16();  // the request's extensions, DER: for a responder, which we are not
  if (!reader.finished()) return std::unexpected(Error::malformed_extension);
  while (!responders.empty())
    if (responders.vector16().empty()) return std::unexpected(Error::malformed_extension);
  return true;
}

/// The server's answer: a message of TLS 1.2, in 1.3 an extension of the certificate's entry.
struct CertificateStatus {
  Bytes ocsp_response;  ///< DER

  void emit_body(Writer& writer) const {
    writer.u8(kStatusTypeOcsp);
    auto length = writer.length<3>();
    writer.bytes(ocsp_response);
  }
  /// Writes the whole message.
  void emit(Writer& writer) const {
    auto message = open_message(writer, HandshakeType::certificate_status);
    emit_body(writer);
  }
  /// Writes the whole extension.
  void emit_extension(Writer& writer) const {
    auto extension = open_extension(writer, ExtensionType::status_request);
    emit_body(writer);
  }
};

}  // namespace handsel::tls
