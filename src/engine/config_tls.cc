#include <algorithm>
#include <array>

#include "base/limits.h"
#include "engine/config_sections.h"
#include "tls/protocol.h"

namespace handsel::engine {
namespace {

/// Names that people write, with IANA's numbers. The first name of a number is the one that faults list.
struct Choice {
  std::string_view name;
  std::uint16_t number;
};
constexpr Choice kGroups[] = {{"x25519", 29},     {"secp256r1", 23}, {"X25519", 29}, {"P-256", 23},
                              {"prime256v1", 23}, {"secp384r1", 24}, {"P-384", 24}};
constexpr Choice kSuites[] = {
    {"TLS_AES_128_GCM_SHA256", 0x1301}, {"TLS_AES_256_GCM_SHA384", 0x1302}, {"TLS_CHACHA20_POLY1305_SHA256", 0x1303}};
constexpr Choice kVersions[] = {{"1.2", 0x0303}, {"1.3", 0x0304}};

std::optional<std::uint16_t> read_number(const ConfigEntry& entry, std::span<const Choice> choices,
                                         ReadContext& context) {
  std::vector<std::string_view> names;
  for (const Choice& choice : choices) names.push_back(choice.name);
  const auto text = read_choice(entry, names, context);
  if (!text) return std::nullopt;
  return std::find_if(choices.begin(), choices.end(), [&](const Choice& c) { return c.name == *text; })->number;
}

void read_numbers(const ConfigEntry& entry, std::span<const Choice> choices, std::vector<std::uint16_t>& out,
                  ReadContext& context) {
  const auto elements = read_list(entry);
  if (elements.empty()) context.fault(entry.node.at, "{} is empty: no handshake could succeed", entry.key);
  for (const ConfigEntry& element : elements) {
    const auto number = read_number(element, choices, context);
    if (!number) continue;
    if (std::find(out.begin(), out.end(), *number) != out.end())
      context.fault(element.node.at, "{} has {} twice", entry.key, std::get<std::string>(element.node.value));
    else
      out.push_back(*number);
  }
}

void read_path(const ConfigEntry& entry, std::filesystem::path& out, Position& at, ReadContext& context) {
  const auto text = read_text(entry, context);
  if (!text) return;
  at = entry.node.at;
  if (text->empty()) return context.fault(entry.node.at, "{} is empty", entry.key);
  out = context.folder / *text;  // an absolute path stays as it is
}

constexpr Key<CertificateFiles> kCertificateKeys[] = {
    {"chain", "text", kRequired, "A PEM file: the certificate, then those that vouch for it.",
     [](const ConfigEntry& entry, CertificateFiles& out, ReadContext& context) {
       read_path(entry, out.chain, out.chain_at, context);
     }},
    {"key", "text", kRequired, "A PEM file: the certificate's private key, without a passphrase.",
     [](const ConfigEntry& entry, CertificateFiles& out, ReadContext& context) {
       read_path(entry, out.key, out.key_at, context);
     }},
    {"ocsp", "text", "none", "A DER file: an OCSP response for the certificate, for clients that ask.",
     [](const ConfigEntry& entry, CertificateFiles& out, ReadContext& context) {
       read_path(entry, out.ocsp, out.ocsp_at, context);
     }},
};

void read_alpn(const ConfigEntry& entry, TlsSettings& out, ReadContext& context) {
  for (const ConfigEntry& element : read_list(entry)) {
    const auto text = read_text(element, context);
    if (!text) continue;
    if (text->empty() || text->size() > 255)  // RFC 7301 3.1
      context.fault(element.node.at, "a protocol's name has 1 to 255 bytes");
    else
      out.alpn.push_back(*text);
  }
}

constexpr Key<TlsSettings> kTlsKeys[] = {
    {"certificates", "list of {chain, key, ocsp}", "self-signed, made at start",
     "Certificates with their keys; the client's wishes choose among them, the first is for who has none.",
     [](const ConfigEntry& entry, TlsSettings& out, ReadContext& context) {
       for (const ConfigEntry& element : read_list(entry)) {
         CertificateFiles files;
         read_table(element, "certificates", certificate_keys(), files, context);
         out.certificates.push_back(std::move(files));
       }
     }},
    {"client_certificates", "text", "\"none\"",
     "Whether clients are asked for a certificate: none; request, and served without; require.",
     [](const ConfigEntry& entry, TlsSettings& out, ReadContext& context) {
       constexpr std::string_view kChoices[] = {"none", "request", "require"};
       if (auto wanted = read_choice(entry, kChoices, context)) out.client_certificates = *wanted;
     }},
    {"client_ca", "text", "none", "A PEM file: the authorities whose word is taken for clients' certificates.",
     [](const ConfigEntry& entry, TlsSettings& out, ReadContext& context) {
       read_path(entry, out.client_ca, out.client_ca_at, context);
     }},
    {"alpn", "list of texts", "[]", "Application protocols, most wanted first: \"http/1.1\".", read_alpn},
    {"groups", "list of texts", "[\"x25519\", \"secp256r1\"]", "Key exchange groups, most wanted first.",
     [](const ConfigEntry& entry, TlsSettings& out, ReadContext& context) {
       read_numbers(entry, kGroups, out.groups, context);
     }},
    {"suites", "list of texts",
     "[\"TLS_AES_128_GCM_SHA256\", \"TLS_AES_256_GCM_SHA384\", \"TLS_CHACHA20_POLY1305_SHA256\"]",
     "Cipher suites, most wanted first.",
     [](const ConfigEntry& entry, TlsSettings& out, ReadContext& context) {
       read_numbers(entry, kSuites, out.suites, context);
     }},
    {"tickets", "boolean", "true", "Whether clients may resume sessions, by tickets or in TLS 1.2 by ids.",
     [](const ConfigEntry& entry, TlsSettings& out, ReadContext& context) {
       if (auto wanted = read_boolean(entry, context)) out.tickets = *wanted;
     }},
    {"ticket_rotation", "duration", "\"12h\"",
     "How long one key made by the engine seals tickets; two older ones open.",
     [](const ConfigEntry& entry, TlsSettings& out, ReadContext& context) {
       const auto interval = read_duration(entry, context);
       if (!interval) return;
       out.ticket_rotation = *interval;
       out.ticket_rotation_at = entry.node.at;
     }},
    {"ticket_keys", "text", "none, made by the engine",
     "A file of one to three keys of 48 bytes, newest first, shared by engines; read again every minute and on SIGHUP.",
     [](const ConfigEntry& entry, TlsSettings& out, ReadContext& context) {
       read_path(entry, out.ticket_keys, out.ticket_keys_at, context);
     }},
    {"early_data", "integer", "0",
     "Bytes of early data (0-RTT) that a client may send with a ticket, at most 32768; 0 takes none.",
     [](const ConfigEntry& entry, TlsSettings& out, ReadContext& context) {
       if (auto bytes = read_integer(entry, 0, limits::kMaxEarlyData, context))
         out.early_data = static_cast<std::uint32_t>(*bytes);
       out.early_data_at = entry.node.at;
     }},
    {"psk_only", "boolean", "false",
     "TLS 1.3 resumed without a key exchange, for clients that offer nothing else: without forward secrecy.",
     [](const ConfigEntry& entry, TlsSettings& out, ReadContext& context) {
       if (auto wanted = read_boolean(entry, context)) out.psk_only = *wanted;
     }},
    {"rsa_key_exchange", "boolean", "false",
     "TLS 1.2 with RSA key exchange, for clients that can nothing better: without forward secrecy.",
     [](const ConfigEntry& entry, TlsSettings& out, ReadContext& context) {
       if (auto wanted = read_boolean(entry, context)) out.rsa_key_exchange = *wanted;
     }},
    {"record_padding", "integer", "0",
     "Records of TLS 1.3 are padded to a multiple of so many bytes, at most 4096, to hide lengths; 0: they are not.",
     [](const ConfigEntry& entry, TlsSettings& out, ReadContext& context) {
       const auto multiple = read_integer(entry, 0, tls::kMaxRecordPadding, context);
       if (multiple) out.record_padding = static_cast<std::uint16_t>(*multiple);
     }},
    {"min_version", "text", "\"1.3\"", "The oldest version of TLS that is spoken: 1.2 or 1.3.",
     [](const ConfigEntry& entry, TlsSettings& out, ReadContext& context) {
       if (auto number = read_number(entry, kVersions, context)) out.min_version = *number;
     }},
};

}  // namespace

std::span<const Key<TlsSettings>> tls_keys() { return kTlsKeys; }
std::span<const Key<CertificateFiles>> certificate_keys() { return kCertificateKeys; }

}  // namespace handsel::engine
