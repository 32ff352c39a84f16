#pragma once
/// What the messages of TLS are built from: lists of numbers, extension blocks, headers (RFC 8446 3, 4, 4.2).

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "tls/alert.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// A list of 16-bit numbers in the order of the wire: suites, groups, signature schemes, versions.
class U16List {
 public:
  U16List() = default;
  /// `bytes` is of even length.
  explicit U16List(Bytes bytes) : bytes_(bytes) {}

  Bytes bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size() / 2; }
  bool empty() const { return bytes_.empty(); }
  std::uint16_t operator[](std::size_t index) const { return load_be16(&bytes_[2 * index]); }
  bool contains(std::uint16_t value) const {
    for (std::size_t i = 0; i < size(); ++i)
      if ((*this)[i] == value) return true;
    return false;
  }
  template <class Enum>
  bool contains(Enum value) const {
    return contains(static_cast<std::uint16_t>(value));
  }

 private:
  Bytes bytes_;
};

/// A list that stands behind a length of 16 bits and is all of `body`; an odd length or an empty list is malformed.
inline bool read_u16_list(Bytes body, U16List& out) {
  Reader reader(body);
  const Bytes list = reader.vector16();
  if (!reader.finished() || list.empty() || list.size() % 2 != 0) return false;
  out = U16List(list);
  return true;
}

/// A handshake message's header; the length is filled in when the returned scope ends (RFC 8446 4).
[[nodiscard]] inline Writer::Length<3> open_message(Writer& writer, HandshakeType type) {
  writer.u8(static_cast<std::uint8_t>(type));
  return writer.length<3>();
}

/// An extension's header; the length is filled in when the returned scope ends (RFC 8446 4.2).
[[nodiscard]] inline Writer::Length<2> open_extension(Writer& writer, ExtensionType type) {
  writer.u16(static_cast<std::uint16_t>(type));
  return writer.length<2>();
}

/// Goes through a message's extensions (`block` without its own length): refuses lengths that do not add up, an
/// extension that came before (RFC 8446 4.2) and more than limits::kMaxExtensions. `visit(type, body)` returns an
/// Error.
template <class Visit>
Error walk_extensions(Bytes block, Visit&& visit) {
  std::array<std::uint16_t, limits::kMaxExtensions> seen;
  std::size_t count = 0;
  Reader reader(block);
  while (!reader.empty()) {
    const std::uint16_t type = reader.u16();
    const Bytes body = reader.vector16();
    if (!reader.ok()) return Error::malformed_message;
    for (std::size_t i = 0; i < count; ++i)
      if (seen[i] == type) return Error::duplicate_extension;
    if (count == seen.size()) return Error::too_many_extensions;
    seen[count++] = type;
    if (const Error error = visit(static_cast<ExtensionType>(type), body); error != Error::none) return error;
  }
  return Error::none;
}

/// Tells an empty view from none: the body of an extension, or nothing when the extension was not there.
class Found {
 public:
  Found() = default;
  explicit Found(Bytes body) : body_(body), present_(true) {}
  explicit operator bool() const { return present_; }
  Bytes operator*() const { return body_; }

 private:
  Bytes body_;
  bool present_ = false;
};

}  // namespace handsel::tls
