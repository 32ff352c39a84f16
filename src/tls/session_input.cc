/// A session's receiving side: from records to messages and data (RFC 8446 5, 6).
#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <string_view>

#include "tls/config.h"
#include "tls/handshake.h"
#include "tls/messages/finished.h"
#include "tls/names.h"
#include "tls/session.h"
#include "tls/worker_context.h"

namespace handsel::tls {
namespace {

bool is_content_type(std::uint8_t byte) {
  return byte >= static_cast<std::uint8_t>(ContentType::change_cipher_spec) &&
         byte <= static_cast<std::uint8_t>(ContentType::application_data);
}

// The methods of RFC 9110 9 and the preface of HTTP/2, as far as five bytes tell.
bool is_http(Bytes header) {
  constexpr auto kStarts = std::to_array<std::string_view>(
      {"GET ", "HEAD ", "POST ", "PUT ", "DELET", "CONNE", "OPTIO", "TRACE", "PATCH", "PRI *"});
  return std::ranges::any_of(kStarts, [&](std::string_view start) { return as_text(header).starts_with(start); });
}

// A two-byte length with the top bit set, CLIENT-HELLO, and a version (RFC 5246 E.2).
bool is_ssl2_client_hello(Bytes header) {
  return (header[0] & 0x80) != 0 && header[2] == 1 && (header[3] == 3 || load_be16(&header[3]) == 0x0002);
}

}  // namespace

Error Session::judge_header(Bytes header) const {
  if (!is_content_type(header[0])) {
    if (started_ && !(is_client() && info_.version == 0)) return Error::bad_content_type;
    if (is_client()) return Error::not_tls;
    if (is_http(header)) return Error::plain_http;
    return is_ssl2_client_hello(header) ? Error::ssl2_client_hello : Error::not_tls;
  }
  // "legacy_record_version … MUST be ignored", but no TLS ever had another major number.
  if (header[1] != 3) return started_ ? Error::bad_record_version : Error::not_tls;
  const bool sealed = static_cast<ContentType>(header[0]) == ContentType::application_data;
  const std::size_t bound = sealed ? limits::kMaxCiphertext : limits::kMaxPlaintext;
  return load_be16(&header[3]) <= bound ? Error::none : Error::record_overflow;
}

std::expected<std::size_t, Failure> Session::record_bytes(Bytes header5) const {
  assert(header5.size() == kRecordHeaderBytes);
  const Error error = judge_header(header5);
  if (error != Error::none) return std::unexpected(Failure{error, alert_for(error)});
  return kRecordHeaderBytes + load_be16(&header5[3]);
}

Received Session::on_bad_header(Bytes header5, RecordSink& sink, Instant now) {
  assert(header5.size() == kRecordHeaderBytes);
  if (phase_ == Phase::failed || read_closed_) return {};
  const CallScope scope(*this, sink, now);
  const Error error = judge_header(header5);
  count_start();
  if (error == Error::ssl2_client_hello) {
    const std::size_t row = index_in(kVersionNames, load_be16(&header5[3]));
    worker_->statistics.refused_version[row].add();
  }
  return fail(error == Error::none ? Error::internal_error : error);
}

Received Session::on_record(MutableBytes record, RecordSink& sink, Instant now) {
  assert(record.size() >= kRecordHeaderBytes && record.size() == kRecordHeaderBytes + load_be16(&record[3]));
  if (phase_ == Phase::failed || read_closed_) return {};
  const CallScope scope(*this, sink, now);
  worker_->statistics.records_in.add();
  worker_->statistics.bytes_in.add(record.size());
  if (const Error error = judge_header(record.first(kRecordHeaderBytes)); error != Error::none) return fail(error);
  count_start();

  const auto type = static_cast<ContentType>(record[0]);
  const MutableBytes body = record.subspan(kRecordHeaderBytes);
  if (type == ContentType::change_cipher_spec) return on_change_cipher_spec(body);
  if (type == ContentType::application_data || (read_.on() && !read_.hides_type())) return on_protected(record);
  if (read_.on() && !keyless_alert(type)) return fail(Error::unprotected_record);
  return on_content(type, body);
}

// A client that could not make sense of our first flight has no keys to tell us under.
bool Session::keyless_alert(ContentType type) const {
  return type == ContentType::alert && handshake_ != nullptr && !is_client() && read_.sequence() == 0;
}

void Session::count_start() {
  if (started_) return;
  started_ = true;
  worker_->statistics.handshakes_started.add();
}

Received Session::on_change_cipher_spec(Bytes body) {
  const bool has_place =
      between_hellos() ||
      (handshake_ != nullptr && (handshake_->drops_change_cipher_spec() || handshake_->wants_change_cipher_spec()));
  if (!has_place || body.size() != 1 || body[0] != 1) return fail(Error::bad_change_cipher_spec);
  if (handshake_ != nullptr && !handshake_->inbox().empty()) return fail(Error::interleaved_records);
  if (observer_ != nullptr)
    observer_->on_message(Observer::Direction::received, static_cast<std::uint8_t>(ContentType::change_cipher_spec), 0,
                          1);
  if (handshake_ != nullptr && handshake_->wants_change_cipher_spec()) {
    handshake_->change_cipher_spec_came();
    return run();
  }
  // The compatibility mode's, between the first ClientHello and Finished (RFC 8446 5): dropped.
  if (info_.version == 0) handshake_->change_cipher_spec_dropped();
  return count_empty_record() ? Received{} : fail(Error::too_many_empty_records);
}

Received Session::on_protected(MutableBytes record) {
  if (!read_.on()) return skip_between_hellos(record.size());
  const std::expected<Opened, Error> opened = read_.open(worker_->aead, record);
  if (!opened) {
    if (opened.error() != Error::bad_record_mac || handshake_ == nullptr || !handshake_->skips_early_data())
      return fail(opened.error());
    return handshake_->spend_early_data(record.size()) ? Received{} : fail(Error::too_much_early_data);
  }
  if (handshake_ != nullptr && handshake_->skips_early_data()) handshake_->end_early_data();
  return on_content(opened->type, opened->content);
}

// Early data that came with a ClientHello which we have not taken, before the one that counts (RFC 8446 4.2.10).
Received Session::skip_between_hellos(std::size_t bytes) {
  if (!between_hellos() || skipped_bytes_ == 0) return fail(Error::unexpected_record);
  if (bytes > skipped_bytes_) return fail(Error::too_much_early_data);
  skipped_bytes_ -= static_cast<std::uint32_t>(bytes);
  return {};
}

Received Session::on_content(ContentType type, MutableBytes content) {
  if (type == ContentType::handshake) return content.empty() ? fail(Error::empty_record) : on_handshake_bytes(content);
  if (type == ContentType::alert) return content.empty() ? fail(Error::empty_record) : on_alert(content);
  if (type != ContentType::application_data) return fail(Error::unexpected_record);
  if (phase_ != Phase::connected) return on_early_data(content);
  if (partial_bytes_ != 0 || skipped_bytes_ != 0) return fail(Error::interleaved_records);
  if (content.empty()) return count_empty_record() ? Received{} : fail(Error::too_many_empty_records);
  empty_records_ = 0;
  key_updates_ = 0;
  if (observer_ != nullptr)
    observer_->on_message(Observer::Direction::received, static_cast<std::uint8_t>(ContentType::application_data), 0,
                          content.size());
  Received received;
  received.plaintext = content;
  return received;
}

// RFC 8446 4.2.10: "only Application Data payload (i.e., plaintext but not padding …) is counted".
Received Session::on_early_data(MutableBytes content) {
  if (handshake_ == nullptr || !handshake_->takes_early_data()) return fail(Error::unexpected_record);
  if (!handshake_->inbox().empty()) return fail(Error::interleaved_records);
  if (content.empty()) return count_empty_record() ? Received{} : fail(Error::too_many_empty_records);
  if (!handshake_->spend_early_data(content.size())) return fail(Error::too_much_early_data);
  empty_records_ = 0;
  worker_->statistics.early_data_bytes.add(content.size());
  Received received;
  received.plaintext = content;
  received.early = true;
  return received;
}

bool Session::count_empty_record() { return ++empty_records_ <= limits::kMaxEmptyRecords; }

Received Session::on_alert(Bytes content) {
  // "Alert messages … MUST NOT be fragmented", and one record holds one (RFC 8446 5.1).
  if (content.size() != kAlertBytes) return fail(Error::malformed_alert);
  const auto alert = static_cast<Alert>(content[1]);
  worker_->statistics.alerts_received[content[1]].add();
  if (observer_ != nullptr)
    observer_->on_message(Observer::Direction::received, static_cast<std::uint8_t>(ContentType::alert), content[1],
                          kAlertBytes);
  // Says only that a close_notify will follow (RFC 8446 6.1).
  if (alert == Alert::user_canceled) return pass_over_alert();
  // A warning of TLS 1.2 leaves the connection as it is (RFC 5246 7.2.2); in 1.3 all are fatal, whatever they say. One
  // comes before the version is known: the server has no such name, and goes on (RFC 6066 3).
  const bool may_warn = speaks_tls12() || (info_.version == 0 && alert == Alert::unrecognized_name && is_client());
  if (alert != Alert::close_notify && content[0] == kAlertWarning && may_warn) return pass_over_alert();
  if (alert != Alert::close_notify) return fail(Failure{Error::alert_received, alert});

  if (phase_ == Phase::handshaking) {
    Received received = fail(Error::closed_in_handshake);
    received.peer_closed = true;
    return received;
  }
  read_closed_ = true;
  if (write_closed_) phase_ = Phase::closed;
  Received received;
  received.peer_closed = true;
  return received;
}

// TLS 1.2 lets records of different types interleave (RFC 5246 6.2.1). In 1.3 nothing comes between the records of one
// message (RFC 8446 5.1).
Received Session::pass_over_alert() {
  const bool inside_message =
      partial_bytes_ != 0 || skipped_bytes_ != 0 || (handshake_ != nullptr && !handshake_->inbox().empty());
  if (inside_message && !speaks_tls12()) return fail(Error::interleaved_records);
  return count_empty_record() ? Received{} : fail(Error::too_many_empty_records);
}

Received Session::on_handshake_bytes(Bytes content) {
  if (phase_ == Phase::connected) return on_post_handshake(content);
  if (handshake_ == nullptr && !begin()) return fail(Error::no_handshake_memory);
  if (handshake_->wants_change_cipher_spec()) return fail(Error::unexpected_handshake_message);
  empty_records_ = 0;
  handshake_->inbox().offer(content);
  return run();
}

// TLS 1.2 has nothing but renegotiation, which each side begins by its own message.
Received Session::on_post_handshake12(Bytes content) {
  const HandshakeType first = is_client() ? HandshakeType::hello_request : HandshakeType::client_hello;
  const bool renegotiates = content[0] == static_cast<std::uint8_t>(first);
  return fail(renegotiates ? Error::renegotiation_refused : Error::unexpected_handshake_message);
}

// Only KeyUpdate may come after the handshake: five bytes, so its pieces fit in the session. And tickets to a client:
// those in pieces are passed over, for they would need memory.
Received Session::on_post_handshake(Bytes content) {
  if (speaks_tls12()) return on_post_handshake12(content);
  while (!content.empty()) {
    if (takes_tickets() && partial_bytes_ == 0) {
      if (const Error error = take_tickets(content); error != Error::none) return fail(error);
      if (content.empty()) return {};
    }
    const std::size_t count = std::min(content.size(), partial_.size() - partial_bytes_);
    std::memcpy(&partial_[partial_bytes_], content.data(), count);
    partial_bytes_ = static_cast<std::uint8_t>(partial_bytes_ + count);
    content = content.subspan(count);
    const bool is_ticket = partial_[0] == static_cast<std::uint8_t>(HandshakeType::new_session_ticket);
    if (partial_[0] != static_cast<std::uint8_t>(HandshakeType::key_update) && !(is_ticket && takes_tickets()))
      return fail(Error::unexpected_handshake_message);
    if (partial_bytes_ < kHandshakeHeaderBytes) return {};
    if (is_ticket) {
      if (const Error error = skip_ticket(); error != Error::none) return fail(error);
      continue;
    }
    if (load_be24(&partial_[1]) != partial_.size() - kHandshakeHeaderBytes) return fail(Error::malformed_message);
    if (partial_bytes_ < partial_.size()) return {};
    partial_bytes_ = 0;
    if (!content.empty()) return fail(Error::straddles_key_change);
    if (const Error error = on_key_update(partial_); error != Error::none) return fail(error);
  }
  return {};
}

// RFC 8446 4.6.3.
Error Session::on_key_update(Bytes message) {
  const std::expected<KeyUpdate, Error> update = KeyUpdate::parse(message.subspan(kHandshakeHeaderBytes));
  if (!update) return update.error();
  if (observer_ != nullptr)
    observer_->on_message(Observer::Direction::received, static_cast<std::uint8_t>(ContentType::handshake), message[0],
                          message.size());
  if (++key_updates_ > limits::kMaxKeyUpdates) return Error::too_many_key_updates;
  worker_->statistics.key_updates_in.add();
  read_.update13(worker_->aead);
  if (!update->update_requested || write_closed_) return Error::none;
  return update_write_key(false) ? Error::none : Error::send_queue_full;
}

}  // namespace handsel::tls
