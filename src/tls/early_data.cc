#include "tls/early_data.h"

#include <algorithm>
#include <array>

#include "tls/config.h"
#include "tls/messages/pre_shared_key.h"
#include "tls/replay_guard.h"

namespace handsel::tls {
namespace {

/// "If the ticket age differs from the expected one by more than a window, the server SHOULD … proceed with 1-RTT" (RFC
/// 8446 8.3). `obfuscated_age` is the client's word, and bound by its binder.
bool is_fresh(const TicketState& ticket, std::uint32_t obfuscated_age, std::uint64_t now_unix_ms) {
  const std::uint64_t client_age_ms = obfuscated_age - ticket.age_add;  // modulo 2^32
  const std::uint64_t age_ms = now_unix_ms - ticket.issued_unix_ms;     // at most the ticket's lifetime
  const std::uint64_t apart_ms = age_ms > client_age_ms ? age_ms - client_age_ms : client_age_ms - age_ms;
  return apart_ms <= limits::kEarlyDataWindowMs;
}

/// What speaks against early data. Asks the guard when nothing else does.
EarlyDataRefusal judge(Handshake& handshake, const ClientHello& hello, const Suite& suite, bool retried,
                       const Resumption& resumption) {
  ReplayGuard* const guard = handshake.worker().replay_guard;
  const TicketState& ticket = resumption.ticket;
  if (handshake.config().max_early_data == 0 || guard == nullptr) return EarlyDataRefusal::disabled;
  if (retried) return EarlyDataRefusal::retried;
  if (!resumption) return EarlyDataRefusal::not_resumed;
  if (resumption.index != 0) return EarlyDataRefusal::not_first;
  if (ticket.max_early_data == 0) return EarlyDataRefusal::not_allowed;
  if (ticket.suite != suite.id) return EarlyDataRefusal::other_suite;
  if (ticket.protocol != ticket_protocol(handshake.alpn())) return EarlyDataRefusal::other_protocol;
  if (ticket.guard != guard->name()) return EarlyDataRefusal::other_worker;
  const OfferedPsks offered = *OfferedPsks::read(*hello.pre_shared_key);
  const std::uint64_t now = handshake.unix_now_ms();
  if (!is_fresh(ticket, offered.identity(0).obfuscated_age, now)) return EarlyDataRefusal::stale;
  switch (guard->admit(offered.binder(0), now)) {
    case ReplayGuard::Verdict::replayed:
      return EarlyDataRefusal::replayed;
    case ReplayGuard::Verdict::full:
      return EarlyDataRefusal::guard_full;
    case ReplayGuard::Verdict::fresh:
      break;
  }
  return EarlyDataRefusal::none;
}

}  // namespace

Error take_or_skip_early_data(Handshake& handshake, const ClientHello& hello, const Suite& suite, bool retried,
                              const Resumption& resumption, const Transcript& transcript) {
  if (!hello.early_data) return Error::none;
  Statistics& statistics = handshake.worker().statistics;
  const EarlyDataRefusal refusal = judge(handshake, hello, suite, retried, resumption);
  if (refusal != EarlyDataRefusal::none) {
    statistics.early_data_refused[static_cast<std::size_t>(refusal)].add();
    handshake.info().early_data = EarlyData::rejected;
    handshake.skip_early_data();
    return Error::none;
  }
  statistics.early_data_accepted.add();
  handshake.info().early_data = EarlyData::accepted;
  handshake.take_early_data(resumption.ticket.max_early_data);
  return handshake.start_reading(suite.aead, resumption.early->client_early(transcript.digest().view()));
}

Error take_end_of_early_data(Handshake& handshake, const Message& message, const Suite& suite,
                             const RecordKeys& client_handshake, Transcript& transcript) {
  if (!message.body.empty()) return Error::malformed_message;
  handshake.end_early_data();
  transcript.add(message.whole);
  return handshake.start_reading(suite.aead, client_handshake);
}

std::uint64_t ticket_protocol(std::string_view protocol) {
  if (protocol.empty()) return 0;
  std::array<std::uint8_t, 32> digest;
  crypto::Hash hash(crypto::HashId::sha256);
  hash.update(as_bytes(protocol));
  hash.finish(digest);
  return load_be64(digest.data());
}

}  // namespace handsel::tls
