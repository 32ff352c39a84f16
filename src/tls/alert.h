#pragma once
/// Faults of a TLS connection and the alerts that answer them: one table for both (RFC 8446 6).

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace handsel::tls {

// X(identifier, number): RFC 8446 6, 8446 B.2 and the ones of TLS 1.2 that a peer may still send.
#define HANDSEL_TLS_ALERTS(X)             \
  X(close_notify, 0)                      \
  X(unexpected_message, 10)               \
  X(bad_record_mac, 20)                   \
  X(record_overflow, 22)                  \
  X(handshake_failure, 40)                \
  X(bad_certificate, 42)                  \
  X(unsupported_certificate, 43)          \
  X(certificate_revoked, 44)              \
  X(certificate_expired, 45)              \
  X(certificate_unknown, 46)              \
  X(illegal_parameter, 47)                \
  X(unknown_ca, 48)                       \
  X(access_denied, 49)                    \
  X(decode_error, 50)                     \
  X(decrypt_error, 51)                    \
  X(protocol_version, 70)                 \
  X(insufficient_security, 71)            \
  X(internal_error, 80)                   \
  X(inappropriate_fallback, 86)           \
  X(user_canceled, 90)                    \
  X(no_renegotiation, 100)                \
  X(missing_extension, 109)               \
  X(unsupported_extension, 110)           \
  X(unrecognized_name, 112)               \
  X(bad_certificate_status_response, 113) \
  X(unknown_psk_identity, 115)            \
  X(certificate_required, 116)            \
  X(no_application_protocol, 120)

enum class Alert : std::uint8_t {
#define X(name, number) name = number,
  HANDSEL_TLS_ALERTS(X)
#undef X
};

// X(identifier, alert, text). The first group is the peer's doing, the second ours.
#define HANDSEL_TLS_ERRORS(X)                                                                                         \
  /* the bytes on the port are not this protocol */                                                                   \
  X(plain_http, unexpected_message, "a plain HTTP request came to a TLS port")                                        \
  X(not_tls, unexpected_message, "the first bytes are no TLS record")                                                 \
  X(ssl2_client_hello, protocol_version, "an SSLv2 ClientHello")                                                      \
  /* records */                                                                                                       \
  X(bad_content_type, unexpected_message, "record of unknown content type")                                           \
  X(bad_record_version, protocol_version, "record version whose major number is not 3")                               \
  X(record_overflow, record_overflow, "record or its plaintext longer than allowed")                                  \
  X(empty_record, unexpected_message, "empty handshake or alert record")                                              \
  X(too_many_empty_records, unexpected_message, "flood of records that carry nothing")                                \
  X(bad_record_mac, bad_record_mac, "record does not authenticate")                                                   \
  X(no_inner_content_type, unexpected_message, "protected record of nothing but zeros")                               \
  X(unexpected_record, unexpected_message, "record of a type that has no place at this point")                        \
  X(unprotected_record, unexpected_message, "plaintext record where protection is on")                                \
  X(bad_change_cipher_spec, unexpected_message, "ChangeCipherSpec malformed or out of place")                         \
  X(malformed_alert, decode_error, "alert record that is not two bytes long")                                         \
  X(straddles_key_change, unexpected_message, "handshake bytes on both sides of a key change")                        \
  X(interleaved_records, unexpected_message, "another record inside a fragmented handshake message")                  \
  X(too_much_early_data, unexpected_message, "more early data than the ticket allows, or than is skipped")            \
  X(record_limit_reached, internal_error, "as many records under one key as its cipher allows")                       \
  /* handshake messages */                                                                                            \
  X(unexpected_handshake_message, unexpected_message, "handshake message that has no place at this point")            \
  X(message_too_long, illegal_parameter, "handshake message longer than the bound")                                   \
  X(malformed_message, decode_error, "a length inside a handshake message does not add up")                           \
  X(malformed_extension, decode_error, "a length inside an extension does not add up")                                \
  X(too_many_extensions, illegal_parameter, "more extensions than the bound")                                         \
  X(duplicate_extension, illegal_parameter, "an extension that came before in the same message")                      \
  X(unsolicited_extension, unsupported_extension, "an answer to an extension that was not sent")                      \
  X(misplaced_extension, illegal_parameter, "an extension that may not stand in this message or place")               \
  X(missing_extension, missing_extension, "an extension that this handshake cannot do without")                       \
  X(illegal_parameter, illegal_parameter, "a field's value contradicts the rules or an earlier message")              \
  X(bad_compression_method, illegal_parameter, "compression offered where only null is allowed")                      \
  X(bad_key_share, illegal_parameter, "a key share of wrong length or no point of the curve")                         \
  X(duplicate_key_share, illegal_parameter, "two key shares of one group, or one of a group not offered")             \
  X(second_hello_changed, illegal_parameter, "the second ClientHello differs where it may not")                       \
  X(second_hello_without_share, illegal_parameter, "the second ClientHello lacks the requested key share")            \
  X(missing_cookie, missing_extension, "the second ClientHello lacks the HelloRetryRequest's cookie")                 \
  X(forged_cookie, illegal_parameter, "a cookie that this worker has not made")                                       \
  X(strange_cookie, illegal_parameter, "a cookie of another connection, or in a first ClientHello")                   \
  X(expired_cookie, illegal_parameter, "a cookie that has come back too late")                                        \
  X(session_id_not_echoed, illegal_parameter, "the server's session id is not the one that was sent")                 \
  X(suite_not_offered, illegal_parameter, "a cipher suite that was not offered, or another one than before")          \
  X(group_not_offered, illegal_parameter, "a key-exchange group that was not offered, or not asked for")              \
  X(scheme_not_offered, illegal_parameter, "a signature scheme that was not offered, or not the key's")               \
  X(protocol_not_offered, illegal_parameter, "an application protocol that was not offered")                          \
  X(psk_not_offered, illegal_parameter, "a pre-shared key that was not offered, or not for this suite")               \
  X(early_data_on_other_terms, illegal_parameter, "early data accepted, but not with the ticket's suite or protocol") \
  X(session_not_offered, illegal_parameter, "a session is resumed that was not offered, or on other terms")           \
  X(illegal_retry, illegal_parameter, "a HelloRetryRequest that changes nothing, or what was there already")          \
  X(second_retry, unexpected_message, "a second HelloRetryRequest")                                                   \
  X(unsupported_version, protocol_version, "no protocol version in common")                                           \
  X(inappropriate_fallback, inappropriate_fallback, "a fallback although both sides speak a newer version")           \
  X(no_common_cipher_suite, handshake_failure, "no cipher suite in common")                                           \
  X(no_common_group, handshake_failure, "no key-exchange group in common")                                            \
  X(no_common_signature_scheme, handshake_failure, "no certificate whose signature the client accepts")               \
  X(no_common_application_protocol, no_application_protocol, "no ALPN protocol in common")                            \
  X(bad_finished, decrypt_error, "Finished does not verify")                                                          \
  X(bad_signature, decrypt_error, "CertificateVerify or a signed key exchange does not verify")                       \
  X(bad_binder, decrypt_error, "PSK binder does not verify")                                                          \
  X(too_many_key_updates, unexpected_message, "flood of KeyUpdate messages")                                          \
  X(downgrade_detected, illegal_parameter, "the server's random says that somebody forced an older version")          \
  X(bad_certificate, bad_certificate, "the peer's certificate is malformed or wrongly signed")                        \
  X(unknown_authority, unknown_ca, "no trusted authority vouches for the peer's certificate")                         \
  X(certificate_expired, certificate_expired, "the peer's certificate is not valid at this time")                     \
  X(wrong_certificate_name, certificate_unknown, "the peer's certificate is for another name")                        \
  X(wrong_pin, certificate_unknown, "the peer's public key is none of the pinned ones")                               \
  X(unsupported_certificate, unsupported_certificate, "the peer's certificate has a key of a kind not supported")     \
  X(certificate_required, certificate_required, "the peer has shown no certificate")                                  \
  X(no_client_certificate, handshake_failure, "the client has shown no certificate, in TLS 1.2")                      \
  X(extended_master_secret_lost, handshake_failure, "a session is resumed without the extended master secret it had") \
  X(renegotiation_refused, no_renegotiation, "renegotiation was asked for")                                           \
  X(handshake_refused, handshake_failure, "the parameters offered fall below what the configuration demands")         \
  /* the peer's own word: nothing is sent in return */                                                                \
  X(alert_received, close_notify, "the peer sent a fatal alert")                                                      \
  X(closed_in_handshake, close_notify, "the peer closed before the handshake was complete")                           \
  /* ours; a record that found no room is missing from the sequence, so no alert can follow it */                     \
  X(no_handshake_memory, internal_error, "no handshake memory left in the pool")                                      \
  X(budget_rate, internal_error, "more handshakes a second than [limits] handshakes_per_second")                      \
  X(budget_share, internal_error, "more handshakes of one peer than its share, while the budget is short")            \
  X(budget_progress, internal_error, "as many full handshakes in progress as [limits] handshakes leaves to them")     \
  X(crypto_queue_full, internal_error, "the crypto stage took no more operations")                                    \
  X(crypto_failed, internal_error, "a crypto operation failed on our side")                                           \
  X(send_queue_full, close_notify, "the connection's send queue took no more records")                                \
  X(internal_error, internal_error, "a fault of our own")

/// Why a session failed. Part of the wire's behaviour: alert_for() gives what the peer is told.
enum class Error : std::uint8_t {
  none,
#define X(name, alert, text) name,
  HANDSEL_TLS_ERRORS(X)
#undef X
};

inline constexpr std::size_t kErrors = 1
#define X(name, alert, text) +1
    HANDSEL_TLS_ERRORS(X)
#undef X
    ;

/// The name under which statistics and traces show the error ("bad_finished"); "none" for Error::none.
std::string_view name_of(Error error);
/// One line for a person.
std::string_view explain(Error error);
/// The alert that answers this error; close_notify for those that are answered by nothing.
Alert alert_for(Error error);
/// True when the peer is to be told: false for Error::none and for errors that the peer itself reported.
bool is_answered(Error error);

/// "unexpected_message" and so on; "unknown" for numbers that no standard names.
std::string_view name_of(Alert alert);

/// How a session ended badly.
struct Failure {
  Error error = Error::none;
  Alert alert = Alert::close_notify;  ///< sent, or for Error::alert_received the one received
  explicit operator bool() const { return error != Error::none; }
};

}  // namespace handsel::tls
