#include "tls/resumption.h"

#include <algorithm>

#include "tls/config.h"
#include "tls/early_data.h"
#include "tls/messages/extensions.h"
#include "tls/messages/finished.h"
#include "tls/messages/pre_shared_key.h"
#include "tls/negotiate.h"
#include "tls/ticket.h"

namespace handsel::tls {
namespace {

constexpr std::size_t kTicketNonceBytes = 1;

bool fits(Handshake& handshake, const TicketState& state, const Suite& suite, std::string_view server_name) {
  if (state.version != Version::tls13) return false;
  // "the server MUST ensure that it selects a compatible PSK and cipher suite": the same hash (RFC 8446 4.2.11).
  const Suite* former = find_suite13(static_cast<std::uint16_t>(state.suite));
  if (former == nullptr || former->hash != suite.hash) return false;
  return state.secret.size() == crypto::digest_bytes(suite.hash) && still_counts(handshake, state, server_name);
}

// RFC 8446 4.2.11.2: a Finished over the ClientHello as far as its binders, which `transcript` runs through.
bool binder_verifies(const EarlySecret& early, const Transcript& transcript, Bytes binder) {
  Digest expected = transcript.digest();
  early.resumption_binder().finished(expected.view(), MutableBytes(expected.bytes).first(expected.size));
  return equal_constant_time(binder, expected.view());
}

/// The first ticket that fits, its binder not yet checked; one without a secret when none does.
Resumption find_ticket(Handshake& handshake, const ClientHello& hello, const OfferedPsks& offered, const Suite& suite) {
  const TicketKeys* keys = handshake.config().keys_in_force();
  std::string_view server_name;
  if (hello.server_name) server_name = read_server_name(*hello.server_name).value_or("");
  for (std::size_t i = 0; i < std::min(offered.size(), limits::kMaxTicketsTried); ++i) {
    TicketState state;
    if (keys->open(handshake.worker().aead, offered.identity(i).identity, state) &&
        fits(handshake, state, suite, server_name))
      return {std::move(state), static_cast<std::uint16_t>(i)};
  }
  return {};
}

}  // namespace

std::expected<Resumption, Error> take_ticket(Handshake& handshake, const ClientHello& hello, Bytes message,
                                             const Suite& suite, Transcript& transcript) {
  if (!hello.pre_shared_key) {
    transcript.add(message);
    return Resumption{};
  }
  const std::expected<OfferedPsks, Error> offered = OfferedPsks::read(*hello.pre_shared_key);
  if (!offered) return std::unexpected(offered.error());
  const std::expected<PskMode, Error> mode = choose_psk_mode(hello, handshake.config());
  if (!mode) return std::unexpected(mode.error());
  const std::size_t binders = offered->binders_bytes();
  transcript.add(message.first(message.size() - binders));
  Resumption resumption;
  if (*mode != PskMode::none) {
    Statistics& statistics = handshake.worker().statistics;
    resumption = find_ticket(handshake, hello, *offered, suite);
    if (resumption) {
      resumption.early.emplace(suite.hash, resumption.ticket.secret.view());
      if (!binder_verifies(*resumption.early, transcript, offered->binder(resumption.index)))
        return std::unexpected(Error::bad_binder);
      handshake.info().client_authenticated = resumption.ticket.authenticated_unix_ms != 0;
    }
    (resumption ? statistics.tickets_taken : statistics.tickets_refused).add();
  }
  transcript.add(message.last(binders));
  return resumption;
}

bool wants_tickets(Handshake& handshake, const ClientHello& hello) {
  return handshake.config().tickets_per_handshake != 0 &&
         choose_psk_mode(hello, handshake.config()).value_or(PskMode::none) != PskMode::none;
}

bool still_counts(Handshake& handshake, const TicketState& state, std::string_view server_name) {
  const ServerConfig& config = handshake.config();
  if (state.scope != scope_of(config, server_name)) return false;
  const std::uint64_t now = handshake.unix_now_ms();
  const std::uint64_t lifetime_ms = std::uint64_t{config.ticket_lifetime_seconds} * 1'000;
  const auto is_fresh = [&](std::uint64_t unix_ms) { return now >= unix_ms && now - unix_ms <= lifetime_ms; };
  if (!is_fresh(state.issued_unix_ms)) return false;
  // A certificate counts for no longer than one ticket lasts, however many tickets came from it since.
  if (state.authenticated_unix_ms != 0) return is_fresh(state.authenticated_unix_ms);
  return config.client_certificates != ClientCertificates::require;
}

TicketScope scope_of(const ServerConfig& config, std::string_view server_name) {
  const bool asks_client = config.client_certificates != ClientCertificates::none;
  return ticket_scope(server_name, asks_client ? Bytes(config.client_trust->digest()) : Bytes{});
}

Error send_tickets(Handshake& handshake, const Suite& suite, const TicketScope& scope, const Resumption& resumption,
                   const TrafficSecret& secret) {
  WorkerContext& worker = handshake.worker();
  const crypto::Hmac master(suite.hash, secret.view());
  TicketState state;
  state.version = Version::tls13;
  state.suite = suite.id;
  state.issued_unix_ms = handshake.unix_now_ms();
  state.authenticated_unix_ms = resumption.ticket.authenticated_unix_ms;
  if (!resumption && handshake.info().client_authenticated) state.authenticated_unix_ms = state.issued_unix_ms;
  state.scope = scope;
  if (worker.replay_guard != nullptr && handshake.config().max_early_data != 0) {
    state.max_early_data = handshake.config().max_early_data;
    state.guard = worker.replay_guard->name();
    state.protocol = ticket_protocol(handshake.alpn());
  }
  for (unsigned i = 0; i < handshake.config().tickets_per_handshake; ++i) {
    const std::array<std::uint8_t, kTicketNonceBytes> nonce = {static_cast<std::uint8_t>(i)};
    hkdf_expand_label(master, "resumption", nonce, state.secret.fill(crypto::digest_bytes(suite.hash)));
    std::array<std::uint8_t, TicketKeys::kMaxTicketBytes> ticket;
    std::array<std::uint8_t, 4> age_add;
    worker.entropy.fill(age_add);
    state.age_add = load_be32(age_add.data());
    std::array<std::uint8_t, TicketKeys::kMaxTicketBytes + 32> memory;
    Writer writer(memory);
    NewSessionTicket message;
    message.lifetime_seconds = handshake.config().ticket_lifetime_seconds;
    message.age_add = state.age_add;
    message.nonce = nonce;
    std::array<std::uint8_t, 8> block;
    Writer extensions(block);
    if (state.max_early_data != 0) NewSessionTicket::write_max_early_data(extensions, state.max_early_data);
    message.extensions = extensions.written();
    message.ticket = handshake.config().keys_in_force()->seal(worker.aead, worker.entropy, state, ticket);
    message.emit(writer);
    if (const Error error = handshake.queue(writer.written()); error != Error::none) return error;
    worker.statistics.tickets_issued.add();
  }
  return handshake.flush();
}

}  // namespace handsel::tls
