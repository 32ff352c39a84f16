#include "tls/session.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

#include "tls/client_config.h"
#include "tls/config.h"
#include "tls/handshake.h"
#include "tls/messages/finished.h"
#include "tls/names.h"
#include "tls/worker_context.h"

namespace handsel::tls {

namespace {

template <class T, std::size_t Rows, std::size_t Names>
void count(std::array<T, Rows>& rows, const std::array<Named, Names>& names, std::uint16_t number) {
  static_assert(Rows == Names + 1);
  rows[index_in(names, number)].add();
}

}  // namespace

std::string_view name_of(Waiting step) {
  switch (step) {
#define X(name, text) \
  case Waiting::name: \
    return #name;
    HANDSEL_TLS_WAITS(X)
#undef X
  }
  return "unknown";
}

std::string_view explain(Waiting step) {
  switch (step) {
#define X(name, text) \
  case Waiting::name: \
    return text;
    HANDSEL_TLS_WAITS(X)
#undef X
  }
  return "unknown";
}

Session::Session(WorkerContext& worker, const ServerConfig& config, Observer* observer, std::uint64_t owner, Instant)
    : worker_(&worker), server_(&config), observer_(observer), owner_(owner) {
  assert(config.certificate_messages.size() == config.credentials.size());
}

Session::~Session() {
  if (handshake_ != nullptr || between_hellos()) worker_->statistics.handshakes_abandoned.add();
  end_handshake();
  release_pending();
  release_exporter();
  read_.stop(worker_->aead);
  write_.stop(worker_->aead);
}

void Session::release_exporter() {
  if (exporter_) worker_->exporters->erase(std::exchange(exporter_, {}));
}

bool Session::wants_record() const {
  if (phase_ == Phase::failed || read_closed_ || (is_client() && !started_)) return false;
  return handshake_ == nullptr || handshake_->wants_record();
}

Waiting Session::waiting() const {
  if (phase_ != Phase::handshaking) return Waiting::nothing;
  if (handshake_ != nullptr) return handshake_->waiting();
  if (is_client()) return Waiting::nothing;
  return between_hellos() ? Waiting::second_client_hello : Waiting::client_hello;
}

std::string_view Session::server_name() const {
  if (is_client()) return client_->sent_name;
  return name_ == kNoIndex ? std::string_view{} : server_->credentials[credential_].names[name_];
}

std::string_view Session::alpn() const {
  if (alpn_ == kNoIndex) return {};
  return is_client() ? client_->alpn[alpn_] : server_->alpn[alpn_];
}

bool Session::export_keying_material(std::string_view label, std::optional<Bytes> context, MutableBytes out) const {
  if (!exporter_ || phase_ == Phase::handshaking) return false;
  return worker_->exporters->get(exporter_)->derive(label, context, out);
}

Received Session::on_operation_done(crypto::Operation& operation, RecordSink& sink, Instant now) {
  if (handshake_ == nullptr || !handshake_->operation_done(operation)) return {};
  const CallScope scope(*this, sink, now);
  return run();
}

bool Session::may_write_data() const {
  return phase_ == Phase::connected || (handshake_ != nullptr && handshake_->answers_early_data());
}

bool Session::begin() {
  void* block = worker_->frames.take_block();
  if (block == nullptr) return false;
  if (!is_client()) skipped_bytes_ = 0;
  handshake_ = ::new (block) Handshake(*this, now_);
  return true;
}

void Session::end_handshake() {
  if (handshake_ == nullptr) return;
  Handshake* handshake = std::exchange(handshake_, nullptr);
  handshake->~Handshake();
  worker_->frames.give_block(handshake);
}

Received Session::run() {
  switch (handshake_->advance(now_)) {
    case Handshake::Progress::blocked:
      break;
    case Handshake::Progress::failed:
      return fail(handshake_->error());
    case Handshake::Progress::done:
      return handshake_->gives_way() ? pause() : complete();
  }
  const Error error = handshake_->inbox().settle();
  return error == Error::none ? Received{} : fail(error);
}

// The second ClientHello brings all that is needed; until it comes a client costs no handshake's memory.
Received Session::pause() {
  skipped_bytes_ = static_cast<std::uint32_t>(handshake_->early_data_left());
  end_handshake();
  return {};
}

Received Session::complete() {
  end_handshake();
  phase_ = Phase::connected;
  Statistics& statistics = worker_->statistics;
  statistics.handshakes_completed.add();
  if (info_.resumed) statistics.handshakes_resumed.add();
  count(statistics.by_version, kVersionNames, info_.version);
  count(statistics.by_suite, kSuiteNames, info_.cipher_suite);
  count(statistics.by_group, kGroupNames, info_.group);
  count(statistics.by_signature, kSchemeNames, info_.signature_scheme);
  Received received;
  received.connected_now = true;
  return received;
}

Received Session::fail(Error error) { return fail(Failure{error, alert_for(error)}); }

Received Session::fail(Failure failure) {
  failure_ = failure;
  const auto row = static_cast<std::size_t>(failure.error);
  if (phase_ == Phase::handshaking)
    worker_->statistics.handshakes_failed[row].add();
  else
    worker_->statistics.connections_failed[row].add();
  if (is_answered(failure.error) && !write_closed_) send_alert(failure.alert);
  phase_ = Phase::failed;
  end_handshake();
  release_pending();
  forget_session_id();
  release_exporter();
  read_.stop(worker_->aead);
  write_.stop(worker_->aead);
  Received received;
  received.failed = true;
  return received;
}

// "any connection terminated with a fatal alert MUST NOT be resumed" (RFC 5246 7.2.2): ours can be forgotten, tickets
// are out of our hands.
void Session::forget_session_id() {
  if (!is_client() && pending_) worker_->server_sessions->forget(pending_);
}

std::uint16_t Session::record_padding() const {
  return is_client() ? client_->record_padding : server_->record_padding;
}

std::size_t Session::max_padding() const { return record_padding() == 0 ? 0 : record_padding() - 1u; }

std::size_t Session::sealed_bytes(std::size_t plaintext) const {
  const std::size_t records = (plaintext + write_.max_content() - 1) / write_.max_content();
  return plaintext + records * RecordProtector::kMaxOverhead + max_padding();
}

std::size_t Session::reserved_bytes() const { return 128 + max_padding(); }

bool Session::send(Bytes plaintext, RecordSink& sink) {
  if (!may_write_data() || write_closed_) return false;
  const CallScope scope(*this, sink, now_);
  return write_data(plaintext);
}

bool Session::write_data(Bytes plaintext) {
  const std::uint64_t records_per_key = is_client() ? client_->records_per_key : server_->records_per_key;
  while (!plaintext.empty()) {
    if (write_.sequence() >= records_per_key && !renew_write_key()) return false;
    const std::size_t count = std::min(plaintext.size(), write_.max_content());
    std::memcpy(scratch_content().data(), plaintext.data(), count);
    if (observer_ != nullptr)
      observer_->on_message(Observer::Direction::sent, static_cast<std::uint8_t>(ContentType::application_data), 0,
                            count);
    if (!seal_scratch(ContentType::application_data, count)) {
      fail(Error::send_queue_full);
      return false;
    }
    plaintext = plaintext.subspan(count);
  }
  return true;
}

void Session::close(RecordSink& sink) {
  if (phase_ == Phase::failed || write_closed_) return;
  const CallScope scope(*this, sink, now_);
  send_alert(Alert::close_notify);
  write_closed_ = true;
  if (!may_write_data()) {
    if (handshake_ != nullptr || between_hellos()) worker_->statistics.handshakes_abandoned.add();
    end_handshake();
    read_closed_ = true;
  }
  if (read_closed_) phase_ = Phase::closed;
}

// TLS 1.2 knows no way to change keys but renegotiation, which is not spoken.
bool Session::renew_write_key() {
  if (!write_.hides_type()) {
    fail(Error::record_limit_reached);
    return false;
  }
  if (update_write_key(false)) return true;
  fail(Error::send_queue_full);
  return false;
}

bool Session::update_write_key(bool request) {
  std::array<std::uint8_t, kHandshakeHeaderBytes + 1> memory;
  Writer writer(memory);
  KeyUpdate{request}.emit(writer);
  std::memcpy(scratch_content().data(), memory.data(), memory.size());
  if (observer_ != nullptr)
    observer_->on_message(Observer::Direction::sent, static_cast<std::uint8_t>(ContentType::handshake),
                          static_cast<std::uint8_t>(HandshakeType::key_update), memory.size());
  if (!seal_scratch(ContentType::handshake, memory.size())) return false;
  write_.update13(worker_->aead);
  worker_->statistics.key_updates_out.add();
  return true;
}

void Session::send_alert(Alert alert) {
  const MutableBytes content = scratch_content();
  content[0] = alert == Alert::close_notify ? kAlertWarning : kAlertFatal;
  content[1] = static_cast<std::uint8_t>(alert);
  if (observer_ != nullptr)
    observer_->on_message(Observer::Direction::sent, static_cast<std::uint8_t>(ContentType::alert),
                          static_cast<std::uint8_t>(alert), kAlertBytes);
  worker_->statistics.alerts_sent[static_cast<std::size_t>(alert)].add();
  // A sink without room loses the alert: the session is over either way.
  seal_scratch(ContentType::alert, kAlertBytes);
}

bool Session::write_change_cipher_spec() {
  worker_->scratch[kRecordHeaderBytes] = 1;
  if (observer_ != nullptr)
    observer_->on_message(Observer::Direction::sent, static_cast<std::uint8_t>(ContentType::change_cipher_spec), 0, 1);
  const MutableBytes record = MutableBytes(worker_->scratch).first(kRecordHeaderBytes + 1);
  write_record_header(record, ContentType::change_cipher_spec, Version::tls12, 1);
  return write_record(record);
}

MutableBytes Session::scratch_content() {
  return MutableBytes(worker_->scratch).subspan(write_.content_offset(), write_.max_content());
}

bool Session::seal_scratch(ContentType type, std::size_t content) {
  const MutableBytes scratch(worker_->scratch);
  return write_record(scratch.first(write_.seal(worker_->aead, type, scratch, content, record_padding())));
}

bool Session::write_record(Bytes record) {
  if (!sink_->write_record(record)) return false;
  worker_->statistics.records_out.add();
  worker_->statistics.bytes_out.add(record.size());
  return true;
}

}  // namespace handsel::tls
