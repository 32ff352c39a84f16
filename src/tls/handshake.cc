#include "tls/handshake.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "tls/client_config.h"
#include "tls/config.h"

namespace handsel::tls {

Handshake::Handshake(Session& session, Instant now)
    : session_(session),
      now_(now),
      inbox_(session.worker_->frames, assembly_),
      task_(session.client_ != nullptr ? connect(*this) : serve(*this)),
      hello_passed_(session.info_.retried) {
  if (task_)
    waiter_ = task_.handle();
  else
    error_ = Error::no_handshake_memory;
}

Handshake::~Handshake() {
  for (crypto::Operation* operation : operations_)
    if (operation != nullptr) worker().stage.cancel(*operation);
  task_.destroy();
  if (admitted_ != Admitted::no) worker().admission->on_ended(admitted_ == Admitted::resumed);
}

Handshake::Progress Handshake::advance(Instant now) {
  now_ = now;
  for (;;) {
    if (error_ != Error::none) return Progress::failed;
    if (task_.done()) {
      error_ = task_.result();
      return error_ == Error::none ? Progress::done : Progress::failed;
    }
    if (operations_[0] != nullptr || operations_[1] != nullptr || wants_change_cipher_spec_) return Progress::blocked;
    if (wants_message_) {
      const std::expected<std::optional<Message>, Error> next = inbox_.next(expected_);
      if (!next) {
        error_ = next.error();
        return Progress::failed;
      }
      if (!*next) return Progress::blocked;
      message_ = **next;
      wants_message_ = false;
      if (session_.observer_ != nullptr)
        session_.observer_->on_message(Observer::Direction::received, static_cast<std::uint8_t>(ContentType::handshake),
                                       static_cast<std::uint8_t>(message_.type), message_.whole.size());
    }
    waiting_ = Waiting::nothing;
    waiter_.resume();
  }
}

bool Handshake::operation_done(crypto::Operation& operation) {
  const auto slot = std::ranges::find(operations_, &operation);
  if (slot == operations_.end()) return false;
  *slot = nullptr;
  if (operation.status == crypto::Status::invalid_input)
    error_ = crypto::checks_signature(operation.kind)        ? Error::bad_signature
             : operation.kind == crypto::Kind::rsa_premaster ? Error::malformed_message
                                                             : Error::bad_key_share;
  else if (operation.status != crypto::Status::done)
    error_ = Error::crypto_failed;
  return true;
}

bool Handshake::spend_early_data(std::size_t bytes) {
  if (early_data_budget_ < bytes) return false;
  early_data_budget_ -= bytes;
  return true;
}

Handshake::MessageAwaiter Handshake::message(Waiting step, HandshakeTypes expected) {
  waiting_ = step;
  expected_ = expected;
  wants_message_ = true;
  return {*this};
}

Handshake::Awaiter Handshake::operations(Waiting step, crypto::Operation& first, crypto::Operation* second) {
  waiting_ = step;
  submit(first);
  if (second != nullptr) submit(*second);
  return {*this};
}

Handshake::Awaiter Handshake::change_cipher_spec(Waiting step) {
  waiting_ = step;
  wants_change_cipher_spec_ = true;
  return {*this};
}

void Handshake::submit(crypto::Operation& operation) {
  operation.owner = session_.owner_;
  operation.prompt = admitted_ == Admitted::resumed;
  if (!worker().stage.submit(operation, now_)) {
    error_ = Error::crypto_queue_full;
    return;
  }
  if (operation.status == crypto::Status::done) return;  // a bank had it: nothing is to be waited for
  operations_[operations_[0] == nullptr ? 0 : 1] = &operation;
}

const crypto::PeerPolicy& Handshake::peer_policy() const {
  return session_.client_ != nullptr ? session_.client_->policy : session_.server_->client_policy;
}

std::uint64_t Handshake::unix_now_ms() const {
  const auto since_start = std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch());
  return session_.worker_->unix_at_zero_ms + static_cast<std::uint64_t>(since_start.count());
}

Error Handshake::admit(bool resumes) {
  if (worker().admission == nullptr) return Error::none;
  const Error error = worker().admission->admit(connection(), resumes, now_);
  if (error == Error::none) admitted_ = resumes ? Admitted::resumed : Admitted::full;
  return error;
}

void Handshake::set_credential(std::uint16_t credential, std::uint16_t name) {
  session_.credential_ = credential;
  session_.name_ = name;
}

void Handshake::limit_records(std::uint16_t theirs, std::uint16_t most) {
  session_.write_.limit_records(std::min(theirs, most));
  session_.read_.limit_records(std::min(config().record_size_limit, most));
}

void Handshake::observe_server_name(std::string_view name) {
  if (session_.observer_ != nullptr) session_.observer_->on_server_name(name);
}

void Handshake::hold_for_tickets(SessionCache::Pending pending) {
  session_.pending_ = worker().client_sessions->hold(std::move(pending));
}

bool Handshake::keeps_exporter() const {
  const bool asked = session_.is_client() ? session_.client_->exporters : session_.server_->exporters;
  return asked && session_.worker_->exporters != nullptr;
}

void Handshake::keep_exporter(Exporter exporter) {
  session_.exporter_ = worker().exporters->emplace(std::move(exporter));
  if (!session_.exporter_) worker().statistics.exporters_full.add();
}

Error Handshake::queue(Bytes message) {
  if (session_.observer_ != nullptr)
    session_.observer_->on_message(Observer::Direction::sent, static_cast<std::uint8_t>(ContentType::handshake),
                                   message[0], message.size());
  const MutableBytes room = session_.scratch_content();
  while (!message.empty()) {
    if (flight_bytes_ == room.size())
      if (const Error error = flush(); error != Error::none) return error;
    const std::size_t count = std::min(message.size(), room.size() - flight_bytes_);
    std::memcpy(&room[flight_bytes_], message.data(), count);
    flight_bytes_ += count;
    message = message.subspan(count);
  }
  return Error::none;
}

Error Handshake::flush() {
  const std::size_t bytes = std::exchange(flight_bytes_, 0);
  if (bytes == 0) return Error::none;
  return session_.seal_scratch(ContentType::handshake, bytes) ? Error::none : Error::send_queue_full;
}

Error Handshake::send_change_cipher_spec() {
  assert(flight_bytes_ == 0);
  return session_.write_change_cipher_spec() ? Error::none : Error::send_queue_full;
}

Error Handshake::start_reading(crypto::AeadId aead, TrafficSecret secret) {
  if (!at_boundary()) return Error::straddles_key_change;
  session_.read_.start13(worker().aead, aead, std::move(secret));
  return Error::none;
}

void Handshake::start_writing(crypto::AeadId aead, TrafficSecret secret) {
  assert(flight_bytes_ == 0);
  session_.write_.start13(worker().aead, aead, std::move(secret));
}

Error Handshake::start_reading(crypto::AeadId aead, const RecordKeys& keys) {
  if (!at_boundary()) return Error::straddles_key_change;
  session_.read_.start13(worker().aead, aead, keys);
  return Error::none;
}

void Handshake::start_writing(crypto::AeadId aead, const RecordKeys& keys) {
  assert(flight_bytes_ == 0);
  session_.write_.start13(worker().aead, aead, keys);
}

Error Handshake::start_reading12(crypto::AeadId aead, Bytes key, Bytes iv) {
  if (!at_boundary()) return Error::straddles_key_change;
  session_.read_.start12(worker().aead, aead, key, iv);
  return Error::none;
}

void Handshake::start_writing12(crypto::AeadId aead, Bytes key, Bytes iv) {
  assert(flight_bytes_ == 0);
  session_.write_.start12(worker().aead, aead, key, iv);
}

}  // namespace handsel::tls
