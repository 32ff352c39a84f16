#include "tls/client_offer.h"

#include <algorithm>

#include "tls/messages/client_hello.h"
#include "tls/messages/extensions.h"
#include "tls/messages/pre_shared_key.h"

namespace handsel::tls {
namespace {

// Renegotiation is not spoken: an empty renegotiation_info is all that is ever sent (RFC 5746 3.4).
void write_renegotiation_info(Writer& writer) {
  auto extension = open_extension(writer, ExtensionType::renegotiation_info);
  writer.u8(0);
}

void write_point_formats(Writer& writer) {
  auto extension = open_extension(writer, ExtensionType::ec_point_formats);
  writer.u8(1);
  writer.u8(0);  // uncompressed (RFC 8422 5.1.2)
}

Bytes write_suites(MutableBytes memory, const ClientConfig& config) {
  Writer writer(memory);
  if (config.offers(Version::tls13))
    for (const CipherSuite suite : config.suites) writer.u16(static_cast<std::uint16_t>(suite));
  if (config.offers(Version::tls12))
    for (const CipherSuite suite : config.suites12) writer.u16(static_cast<std::uint16_t>(suite));
  return writer.written();
}

void write_schemes(Writer& writer, bool with_tls12) {
  {
    auto extension = open_extension(writer, ExtensionType::signature_algorithms);
    auto list = writer.length<2>();
    for (const SignatureScheme scheme : kVerifiedSchemes13) writer.u16(static_cast<std::uint16_t>(scheme));
    if (with_tls12)
      for (const SignatureScheme scheme : kVerifiedSchemes12) writer.u16(static_cast<std::uint16_t>(scheme));
  }
  write_numbers(writer, ExtensionType::signature_algorithms_cert,
                std::span<const SignatureScheme>(kVerifiedSchemesInChains));
}

}  // namespace

ClientOffer::ClientOffer(Handshake& handshake) : config_(&handshake.client_config()) {
  WorkerContext& worker = handshake.worker();
  worker.entropy.fill(random_);
  if (offers_tls13() && config_->compatibility_mode) {
    session_id_bytes_ = kMaxSessionIdBytes;
    worker.entropy.fill(session_id_);
  }
  if (offers_tls13())
    for (std::size_t i = 0; i < config_->shares; ++i) exchanges_[i] = KeyExchange(config_->groups[i]);

  resumes_ = config_->resume_sessions && worker.client_sessions != nullptr;
  if (resumes_ && config_->offer_sessions)
    session_ = worker.client_sessions->take(config_->session_scope, handshake.unix_now_ms());
  const bool fits = session_ && config_->offers(session_->version) && config_->offers(session_->suite);
  if (!fits) session_.drop();
  if (config_->early_data && psk() != nullptr) early_data_ = psk()->max_early_data;
  // A server takes a session of TLS 1.2 up by echoing its id (RFC 5246 7.3); with a ticket, ours is made up (RFC 5077
  // 3.4).
  if (const StoredSession* session = session12(); session != nullptr && session->session_id_bytes != 0) {
    session_id_ = session->session_id;
    session_id_bytes_ = session->session_id_bytes;
  } else if (session != nullptr && session_id_bytes_ == 0) {
    session_id_bytes_ = kMaxSessionIdBytes;
    worker.entropy.fill(session_id_);
  }
}

const StoredSession* ClientOffer::psk() const {
  return session_ && session_->version == Version::tls13 ? &*session_ : nullptr;
}

const StoredSession* ClientOffer::session12() const {
  return session_ && session_->version == Version::tls12 ? &*session_ : nullptr;
}

KeyExchange* ClientOffer::exchange_of(NamedGroup group) {
  for (KeyExchange& exchange : exchanges_)
    if (exchange.group() == group && group != NamedGroup::none) return &exchange;
  return nullptr;
}

void ClientOffer::replace_shares(NamedGroup group) {
  exchanges_[0] = KeyExchange(group);
  exchanges_[1] = KeyExchange(NamedGroup::none);
}

bool ClientOffer::holds(ExtensionType type) const {
  switch (type) {
    case ExtensionType::server_name:
      return !config_->sent_name.empty();
    case ExtensionType::supported_groups:
    case ExtensionType::signature_algorithms:
    case ExtensionType::signature_algorithms_cert:
      return true;
    case ExtensionType::application_layer_protocol_negotiation:
      return !config_->alpn.empty();
    case ExtensionType::extended_master_secret:
    case ExtensionType::renegotiation_info:
    case ExtensionType::ec_point_formats:
      return offers_tls12();
    case ExtensionType::session_ticket:
      return offers_tls12() && resumes_;
    case ExtensionType::supported_versions:
    case ExtensionType::key_share:
      return offers_tls13();
    case ExtensionType::psk_key_exchange_modes:
      return offers_tls13() && resumes_;
    case ExtensionType::pre_shared_key:
      return psk() != nullptr;
    case ExtensionType::early_data:
      return early_data_ != 0;
    default:
      return false;
  }
}

void ClientOffer::write_for_tls12(Writer& writer) const {
  write_empty_extension(writer, ExtensionType::extended_master_secret);
  write_renegotiation_info(writer);
  write_point_formats(writer);
  if (!resumes_) return;
  auto extension = open_extension(writer, ExtensionType::session_ticket);
  if (const StoredSession* session = session12()) writer.bytes(session->ticket_view());
}

void ClientOffer::write_for_tls13(Writer& writer, Bytes cookie) const {
  static constexpr std::array kBoth = {Version::tls13, Version::tls12};
  write_client_versions(writer, std::span(kBoth).first(offers_tls12() ? 2 : 1));
  std::array<KeyShare, ClientConfig::kMaxShares> shares;
  std::size_t count = 0;
  for (const KeyExchange& exchange : exchanges_)
    if (exchange.group() != NamedGroup::none) shares[count++] = {exchange.group(), exchange.share()};
  write_client_shares(writer, std::span(shares).first(count));
  if (!cookie.empty()) write_cookie(writer, cookie);
  if (early_data_ != 0) write_empty_extension(writer, ExtensionType::early_data);
  // A pre-shared key spares the certificate, and where we say so the key exchange (RFC 8446 4.2.9).
  static constexpr std::array kModes = {kPskWithDhe, kPskOnly};
  if (resumes_) write_psk_modes(writer, std::span(kModes).first(config_->psk_only ? 2 : 1));
}

void ClientOffer::write_psk(Writer& writer, std::uint64_t now_unix_ms) const {
  const StoredSession& session = *psk();
  const std::uint64_t age_ms = now_unix_ms - session.received_unix_ms;
  write_offered_psk(writer, {session.ticket_view(), static_cast<std::uint32_t>(age_ms) + session.age_add},
                    session.secret.size());
}

void ClientOffer::write_extensions(Writer& writer, std::uint64_t now_unix_ms, Bytes cookie) const {
  if (!config_->sent_name.empty()) write_server_name(writer, config_->sent_name);
  write_numbers(writer, ExtensionType::supported_groups, std::span<const NamedGroup>(config_->groups));
  write_schemes(writer, offers_tls12());
  if (!config_->alpn.empty()) {
    auto extension = open_extension(writer, ExtensionType::application_layer_protocol_negotiation);
    auto list = writer.length<2>();
    for (const std::string& name : config_->alpn) {
      auto entry = writer.length<1>();
      writer.bytes(as_bytes(name));
    }
  }
  if (offers_tls12()) write_for_tls12(writer);
  if (offers_tls13()) write_for_tls13(writer, cookie);
  // "MUST be the last extension in the ClientHello" (RFC 8446 4.2.11).
  if (psk() != nullptr) write_psk(writer, now_unix_ms);
}

void ClientOffer::fill_binder(MutableBytes message, const Transcript* before) const {
  const StoredSession& session = *psk();
  const std::size_t binder_bytes = session.secret.size();
  const crypto::HashId hash = find_suite13(static_cast<std::uint16_t>(session.suite))->hash;
  Transcript transcript = before != nullptr ? *before : Transcript(hash);
  transcript.add(message.first(message.size() - binder_bytes - 3));  // without the binders and their two lengths
  EarlySecret(hash, session.secret.view())
      .resumption_binder()
      .finished(transcript.digest().view(), message.last(binder_bytes));
}

Bytes ClientOffer::write(MutableBytes memory, std::uint64_t now_unix_ms, const Transcript* before, Bytes cookie) const {
  std::array<std::uint8_t, 64> suites;
  std::array<std::uint8_t, limits::kMaxPlaintext> block;
  Writer extensions(block);
  write_extensions(extensions, now_unix_ms, cookie);
  constexpr std::array<std::uint8_t, 1> kNullCompression = {0};
  ClientHello hello;
  hello.random = random_;
  hello.session_id = session_id();
  hello.suites = U16List(write_suites(suites, *config_));
  hello.compression_methods = kNullCompression;
  hello.has_extensions = true;
  hello.extensions = extensions.written();
  Writer writer(memory);
  hello.emit(writer);
  if (!extensions.ok() || !writer.ok()) return {};
  if (psk() != nullptr) fill_binder(writer.written(), before);
  return writer.written();
}

namespace {

/// `before` null: it is the first one.
Error send_hello(Handshake& handshake, Bytes message) {
  if (message.empty()) return Error::message_too_long;
  if (const Error error = handshake.queue(message); error != Error::none) return error;
  return handshake.flush();
}

}  // namespace

Error send_client_hello(Handshake& handshake, const ClientOffer& offer, Transcripts& transcripts) {
  std::array<std::uint8_t, limits::kMaxPlaintext> memory;
  const Bytes message = offer.write(memory, handshake.unix_now_ms(), nullptr, {});
  transcripts.add(message);
  return send_hello(handshake, message);
}

Error send_second_client_hello(Handshake& handshake, const ClientOffer& offer, Bytes cookie, Transcript& transcript) {
  std::array<std::uint8_t, limits::kMaxPlaintext> memory;
  const Bytes message = offer.write(memory, handshake.unix_now_ms(), &transcript, cookie);
  transcript.add(message);
  return send_hello(handshake, message);
}

}  // namespace handsel::tls
