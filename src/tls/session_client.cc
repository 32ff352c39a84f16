/// A session's client side: how it begins, and the tickets that come after the handshake (RFC 8446 4.6.1).
#include <algorithm>
#include <cassert>
#include <utility>

#include "tls/client_config.h"
#include "tls/handshake.h"
#include "tls/key_schedule13.h"
#include "tls/messages/finished.h"
#include "tls/session.h"
#include "tls/session_cache.h"
#include "tls/worker_context.h"

namespace handsel::tls {
namespace {

constexpr std::uint32_t kMaxTicketLifetimeSeconds = 604'800;  // RFC 8446 4.6.1

}  // namespace

Session::Session(WorkerContext& worker, const ClientConfig& config, Observer* observer, std::uint64_t owner, Instant)
    : worker_(&worker), client_(&config), observer_(observer), owner_(owner) {
  assert(config.session_scope != SessionScope{});
}

Received Session::connect(RecordSink& sink, Instant now) {
  assert(is_client());
  if (started_ || phase_ != Phase::handshaking || write_closed_) return {};
  const CallScope scope(*this, sink, now);
  count_start();
  return begin() ? run() : fail(Error::no_handshake_memory);
}

std::size_t Session::early_room() const {
  return handshake_ != nullptr && handshake_->sends_early_data() ? handshake_->early_data_left() : 0;
}

bool Session::send_early(Bytes plaintext, RecordSink& sink) {
  if (plaintext.size() > early_room()) return false;
  handshake_->spend_early_data(plaintext.size());
  const CallScope scope(*this, sink, now_);
  return write_data(plaintext);
}

Error Session::take_tickets(Bytes& content) {
  while (!content.empty()) {
    if (skipped_bytes_ != 0) {
      const std::size_t count = std::min<std::size_t>(content.size(), skipped_bytes_);
      skipped_bytes_ -= static_cast<std::uint32_t>(count);
      content = content.subspan(count);
      continue;
    }
    if (content[0] != static_cast<std::uint8_t>(HandshakeType::new_session_ticket)) return Error::none;
    if (content.size() < kHandshakeHeaderBytes) return Error::none;
    const std::size_t whole = kHandshakeHeaderBytes + load_be24(&content[1]);
    if (content.size() < whole) return Error::none;
    if (const Error error = on_ticket(content.first(whole)); error != Error::none) return error;
    content = content.subspan(whole);
  }
  return Error::none;
}

Error Session::skip_ticket() {
  skipped_bytes_ = load_be24(&partial_[1]);
  if (skipped_bytes_ > limits::kMaxHandshakeMessage) return Error::message_too_long;
  // A fifth byte, if it was gathered, is the body's first.
  const std::uint32_t gathered = partial_bytes_ - static_cast<std::uint32_t>(kHandshakeHeaderBytes);
  if (skipped_bytes_ < gathered) return Error::malformed_message;
  skipped_bytes_ -= gathered;
  partial_bytes_ = 0;
  worker_->statistics.tickets_dropped.add();
  return count_empty_record() ? Error::none : Error::too_many_empty_records;
}

Error Session::on_ticket(Bytes message) {
  if (observer_ != nullptr)
    observer_->on_message(Observer::Direction::received, static_cast<std::uint8_t>(ContentType::handshake), message[0],
                          message.size());
  const std::expected<NewSessionTicket, Error> ticket = NewSessionTicket::parse(message.subspan(kHandshakeHeaderBytes));
  if (!ticket) return ticket.error();
  if (!count_empty_record()) return Error::too_many_empty_records;
  SessionCache* const cache = worker_->client_sessions;
  const SessionCache::Pending* const pending = cache != nullptr ? cache->pending(pending_) : nullptr;
  // "The value of zero indicates that the ticket should be discarded immediately."
  SessionCache::Room stored;
  if (pending != nullptr && ticket->lifetime_seconds != 0) stored = cache->open();
  if (!stored || !stored->set_ticket(ticket->ticket)) {
    worker_->statistics.tickets_dropped.add();
    return Error::none;
  }
  const auto since_start = std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch());
  const std::uint64_t lifetime_seconds = std::min(ticket->lifetime_seconds, kMaxTicketLifetimeSeconds);
  stored->scope = pending->scope;
  stored->version = Version::tls13;
  stored->suite = pending->suite;
  stored->age_add = ticket->age_add;
  stored->max_early_data = ticket->max_early_data;
  stored->alpn = pending->alpn;
  stored->received_unix_ms = worker_->unix_at_zero_ms + static_cast<std::uint64_t>(since_start.count());
  stored->expires_unix_ms = stored->received_unix_ms + lifetime_seconds * 1'000;
  const crypto::HashId hash = pending->resumption.hash();
  hkdf_expand_label(crypto::Hmac(hash, pending->resumption.view()), "resumption", ticket->nonce,
                    stored->secret.fill(crypto::digest_bytes(hash)));
  stored.keep();
  worker_->statistics.tickets_kept.add();
  return Error::none;
}

void Session::release_pending() {
  if (is_client() && pending_) worker_->client_sessions->release(std::exchange(pending_, {}));
}

}  // namespace handsel::tls
