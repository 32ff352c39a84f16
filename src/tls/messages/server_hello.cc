#include "tls/messages/server_hello.h"

#include <algorithm>

namespace handsel::tls {

bool ServerHello::is_retry_request() const { return std::ranges::equal(random, kRetryRandom); }

std::expected<ServerHello, Error> ServerHello::parse(Bytes body) {
  ServerHello hello;
  Reader reader(body);
  hello.legacy_version = static_cast<Version>(reader.u16());
  hello.random = reader.bytes(kRandomBytes);
  hello.session_id = reader.vector8();
  hello.suite = static_cast<CipherSuite>(reader.u16());
  hello.compression_method = reader.u8();
  if (!reader.ok() || hello.session_id.size() > kMaxSessionIdBytes) return std::unexpected(Error::malformed_message);
  if (reader.empty()) return hello;

  hello.has_extensions = true;
  hello.extensions = reader.vector16();
  if (!reader.finished()) return std::unexpected(Error::malformed_message);
  const Error error = walk_extensions(hello.extensions, [&](ExtensionType type, Bytes extension) {
    switch (type) {
      case ExtensionType::supported_versions:
        hello.supported_versions = Found(extension);
        return Error::none;
      case ExtensionType::key_share:
        hello.key_share = Found(extension);
        return Error::none;
      case ExtensionType::pre_shared_key:
        hello.pre_shared_key = Found(extension);
        return Error::none;
      case ExtensionType::cookie:
        hello.cookie = Found(extension);
        return Error::none;
      default:
        // What else may stand here depends on the version, which is not known yet: the reader of the message decides.
        return Error::none;
    }
  });
  if (error != Error::none) return std::unexpected(error);
  return hello;
}

void ServerHello::emit(Writer& writer) const {
  auto message = open_message(writer, HandshakeType::server_hello);
  writer.u16(static_cast<std::uint16_t>(legacy_version));
  writer.bytes(random);
  {
    auto length = writer.length<1>();
    writer.bytes(session_id);
  }
  writer.u16(static_cast<std::uint16_t>(suite));
  writer.u8(compression_method);
  if (!has_extensions) return;
  auto length = writer.length<2>();
  writer.bytes(extensions);
}

}  // namespace handsel::tls
