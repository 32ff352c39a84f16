#pragma once
/// The bodies of extensions, read and written side by side. Readers take the body without its header; writers write
/// the whole extension.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "tls/alert.h"
#include "tls/codec.h"
#include "tls/protocol.h"

namespace handsel::tls {

// server_name (RFC 6066 3)

/// The one host name of a client's list: 1 to 255 bytes of printable ASCII, as sent.
std::expected<std::string_view, Error> read_server_name(Bytes body);
void write_server_name(Writer& writer, std::string_view host);
/// The server's answer: an empty body.
void write_empty_extension(Writer& writer, ExtensionType type);

// supported_versions (RFC 8446 4.2.1)

std::expected<U16List, Error> read_client_versions(Bytes body);
void write_client_versions(Writer& writer, std::span<const Version> versions);
std::expected<Version, Error> read_selected_version(Bytes body);
void write_selected_version(Writer& writer, Version version);

// supported_groups (4.2.7) and signature_algorithms (4.2.3): plain lists

std::expected<U16List, Error> read_numbers(Bytes body);
template <class Enum>
void write_numbers(Writer& writer, ExtensionType type, std::span<const Enum> numbers) {
  auto extension = open_extension(writer, type);
  auto list = writer.length<2>();
  for (const Enum number : numbers) writer.u16(static_cast<std::uint16_t>(number));
}

// key_share (RFC 8446 4.2.8)

struct KeyShare {
  NamedGroup group{};
  Bytes key;
};

/// A client's shares, checked: lengths add up, no key is empty, no group comes twice.
class KeyShares {
 public:
  static std::expected<KeyShares, Error> read(Bytes body);
  std::size_t size() const { return size_; }
  /// The share of this group; an empty key when there is none.
  Bytes find(NamedGroup group) const;
  /// Calls visit(KeyShare) for each.
  template <class Visit>
  void each(Visit&& visit) const {
    Reader reader(list_);
    while (!reader.empty()) {
      const auto group = static_cast<NamedGroup>(reader.u16());
      visit(KeyShare{group, reader.vector16()});
    }
  }

 private:
  Bytes list_;
  std::size_t size_ = 0;
};
void write_client_shares(Writer& writer, std::span<const KeyShare> shares);
std::expected<KeyShare, Error> read_server_share(Bytes body);
void write_server_share(Writer& writer, const KeyShare& share);
/// HelloRetryRequest's form: the group alone.
std::expected<NamedGroup, Error> read_retry_group(Bytes body);
void write_retry_group(Writer& writer, NamedGroup group);

// application_layer_protocol_negotiation (RFC 7301 3.1)

/// A client's protocols, checked: not none, and none of them empty.
class ProtocolNames {
 public:
  static std::expected<ProtocolNames, Error> read(Bytes body);
  bool contains(std::string_view name) const;
  /// The first of the list.
  std::string_view front() const;
  std::size_t size() const;

 private:
  Bytes list_;
};
/// A client's list, or a server's choice of one.
void write_protocol_names(Writer& writer, std::span<const std::string_view> names);

// record_size_limit (RFC 8449 4)

/// illegal_parameter below 64. What is above the version's own bound means that bound, and is no error.
std::expected<std::uint16_t, Error> read_record_size_limit(Bytes body);
void write_record_size_limit(Writer& writer, std::uint16_t limit);

// cookie (RFC 8446 4.2.2)

std::expected<Bytes, Error> read_cookie(Bytes body);
void write_cookie(Writer& writer, Bytes cookie);

}  // namespace handsel::tls
