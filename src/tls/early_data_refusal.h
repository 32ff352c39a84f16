#pragma once
/// Why a server has not taken the early data that a client sent: what statistics count.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace handsel::tls {

// X(identifier, text)
#define HANDSEL_TLS_EARLY_DATA_REFUSALS(X)                                                   \
  X(disabled, "the configuration does not allow it")                                         \
  X(retried, "a HelloRetryRequest was necessary")                                            \
  X(not_resumed, "no ticket was taken")                                                      \
  X(not_first, "the ticket taken is not the first of those offered")                         \
  X(not_allowed, "the ticket does not allow it")                                             \
  X(other_suite, "the ticket's cipher suite is another one")                                 \
  X(other_protocol, "the ticket's application protocol is another one")                      \
  X(other_worker, "another worker has issued the ticket, or this one before it was started") \
  X(stale, "the ClientHello has been on its way for too long, by its ticket's age")          \
  X(replayed, "the same ClientHello has brought early data before")                          \
  X(guard_full, "no room to remember the ClientHello")

enum class EarlyDataRefusal : std::uint8_t {
  none,
#define X(name, text) name,
  HANDSEL_TLS_EARLY_DATA_REFUSALS(X)
#undef X
};

inline constexpr std::size_t kEarlyDataRefusals = 1
#define X(name, text) +1
    HANDSEL_TLS_EARLY_DATA_REFUSALS(X)
#undef X
    ;

/// "replayed" and so on; "none".
std::string_view name_of(EarlyDataRefusal refusal);
/// The reason for a person.
std::string_view explain(EarlyDataRefusal refusal);

}  // namespace handsel::tls
