#include "tls/messages/client_hello.h"

#include "crypto/hash.h"

namespace handsel::tls {
namespace {

Found* slot_of(ClientHello& hello, ExtensionType type) {
  switch (type) {
    case ExtensionType::server_name:
      return &hello.server_name;
    case ExtensionType::status_request:
      return &hello.status_request;
    case ExtensionType::supported_groups:
      return &hello.supported_groups;
    case ExtensionType::ec_point_formats:
      return &hello.ec_point_formats;
    case ExtensionType::signature_algorithms:
      return &hello.signature_algorithms;
    case ExtensionType::signature_algorithms_cert:
      return &hello.signature_algorithms_cert;
    case ExtensionType::application_layer_protocol_negotiation:
      return &hello.application_protocols;
    case ExtensionType::extended_master_secret:
      return &hello.extended_master_secret;
    case ExtensionType::record_size_limit:
      return &hello.record_size_limit;
    case ExtensionType::session_ticket:
      return &hello.session_ticket;
    case ExtensionType::pre_shared_key:
      return &hello.pre_shared_key;
    case ExtensionType::early_data:
      return &hello.early_data;
    case ExtensionType::supported_versions:
      return &hello.supported_versions;
    case ExtensionType::cookie:
      return &hello.cookie;
    case ExtensionType::psk_key_exchange_modes:
      return &hello.psk_key_exchange_modes;
    case ExtensionType::key_share:
      return &hello.key_share;
    case ExtensionType::renegotiation_info:
      return &hello.renegotiation_info;
    default:
      return nullptr;
  }
}

bool may_change(ExtensionType type) {
  return type == ExtensionType::key_share || type == ExtensionType::early_data || type == ExtensionType::cookie ||
         type == ExtensionType::pre_shared_key || type == ExtensionType::padding;
}

}  // namespace

std::expected<ClientHello, Error> ClientHello::parse(Bytes body) {
  ClientHello hello;
  Reader reader(body);
  hello.legacy_version = static_cast<Version>(reader.u16());
  hello.random = reader.bytes(kRandomBytes);
  hello.session_id = reader.vector8();
  const Bytes suites = reader.vector16();
  hello.compression_methods = reader.vector8();
  if (!reader.ok() || hello.session_id.size() > kMaxSessionIdBytes || suites.empty() || suites.size() % 2 != 0 ||
      hello.compression_methods.empty())
    return std::unexpected(Error::malformed_message);
  hello.suites = U16List(suites);
  if (reader.empty()) return hello;

  hello.has_extensions = true;
  hello.extensions = reader.vector16();
  if (!reader.finished()) return std::unexpected(Error::malformed_message);
  const Error error = walk_extensions(hello.extensions, [&](ExtensionType type, Bytes extension) {
    // "The pre_shared_key extension MUST be the last extension in the ClientHello" (RFC 8446 4.2.11).
    if (hello.pre_shared_key) return Error::misplaced_extension;
    if (Found* slot = slot_of(hello, type)) *slot = Found(extension);
    return Error::none;
  });
  if (error != Error::none) return std::unexpected(error);
  return hello;
}

void ClientHello::emit(Writer& writer) const {
  auto message = open_message(writer, HandshakeType::client_hello);
  writer.u16(static_cast<std::uint16_t>(legacy_version));
  writer.bytes(random);
  {
    auto length = writer.length<1>();
    writer.bytes(session_id);
  }
  {
    auto length = writer.length<2>();
    writer.bytes(suites.bytes());
  }
  {
    auto length = writer.length<1>();
    writer.bytes(compression_methods);
  }
  if (!has_extensions) return;
  auto length = writer.length<2>();
  writer.bytes(extensions);
}

void digest_of_constant_part(const ClientHello& hello, MutableBytes digest32) {
  crypto::Hash hash(crypto::HashId::sha256);
  const auto add = [&](Bytes bytes) {
    std::array<std::uint8_t, 4> length;
    store_be32(length.data(), static_cast<std::uint32_t>(bytes.size()));
    hash.update(length);
    hash.update(bytes);
  };
  std::array<std::uint8_t, 2> number;
  store_be16(number.data(), static_cast<std::uint16_t>(hello.legacy_version));
  add(number);
  add(hello.random);
  add(hello.session_id);
  add(hello.suites.bytes());
  add(hello.compression_methods);
  Reader reader(hello.extensions);
  while (!reader.empty()) {
    const std::uint16_t type = reader.u16();
    const Bytes body = reader.vector16();
    if (may_change(static_cast<ExtensionType>(type))) continue;
    store_be16(number.data(), type);
    add(number);
    add(body);
  }
  hash.finish(digest32);
}

}  // namespace handsel::tls
