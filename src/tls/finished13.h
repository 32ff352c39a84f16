#pragma once
/// How either side of TLS 1.3 proves that it holds the keys: Finished (RFC 8446 4.4.4).

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "tls/inbox.h"
#include "tls/key_schedule13.h"
#include "tls/transcript.h"

namespace handsel::tls {

/// Compares the peer's Finished with what its key makes of the transcript up to there.
Error check_finished13(const Message& message, const FinishedKey& key, const Transcript& transcript);

/// Writes ours, whole, and adds it to the transcript.
Bytes write_finished13(MutableBytes out, const FinishedKey& key, Transcript& transcript);

}  // namespace handsel::tls
