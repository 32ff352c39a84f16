#pragma once
/// Where the fields of a handshake message stand, by name, and how they are altered with every length around them kept
/// right. Knows the messages by their grammar alone; shares no code with the engine's own parsers.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "test_world.h"
#include "tls/protocol.h"

namespace handsel::tls::conformance {

using test::append;
using test::Buffer;

/// "ClientHello" and so on as the scripts name them; a HelloRetryRequest goes by its own name. Empty for types without
/// a name.
std::string_view message_name(Bytes message);

/// The number of a type that a script names, or writes as 0x….
std::uint8_t message_type(const std::string& name);
std::uint16_t extension_type(const std::string& name);

/// Which form a message has where the two versions differ.
enum class Form : std::uint8_t { tls13, tls12, tls12_rsa };

/// Alters one field of a message: "ext.key_share.key" and an operation with its arguments. Throws std::runtime_error
/// when there is no such field or operation. The operations are described in README.md.
void alter(Buffer& message, Form form, const std::string& path, const std::vector<std::string>& operation);

/// The names of a message's extensions; none when it has no place for them.
std::vector<std::string> extension_names(Bytes message, Form form);

/// Bytes as scripts write them: hexadecimal digits, "text", either *N times; joined by +; "-" for none.
Buffer parse_bytes(const std::string& text);

}  // namespace handsel::tls::conformance
