#pragma once
/// The shapes of the handshake messages, as text (RFC 8446 4, RFC 5246 7.4, RFC 8422 5, RFC 6066 8).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fields.h"

namespace handsel::tls::conformance {

/// One field of a grammar: "random:32" is fixed, "session_id:v1" has a length of one byte in front, "rest:*" is all
/// that follows. "{}" behind it says that it holds extensions, "[…]" that it is a list of such elements.
struct Field {
  enum class Kind : std::uint8_t { fixed, vector, rest };
  std::string_view name;
  Kind kind = Kind::fixed;
  std::size_t bytes = 0;  ///< of the field, or of its length
  std::string_view inner;
};

std::vector<Field> fields_of(std::string_view grammar);
/// Empty for a message without fields.
std::string_view message_grammar(Bytes message, Form form);
/// As the scripts name it, or 0x….
std::string extension_name(std::uint16_t type);
std::string_view extension_grammar(std::uint16_t type, std::string_view message);

}  // namespace handsel::tls::conformance
