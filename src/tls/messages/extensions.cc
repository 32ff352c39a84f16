#include "tls/messages/extensions.h"

#include <algorithm>

namespace handsel::tls {
namespace {

constexpr std::unexpected<Error> kMalformed{Error::malformed_extension};
constexpr std::uint8_t kHostName = 0;

}  // namespace

std::expected<std::string_view, Error> read_server_name(Bytes body) {
  Reader reader(body);
  Reader list(reader.vector16());
  const std::uint8_t type = list.u8();
  const Bytes name = list.vector16();
  // "The ServerNameList MUST NOT contain more than one name of the same name_type", and only one type exists.
  if (!reader.finished() || !list.finished() || name.empty()) return kMalformed;
  if (type != kHostName) return std::unexpected(Error::illegal_parameter);
  const auto printable = [](std::uint8_t byte) { return byte > 0x20 && byte < 0x7f; };
  if (name.size() > 255 || !std::ranges::all_of(name, printable)) return std::unexpected(Error::illegal_parameter);
  return as_text(name);
}

void write_server_name(Writer& writer, std::string_view host) {
  auto extension = open_extension(writer, ExtensionType::server_name);
  auto list = writer.length<2>();
  writer.u8(kHostName);
  auto name = writer.length<2>();
  writer.bytes(as_bytes(host));
}

void write_empty_extension(Writer& writer, ExtensionType type) { auto extension = open_extension(writer, type); }

std::expected<U16List, Error> read_client_versions(Bytes body) {
  Reader reader(body);
  const Bytes list = reader.vector8();
  if (!reader.finished() || list.empty() || list.size() % 2 != 0) return kMalformed;
  return U16List(list);
}

void write_client_versions(Writer& writer, std::span<const Version> versions) {
  auto extension = open_extension(writer, ExtensionType::supported_versions);
  auto list = writer.length<1>();
  for (const Version version : versions) writer.u16(static_cast<std::uint16_t>(version));
}

std::expected<Version, Error> read_selected_version(Bytes body) {
  Reader reader(body);
  const auto version = static_cast<Version>(reader.u16());
  if (!reader.finished()) return kMalformed;
  return version;
}

void write_selected_version(Writer& writer, Version version) {
  auto extension = open_extension(writer, ExtensionType::supported_versions);
  writer.u16(static_cast<std::uint16_t>(version));
}

std::expected<U16List, Error> read_numbers(Bytes body) {
  U16List list;
  if (!read_u16_list(body, list)) return kMalformed;
  return list;
}

std::expected<KeyShares, Error> KeyShares::read(Bytes body) {
  KeyShares shares;
  Reader reader(body);
  shares.list_ = reader.vector16();
  if (!reader.finished()) return kMalformed;
  Reader list(shares.list_);
  while (!list.empty()) {
    list.u16();
    if (list.vector16().empty()) return kMalformed;
    if (++shares.size_ > limits::kMaxKeyShares) return std::unexpected(Error::illegal_parameter);
  }
  bool repeated = false;
  shares.each([&](const KeyShare& share) {
    std::size_t same = 0;
    shares.each([&](const KeyShare& other) { same += other.group == share.group; });
    repeated = repeated || same != 1;
  });
  if (repeated) return std::unexpected(Error::duplicate_key_share);
  return shares;
}

Bytes KeyShares::find(NamedGroup group) const {
  Bytes found;
  each([&](const KeyShare& share) {
    if (share.group == group) found = share.key;
  });
  return found;
}

namespace {

void write_share(Writer& writer, const KeyShare& share) {
  writer.u16(static_cast<std::uint16_t>(share.group));
  auto key = writer.length<2>();
  writer.bytes(share.key);
}

}  // namespace

void write_client_shares(Writer& writer, std::span<const KeyShare> shares) {
  auto extension = open_extension(writer, ExtensionType::key_share);
  auto list = writer.length<2>();
  for (const KeyShare& share : shares) write_share(writer, share);
}

std::expected<KeyShare, Error> read_server_share(Bytes body) {
  Reader reader(body);
  const auto group = static_cast<NamedGroup>(reader.u16());
  const Bytes key = reader.vector16();
  if (!reader.finished() || key.empty()) return kMalformed;
  return KeyShare{group, key};
}

void write_server_share(Writer& writer, const KeyShare& share) {
  auto extension = open_extension(writer, ExtensionType::key_share);
  write_share(writer, share);
}

std::expected<NamedGroup, Error> read_retry_group(Bytes body) {
  Reader reader(body);
  const auto group = static_cast<NamedGroup>(reader.u16());
  if (!reader.finished()) return kMalformed;
  return group;
}

void write_retry_group(Writer& writer, NamedGroup group) {
  auto extension = open_extension(writer, ExtensionType::key_share);
  writer.u16(static_cast<std::uint16_t>(group));
}

std::expected<ProtocolNames, Error> ProtocolNames::read(Bytes body) {
  ProtocolNames names;
  Reader reader(body);
  names.list_ = reader.vector16();
  if (!reader.finished() || names.list_.empty()) return kMalformed;
  Reader list(names.list_);
  while (!list.empty())
    if (list.vector8().empty()) return kMalformed;
  return names;
}

bool ProtocolNames::contains(std::string_view name) const {
  Reader list(list_);
  while (!list.empty())
    if (as_text(list.vector8()) == name) return true;
  return false;
}

std::string_view ProtocolNames::front() const { return as_text(Reader(list_).vector8()); }

std::size_t ProtocolNames::size() const {
  std::size_t count = 0;
  for (Reader list(list_); !list.empty(); ++count) list.vector8();
  return count;
}

void write_protocol_names(Writer& writer, std::span<const std::string_view> names) {
  auto extension = open_extension(writer, ExtensionType::application_layer_protocol_negotiation);
  auto list = writer.length<2>();
  for (const std::string_view name : names) {
    auto entry = writer.length<1>();
    writer.bytes(as_bytes(name));
  }
}

std::expected<Bytes, Error> read_cookie(Bytes body) {
  Reader reader(body);
  const Bytes cookie = reader.vector16();
  if (!reader.finished() || cookie.empty()) return kMalformed;
  return cookie;
}

void write_cookie(Writer& writer, Bytes cookie) {
  auto extension = open_extension(writer, ExtensionType::cookie);
  auto body = writer.length<2>();
  writer.bytes(cookie);
}

std::expected<std::uint16_t, Error> read_record_size_limit(Bytes body) {
  Reader reader(body);
  const std::uint16_t limit = reader.u16();
  if (!reader.finished()) return std::unexpected(Error::malformed_extension);
  if (limit < kMinRecordSizeLimit) return std::unexpected(Error::illegal_parameter);
  return limit;
}

void write_record_size_limit(Writer& writer, std::uint16_t limit) {
  auto extension = open_extension(writer, ExtensionType::record_size_limit);
  writer.u16(limit);
}

}  // namespace handsel::tls
