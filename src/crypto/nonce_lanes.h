#pragma once
/// ECDSA's nonces for a batch of signatures (RFC 6979 with SHA-256), one a lane.

#include <span>

#include "crypto/lane_bytes.h"

namespace handsel::crypto {

/// What derive_nonce() of ecdsa.h takes: 32 bytes each.
struct NonceSeed {
  Bytes key, digest, extra;
};

/// The same numbers as derive_nonce()'s, for at most kKernelLanes seeds, into the first lanes of `nonces`. Only for
/// processors on which cpu_runs_avx512_ifma().
void derive_nonces(std::span<const NonceSeed> seeds, LaneBytes& nonces);

}  // namespace handsel::crypto
