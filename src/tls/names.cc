#include "tls/names.h"

#include "tls/early_data_refusal.h"

namespace handsel::tls {

std::string_view name_of(HandshakeType type) {
  switch (type) {
    case HandshakeType::hello_request:
      return "HelloRequest";
    case HandshakeType::client_hello:
      return "ClientHello";
    case HandshakeType::server_hello:
      return "ServerHello";
    case HandshakeType::new_session_ticket:
      return "NewSessionTicket";
    case HandshakeType::end_of_early_data:
      return "EndOfEarlyData";
    case HandshakeType::encrypted_extensions:
      return "EncryptedExtensions";
    case HandshakeType::certificate:
      return "Certificate";
    case HandshakeType::server_key_exchange:
      return "ServerKeyExchange";
    case HandshakeType::certificate_request:
      return "CertificateRequest";
    case HandshakeType::server_hello_done:
      return "ServerHelloDone";
    case HandshakeType::certificate_verify:
      return "CertificateVerify";
    case HandshakeType::client_key_exchange:
      return "ClientKeyExchange";
    case HandshakeType::finished:
      return "Finished";
    case HandshakeType::certificate_status:
      return "CertificateStatus";
    case HandshakeType::key_update:
      return "KeyUpdate";
    case HandshakeType::message_hash:
      return "message_hash";
  }
  return "unknown";
}

std::string_view name_of(ContentType type) {
  switch (type) {
    case ContentType::invalid:
      return "invalid";
    case ContentType::change_cipher_spec:
      return "change_cipher_spec";
    case ContentType::alert:
      return "alert";
    case ContentType::handshake:
      return "handshake";
    case ContentType::application_data:
      return "application_data";
  }
  return "unknown";
}

std::string_view name_of(EarlyDataRefusal refusal) {
  switch (refusal) {
    case EarlyDataRefusal::none:
      return "none";
#define X(name, text)          \
  case EarlyDataRefusal::name: \
    return #name;
      HANDSEL_TLS_EARLY_DATA_REFUSALS(X)
#undef X
  }
  return "unknown";
}

std::string_view explain(EarlyDataRefusal refusal) {
  switch (refusal) {
    case EarlyDataRefusal::none:
      return "accepted";
#define X(name, text)          \
  case EarlyDataRefusal::name: \
    return text;
      HANDSEL_TLS_EARLY_DATA_REFUSALS(X)
#undef X
  }
  return "unknown";
}

}  // namespace handsel::tls
