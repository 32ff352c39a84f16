#include "tls/resumption12.h"

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

}  // namespace

std::expected<Resumption12, Error> take_ticket12(Handshake& handshake, const ClientHello& hello,
                                                 std::string_view server_name) {
  Resumption12 none;
  const TicketKeys* keys = handshake.config().keys_in_force();
  if (keys == nullptr || !hello.session_ticket || (*hello.session_ticket).empty()) return none;
  WorkerContext& worker = handshake.worker();
  TicketState state;
  const Suite* suite = nullptr;
  if (keys->open(worker.aead, *hello.session_ticket, state) && fits(handshake, state, server_name))
    suite = find_served_suite12(handshake.config(), static_cast<std::uint16_t>(state.suite));
  if (suite == nullptr || !hello.suites.contains(suite->id)) {
    worker.statistics.tickets_refused.add();
    return none;
  }
  if (!hello.extended_master_secret) return std::unexpected(Error::extended_master_secret_lost);
  worker.statistics.tickets_taken.add();
  handshake.info().client_authenticated = state.authenticated_unix_ms != 0;
  Resumption12 taken{suite, {}};
  taken.master.assign(state.secret.view());
  return taken;
}

bool wants_ticket12(Handshake& handshake, const ClientHello& hello) {
  return handshake.config().keys_in_force() != nullptr && hello.session_ticket && hello.extended_master_secret;
}

Bytes write_ticket12(Handshake& handshake, const Suite& suite, const TicketScope& scope, const MasterSecret12& master,
                     MutableBytes out) {
  WorkerContext& worker = handshake.worker();
  TicketState state;
  state.version = Version::tls12;
  state.suite = suite.id;
  state.issued_unix_ms = handshake.unix_now_ms();
  if (handshake.info().client_authenticated) state.authenticated_unix_ms = state.issued_unix_ms;
  state.scope = scope;
  state.secret.assign(master.view());
  std::array<std::uint8_t, TicketKeys::kMaxTicketBytes> ticket;
  Writer writer(out);
  NewSessionTicket12{handshake.config().ticket_lifetime_seconds,
                     handshake.config().keys_in_force()->seal(worker.aead, worker.entropy, state, ticket)}
      .emit(writer);
  worker.statistics.tickets_issued.add();
  return writer.written();
}

}  // namespace handsel::tls
