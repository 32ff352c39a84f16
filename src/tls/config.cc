#include "tls/config.h"

#include <algorithm>

#include "tls/client_config.h"
#include "tls/codec.h"
#include "tls/messages/certificate.h"
#include "tls/messages/certificate_request.h"
#include "tls/messages/certificate_status.h"
#include "tls/messages/key_exchange12.h"

namespace handsel::tls {
namespace {

constexpr std::uint32_t kMaxTicketLifetimeSeconds = 604'800;
constexpr unsigned kMaxTickets = 8;

std::string credential_fault(const ServerConfig& draft) {
  for (std::size_t i = 0; i < draft.credentials.size(); ++i) {
    const Credential& credential = draft.credentials[i];
    const std::string where = "credentials[" + std::to_string(i) + "]";
    if (!credential.key) return where + ": no private key";
    if (credential.chain.empty()) return where + ": no certificate";
    if (std::ranges::any_of(credential.chain, [](const auto& der) { return der.empty(); }))
      return where + ": an empty certificate";
  }
  return {};
}

}  // namespace

CredentialKind credential_kind(crypto::KeyAlgorithm algorithm) {
  switch (algorithm) {
    case crypto::KeyAlgorithm::p256:
      return CredentialKind::ecdsa_p256;
    case crypto::KeyAlgorithm::p384:
      return CredentialKind::ecdsa_p384;
    case crypto::KeyAlgorithm::ed25519:
      return CredentialKind::ed25519;
    case crypto::KeyAlgorithm::rsa:
      return CredentialKind::rsa;
    case crypto::KeyAlgorithm::rsa_pss:
      return CredentialKind::rsa_pss;
  }
  return CredentialKind::rsa;
}

std::vector<std::uint8_t> certificate_message(const Credential& credential, bool stapled) {
  std::vector<std::uint8_t> extension(credential.ocsp_response.size() + 16);
  Writer staple(extension);
  if (stapled) CertificateStatus{credential.ocsp_response}.emit_extension(staple);
  std::size_t bytes = 64 + staple.size();
  for (const std::vector<std::uint8_t>& der : credential.chain) bytes += der.size() + 5;
  std::vector<std::uint8_t> list(bytes);
  Writer entries(list);
  for (const std::vector<std::uint8_t>& der : credential.chain)
    Certificate::emit_entry(entries, der, &der == credential.chain.data() ? Bytes(staple.written()) : Bytes{});
  std::vector<std::uint8_t> message(bytes + 64);
  Writer writer(message);
  Certificate{{}, entries.written()}.emit(writer);
  message.resize(staple.ok() && entries.ok() && writer.ok() ? writer.size() : 0);
  return message;
}

std::vector<std::uint8_t> certificate_message12(const Credential& credential) {
  std::size_t bytes = 64;
  for (const std::vector<std::uint8_t>& der : credential.chain) bytes += der.size() + 3;
  std::vector<std::uint8_t> list(bytes);
  Writer entries(list);
  for (const std::vector<std::uint8_t>& der : credential.chain) Certificate12::emit_entry(entries, der);
  std::vector<std::uint8_t> message(bytes + 64);
  Writer writer(message);
  Certificate12{entries.written()}.emit(writer);
  message.resize(writer.size());
  return message;
}

namespace {

std::vector<std::uint8_t> certificate_status12(const Credential& credential) {
  std::vector<std::uint8_t> message(credential.ocsp_response.size() + 16);
  Writer writer(message);
  CertificateStatus{credential.ocsp_response}.emit(writer);
  message.resize(writer.ok() ? writer.size() : 0);
  return message;
}

/// Encodes what a credential's handshakes send; what is wrong with it, or nothing.
std::string prepare_credential(ServerConfig& config, const Credential& credential) {
  const bool stapled = !credential.ocsp_response.empty();
  config.certificate_messages.push_back(certificate_message(credential));
  config.certificate_messages12.push_back(certificate_message12(credential));
  config.stapled_messages.push_back(stapled ? certificate_message(credential, true) : std::vector<std::uint8_t>());
  config.certificate_statuses12.push_back(stapled ? certificate_status12(credential) : std::vector<std::uint8_t>());
  if (config.certificate_messages.back().empty()) return "the chain is too long for a message";
  if (stapled && config.stapled_messages.back().empty()) return "the OCSP response is too long for a message";
  return {};
}

void prepare_client_certificates(ServerConfig& config) {
  config.client_policy.trust = config.client_trust;
  config.client_policy.role = crypto::PeerRole::client;
  config.certificate_request.assign(256, 0);
  Writer writer(config.certificate_request);
  CertificateRequest::emit(writer, kRequestedSchemes13, kVerifiedSchemesInChains);
  config.certificate_request.resize(writer.size());
  config.certificate_request12.assign(256, 0);
  Writer writer12(config.certificate_request12);
  CertificateRequest::emit12(writer12, kRequestedSchemes12);
  config.certificate_request12.resize(writer12.size());
}

}  // namespace

std::expected<ServerConfig, std::string> prepared(ServerConfig draft) {
  if (draft.credentials.empty()) return std::unexpected("credentials: at least one is needed");
  if (const std::string fault = credential_fault(draft); !fault.empty()) return std::unexpected(fault);
  if (draft.groups.empty()) return std::unexpected("groups: at least one is needed");
  for (const NamedGroup group : draft.groups)
    if (key_share_bytes(group) == 0) return std::unexpected("groups: one that is not supported");
  if (draft.suites.empty()) return std::unexpected("suites: at least one is needed");
  for (const CipherSuite suite : draft.suites)
    if (find_suite13(static_cast<std::uint16_t>(suite)) == nullptr)
      return std::unexpected("suites: one that is not supported");
  for (const std::string& name : draft.alpn)
    if (name.empty() || name.size() > 255) return std::unexpected("alpn: \"" + name + "\" is not 1 to 255 bytes long");

  if (draft.ticket_lifetime_seconds > kMaxTicketLifetimeSeconds)
    return std::unexpected("ticket_lifetime_seconds: more than seven days (604800)");
  if (draft.max_early_data > limits::kMaxEarlyData)
    return std::unexpected("max_early_data: more than " + std::to_string(limits::kMaxEarlyData) + " bytes");
  if (draft.tickets_per_handshake > kMaxTickets) return std::unexpected("tickets_per_handshake: more than 8");

  if (draft.record_size_limit < kMinRecordSizeLimit || draft.record_size_limit > limits::kMaxPlaintext + 1)
    return std::unexpected("record_size_limit: not 64 to 16385");
  if (draft.record_padding > kMaxRecordPadding) return std::unexpected("record_padding: more than 4096");
  if (draft.min_version != Version::tls12 && draft.min_version != Version::tls13)
    return std::unexpected("min_version: only TLS 1.2 and TLS 1.3 are spoken");

  draft.certificate_request.clear();
  draft.certificate_request12.clear();
  if (draft.client_certificates != ClientCertificates::none) {
    if (draft.client_trust == nullptr) return std::unexpected("client_trust: needed to ask clients for certificates");
    prepare_client_certificates(draft);
  }

  draft.certificate_messages.clear();
  draft.certificate_messages12.clear();
  draft.stapled_messages.clear();
  draft.certificate_statuses12.clear();
  for (std::size_t i = 0; i < draft.credentials.size(); ++i)
    if (const std::string fault = prepare_credential(draft, draft.credentials[i]); !fault.empty())
      return std::unexpected("credentials[" + std::to_string(i) + "]: " + fault);
  return draft;
}

}  // namespace handsel::tls
