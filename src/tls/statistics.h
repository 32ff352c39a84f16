#pragma once
/// What TLS counts: written by one worker, read by anyone.

#include <array>
#include <cstddef>

#include "base/counter.h"
#include "tls/alert.h"
#include "tls/early_data_refusal.h"
#include "tls/names.h"

namespace handsel::tls {

/// A handshake counts as started with its first record, and ends as completed, as failed (by Error) or as abandoned
/// (the session was destroyed before either).
struct Statistics {
  Counter handshakes_started;
  Counter handshakes_completed;
  Counter handshakes_abandoned;
  Counter handshakes_retried;                       ///< those with a HelloRetryRequest, sent or received
  Counter handshakes_resumed;                       ///< of the completed ones
  std::array<Counter, kErrors> handshakes_failed;   ///< by Error
  std::array<Counter, kErrors> connections_failed;  ///< by Error, after the handshake was complete

  Counter tickets_issued;
  Counter tickets_taken;
  Counter tickets_refused;  ///< not ours, expired, or for another name or suite: a full handshake followed

  Counter session_ids_issued;
  Counter session_ids_taken;
  Counter session_ids_refused;  ///< unknown, expired, or for another name or suite: a full handshake followed
  Counter session_ids_evicted;  ///< to make room for others

  Counter early_data_accepted;                                 ///< handshakes
  Counter early_data_bytes;                                    ///< received in them
  std::array<Counter, kEarlyDataRefusals> early_data_refused;  ///< handshakes, by EarlyDataRefusal

  Counter early_data_offered;   ///< handshakes, by clients
  Counter early_data_declined;  ///< of these: the server did not take it

  Counter tickets_kept;     ///< by clients
  Counter tickets_dropped;  ///< by clients: in pieces, too long, or without room for what they need

  Counter exporters_full;  ///< connections that cannot export although they should: the pool was empty

  // Completed handshakes, by the rows of names.h; the last row is for numbers without a name.
  std::array<Counter, kVersionNames.size() + 1> by_version;
  std::array<Counter, kSuiteNames.size() + 1> by_suite;
  std::array<Counter, kGroupNames.size() + 1> by_group;
  std::array<Counter, kSchemeNames.size() + 1> by_signature;
  /// Clients turned away because the newest version they speak is too old, by that version.
  std::array<Counter, kVersionNames.size() + 1> refused_version;

  Counter records_in;
  Counter records_out;
  Counter bytes_in;   ///< with record headers
  Counter bytes_out;  ///< with record headers
  Counter key_updates_in;
  Counter key_updates_out;
  std::array<Counter, 256> alerts_sent;      ///< by description
  std::array<Counter, 256> alerts_received;  ///< by description
};

}  // namespace handsel::tls
