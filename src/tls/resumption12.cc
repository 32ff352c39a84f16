#include "tls/resumption12.h"

#include <algorithm>
#include <utility>

#include "tls/config.h"
#include "tls/messages/key_exchange12.h"
#include "tls/resumption.h"

namespace handsel::tls {
namespace {

const Suite* find_served_suite12(const ServerConfig& config, std::uint16_t id) {
  if (const Suite* suite = find_suite12(id)) return suite;
  if (!config.rsa_key_exchange) return nullptr;
  for (const Suite& suite : kRsaKeyExchangeSuites12)
    if (static_cast<std::uint16_t>(suite.id) == id) return &suite;
  return nullptr;
}

bool fits(Handshake& handshake, const TicketState& state, std::string_view server_name) {
  return state.version == Version::tls12 && state.secret.size() == Secret<48>::capacity() &&
         still_counts(handshake, state, server_name);
}

/// The suite of a session that may be taken up again; nullptr when it may not.
const Suite* suite_of(Handshake& handshake, const ClientHello& hello, const TicketState& state,
                      std::string_view server_name) {
  if (!fits(handshake, state, server_name)) return nullptr;
  const Suite* suite = find_served_suite12(handshake.config(), static_cast<std::uint16_t>(state.suite));
  return suite != nullptr && hello.suites.contains(suite->id) ? suite : nullptr;
}

std::expected<Resumption12, Error> resume(Handshake& handshake, const ClientHello& hello, const Suite& suite,
                                          const TicketState& state) {
  if (!hello.extended_master_secret) return std::unexpected(Error::extended_master_secret_lost);
  handshake.info().client_authenticated = state.authenticated_unix_ms != 0;
  Resumption12 taken{&suite, {}, {}};
  taken.master.assign(state.secret.view());
  return taken;
}

std::expected<Resumption12, Error> take_ticket(Handshake& handshake, const ClientHello& hello, Bytes ticket,
                                               std::string_view server_name) {
  const TicketKeys* keys = handshake.config().keys_in_force();
  if (keys == nullptr || ticket.empty()) return Resumption12{};
  WorkerContext& worker = handshake.worker();
  TicketState state;
  const Suite* suite =
      keys->open(worker.aead, ticket, state) ? suite_of(handshake, hello, state, server_name) : nullptr;
  (suite != nullptr ? worker.statistics.tickets_taken : worker.statistics.tickets_refused).add();
  if (suite == nullptr) return Resumption12{};
  return resume(handshake, hello, *suite, state);
}

bool is_too_old(Handshake& handshake, const TicketState& state) {
  constexpr std::uint64_t kMaxAgeMs = 24 * 3'600'000;  // RFC 5246 F.1.4
  return handshake.unix_now_ms() - state.issued_unix_ms > kMaxAgeMs;
}

std::expected<Resumption12, Error> take_session_id(Handshake& handshake, const ClientHello& hello,
                                                   std::string_view server_name) {
  WorkerContext& worker = handshake.worker();
  if (worker.server_sessions == nullptr || !handshake.config().session_ids || hello.session_id.empty())
    return Resumption12{};
  const Handle handle = worker.server_sessions->find(hello.session_id);
  const ServedSession* session = worker.server_sessions->get(handle);
  const Suite* suite = nullptr;
  if (session != nullptr && session->config == &handshake.config())
    suite = suite_of(handshake, hello, session->state, server_name);
  if (suite != nullptr && is_too_old(handshake, session->state)) suite = nullptr;
  (suite != nullptr ? worker.statistics.session_ids_taken : worker.statistics.session_ids_refused).add();
  if (suite == nullptr) return Resumption12{};
  std::expected<Resumption12, Error> taken = resume(handshake, hello, *suite, session->state);
  if (taken) taken->session = handle;
  return taken;
}

TicketState state_of(Handshake& handshake, const Suite& suite, const TicketScope& scope, const MasterSecret12& master) {
  TicketState state;
  state.version = Version::tls12;
  state.suite = suite.id;
  state.issued_unix_ms = handshake.unix_now_ms();
  if (handshake.info().client_authenticated) state.authenticated_unix_ms = state.issued_unix_ms;
  state.scope = scope;
  state.secret.assign(master.view());
  return state;
}

}  // namespace

std::expected<Resumption12, Error> take_session12(Handshake& handshake, const ClientHello& hello,
                                                  std::string_view server_name) {
  return hello.session_ticket ? take_ticket(handshake, hello, *hello.session_ticket, server_name)
                              : take_session_id(handshake, hello, server_name);
}

bool wants_ticket12(Handshake& handshake, const ClientHello& hello) {
  return handshake.config().keys_in_force() != nullptr && hello.session_ticket && hello.extended_master_secret;
}

bool wants_session_id12(Handshake& handshake, const ClientHello& hello) {
  return handshake.worker().server_sessions != nullptr && handshake.config().session_ids && !hello.session_ticket &&
         hello.extended_master_secret;
}

void keep_session12(Handshake& handshake, const Suite& suite, const TicketScope& scope, const MasterSecret12& master,
                    Bytes id) {
  ServedSession session{.config = &handshake.config(), .state = state_of(handshake, suite, scope, master)};
  std::ranges::copy(id, session.id.begin());
  WorkerContext& worker = handshake.worker();
  if (worker.server_sessions->full()) worker.statistics.session_ids_evicted.add();
  handshake.hold_session_id(worker.server_sessions->keep(std::move(session)));
  worker.statistics.session_ids_issued.add();
}

Bytes write_ticket12(Handshake& handshake, const Suite& suite, const TicketScope& scope, const MasterSecret12& master,
                     MutableBytes out) {
  WorkerContext& worker = handshake.worker();
  const TicketState state = state_of(handshake, suite, scope, master);
  std::array<std::uint8_t, TicketKeys::kMaxTicketBytes> ticket;
  Writer writer(out);
  NewSessionTicket12{handshake.config().ticket_lifetime_seconds,
                     handshake.config().keys_in_force()->seal(worker.aead, worker.entropy, state, ticket)}
      .emit(writer);
  worker.statistics.tickets_issued.add();
  return writer.written();
}

}  // namespace handsel::tls
