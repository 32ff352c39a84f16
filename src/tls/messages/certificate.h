#pragma once
/// Certificate and CertificateVerify of TLS 1.3 (RFC 8446 4.4.2, 4.4.3).

#include <array>
#include <cstring>
#include <expected>
#include <string_view>

#include "base/bytes.h"
#include "crypto/hash.h"
#include "tls/alert.h"
#include "tls/codec.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// Views into the message's memory.
struct Certificate {
  Bytes request_context;
  Bytes list;  ///< the entries as they stand, checked

  /// `body` is the message without its header.
  static std::expected<Certificate, Error> parse(Bytes body) {
    Certificate message;
    Reader reader(body);
    message.request_context = reader.vector8();
    message.list = reader.vector24();
    if (!reader.finished()) return std::unexpected(Error::malformed_message);
    Reader entries(message.list);
    while (!entries.empty()) {
      const Bytes certificate = entries.vector24();
      const Bytes extensions = entries.vector16();
      if (!entries.ok() || certificate.empty()) return std::unexpected(Error::malformed_message);
      const Error error = walk_extensions(extensions, [](ExtensionType, Bytes) { return Error::none; });
      if (error != Error::none) return std::unexpected(error);
    }
    return message;
  }

  /// Calls visit(certificate in DER, extension block) for each entry, the peer's own certificate first.
  template <class Visit>
  void each(Visit&& visit) const {
    Reader entries(list);
    while (!entries.empty()) {
      const Bytes certificate = entries.vector24();
      visit(certificate, entries.vector16());
    }
  }

  /// One entry of `list`.
  static void emit_entry(Writer& writer, Bytes certificate, Bytes extensions) {
    {
      auto length = writer.length<3>();
      writer.bytes(certificate);
    }
    auto length = writer.length<2>();
    writer.bytes(extensions);
  }

  /// Writes the whole message.
  void emit(Writer& writer) const {
    auto message = open_message(writer, HandshakeType::certificate);
    {
      auto length = writer.length<1>();
      writer.bytes(request_context);
    }
    auto length = writer.length<3>();
    writer.bytes(list);
  }
};

/// Views into the message's memory.
struct CertificateVerify {
  SignatureScheme scheme{};
  Bytes signature;

  static std::expected<CertificateVerify, Error> parse(Bytes body) {
    CertificateVerify message;
    Reader reader(body);
    message.scheme = static_cast<SignatureScheme>(reader.u16());
    message.signature = reader.vector16();
    if (!reader.finished()) return std::unexpected(Error::malformed_message);
    return message;
  }
  void emit(Writer& writer) const {
    auto message = open_message(writer, HandshakeType::certificate_verify);
    writer.u16(static_cast<std::uint16_t>(scheme));
    auto length = writer.length<2>();
    writer.bytes(signature);
  }
};

inline constexpr std::string_view kServerSignatureContext = "TLS 1.3, server CertificateVerify";
inline constexpr std::string_view kClientSignatureContext = "TLS 1.3, client CertificateVerify";

/// What a CertificateVerify signs: 64 spaces, the context, a zero byte, the transcript's hash (RFC 8446 4.4.3).
class SignedContent {
 public:
  SignedContent(std::string_view context, Bytes transcript_hash) {
    std::memset(memory_.data(), 0x20, 64);
    Writer writer(MutableBytes(memory_).subspan(64));
    writer.bytes(as_bytes(context));
    writer.u8(0);
    writer.bytes(transcript_hash);
    size_ = 64 + writer.size();
  }
  Bytes view() const { return Bytes(memory_).first(size_); }

 private:
  std::array<std::uint8_t, 64 + kServerSignatureContext.size() + 1 + crypto::kMaxDigestBytes> memory_;
  std::size_t size_;
};

/// The same, hashed by `hash`. Writes digest_bytes(hash) bytes.
inline void digest_to_sign(crypto::HashId hash, std::string_view context, Bytes transcript_hash, MutableBytes digest) {
  crypto::Hash hasher(hash);
  hasher.update(SignedContent(context, transcript_hash).view());
  hasher.finish(digest);
}

}  // namespace handsel::tls
