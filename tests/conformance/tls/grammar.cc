#include "grammar.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "tls/messages/server_hello.h"

namespace handsel::tls::conformance {
namespace {

struct Name {
  std::uint16_t number;
  std::string_view name;
};

constexpr auto kMessages = std::to_array<Name>({
    {0, "HelloRequest"},
    {1, "ClientHello"},
    {2, "ServerHello"},
    {4, "NewSessionTicket"},
    {5, "EndOfEarlyData"},
    {8, "EncryptedExtensions"},
    {11, "Certificate"},
    {12, "ServerKeyExchange"},
    {13, "CertificateRequest"},
    {14, "ServerHelloDone"},
    {15, "CertificateVerify"},
    {16, "ClientKeyExchange"},
    {20, "Finished"},
    {22, "CertificateStatus"},
    {24, "KeyUpdate"},
});

constexpr auto kExtensions = std::to_array<Name>({
    {0, "server_name"},
    {1, "max_fragment_length"},
    {5, "status_request"},
    {10, "supported_groups"},
    {11, "ec_point_formats"},
    {13, "signature_algorithms"},
    {16, "alpn"},
    {18, "signed_certificate_timestamp"},
    {21, "padding"},
    {22, "encrypt_then_mac"},
    {23, "extended_master_secret"},
    {28, "record_size_limit"},
    {35, "session_ticket"},
    {41, "pre_shared_key"},
    {42, "early_data"},
    {43, "supported_versions"},
    {44, "cookie"},
    {45, "psk_key_exchange_modes"},
    {49, "post_handshake_auth"},
    {50, "signature_algorithms_cert"},
    {51, "key_share"},
    {0xff01, "renegotiation_info"},
});

struct Shape {
  std::string_view name;
  std::string_view grammar;
};

constexpr auto kShapes13 = std::to_array<Shape>({
    {"ClientHello", "version:2 random:32 session_id:v1 suites:v2 compression:v1 ext:v2{}"},
    {"ServerHello", "version:2 random:32 session_id:v1 suite:2 compression:1 ext:v2{}"},
    {"HelloRetryRequest", "version:2 random:32 session_id:v1 suite:2 compression:1 ext:v2{}"},
    {"EncryptedExtensions", "ext:v2{}"},
    {"CertificateRequest", "context:v1 ext:v2{}"},
    {"Certificate", "context:v1 list:v3[cert:v3 ext:v2{}]"},
    {"CertificateVerify", "scheme:2 signature:v2"},
    {"Finished", "verify_data:*"},
    {"NewSessionTicket", "lifetime:4 age_add:4 nonce:v1 ticket:v2 ext:v2{}"},
    {"KeyUpdate", "request:1"},
});

// Where TLS 1.2 differs.
constexpr auto kShapes12 = std::to_array<Shape>({
    {"CertificateRequest", "kinds:v1 schemes:v2 authorities:v2"},
    {"Certificate", "list:v3[cert:v3]"},
    {"CertificateStatus", "type:1 response:v3"},
    {"ServerKeyExchange", "curve_type:1 group:2 share:v1 scheme:2 signature:v2"},
    {"NewSessionTicket", "lifetime:4 ticket:v2"},
});

struct ExtensionShape {
  std::uint16_t type;
  std::string_view client;  // in a ClientHello, a CertificateRequest, and in EncryptedExtensions where it is a list
  std::string_view server;
};

constexpr auto kExtensionShapes = std::to_array<ExtensionShape>({
    {0, "list:v2[type:1 name:v2]", ""},
    {5, "type:1 responders:v2 extensions:v2", "type:1 response:v3"},
    {10, "list:v2", "list:v2"},
    {11, "list:v1", "list:v1"},
    {13, "list:v2", ""},
    {16, "list:v2[name:v1]", "list:v2[name:v1]"},
    {28, "limit:2", "limit:2"},
    {35, "ticket:*", ""},
    {41, "identities:v2[identity:v2 age:4] binders:v2[binder:v1]", "index:2"},
    {43, "list:v1", "version:2"},
    {44, "cookie:v2", "cookie:v2"},
    {45, "list:v1", ""},
    {50, "list:v2", ""},
    {51, "list:v2[group:2 key:v2]", "group:2 key:v2"},
    {0xff01, "info:v1", "info:v1"},
});

template <std::size_t Size>
std::string_view grammar_in(const std::array<Shape, Size>& shapes, std::string_view name) {
  const auto* found = std::ranges::find(shapes, name, &Shape::name);
  return found == shapes.end() ? std::string_view{} : found->grammar;
}

template <std::size_t Size>
std::uint16_t number_in(const std::array<Name, Size>& names, const std::string& name) {
  if (name.starts_with("0x")) return static_cast<std::uint16_t>(std::stoul(name, nullptr, 16));
  const auto* found = std::ranges::find(names, std::string_view(name), &Name::name);
  if (found == names.end()) throw std::runtime_error("no such name: " + name);
  return found->number;
}

/// Where the text up to a space outside of brackets ends.
std::size_t end_of_field(std::string_view grammar) {
  int depth = 0;
  for (std::size_t i = 0; i < grammar.size(); ++i) {
    depth += grammar[i] == '[' || grammar[i] == '{';
    depth -= grammar[i] == ']' || grammar[i] == '}';
    if (grammar[i] == ' ' && depth == 0) return i;
  }
  return grammar.size();
}

}  // namespace

std::vector<Field> fields_of(std::string_view grammar) {
  std::vector<Field> fields;
  while (!grammar.empty()) {
    const std::size_t end = end_of_field(grammar);
    std::string_view text = grammar.substr(0, end);
    grammar.remove_prefix(std::min(end + 1, grammar.size()));
    Field field;
    const std::size_t colon = text.find(':');
    field.name = text.substr(0, colon);
    text.remove_prefix(colon + 1);
    if (const std::size_t open = text.find_first_of("[{"); open != std::string_view::npos) {
      field.inner = text[open] == '{' ? "{}" : text.substr(open + 1, text.size() - open - 2);
      text = text.substr(0, open);
    }
    if (text == "*") {
      field.kind = Field::Kind::rest;
    } else {
      if (text[0] == 'v') field.kind = Field::Kind::vector;
      field.bytes = std::stoul(std::string(text.substr(field.kind == Field::Kind::vector ? 1 : 0)));
    }
    fields.push_back(field);
  }
  return fields;
}

std::string_view message_name(Bytes message) {
  if (message.empty()) return {};
  constexpr std::size_t kRandomAt = kHandshakeHeaderBytes + 2;
  if (message[0] == 2 && message.size() >= kRandomAt + kRandomBytes &&
      std::ranges::equal(message.subspan(kRandomAt, kRandomBytes), kRetryRandom))
    return "HelloRetryRequest";
  const auto* found = std::ranges::find(kMessages, message[0], &Name::number);
  return found == kMessages.end() ? std::string_view{} : found->name;
}

std::uint8_t message_type(const std::string& name) { return static_cast<std::uint8_t>(number_in(kMessages, name)); }
std::uint16_t extension_type(const std::string& name) { return number_in(kExtensions, name); }

std::string extension_name(std::uint16_t type) {
  const auto* found = std::ranges::find(kExtensions, type, &Name::number);
  if (found != kExtensions.end()) return std::string(found->name);
  char text[8];
  std::snprintf(text, sizeof text, "0x%04x", type);
  return text;
}

std::string_view message_grammar(Bytes message, Form form) {
  const std::string_view name = message_name(message);
  if (name == "ClientKeyExchange") return form == Form::tls12_rsa ? "premaster:v2" : "share:v1";
  if (form != Form::tls13)
    if (const std::string_view grammar = grammar_in(kShapes12, name); !grammar.empty()) return grammar;
  return grammar_in(kShapes13, name);
}

std::string_view extension_grammar(std::uint16_t type, std::string_view message) {
  const auto* found = std::ranges::find(kExtensionShapes, type, &ExtensionShape::type);
  if (found == kExtensionShapes.end()) throw std::runtime_error("an extension whose inside is not known");
  if (message == "HelloRetryRequest" && type == 51) return "group:2";
  return message == "ClientHello" || message == "CertificateRequest" ? found->client : found->server;
}

}  // namespace handsel::tls::conformance
