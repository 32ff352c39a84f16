#pragma once
/// What must not be left when a session has ended: memory of the pools, operations in the stage, secrets anywhere.

#include "ends.h"

namespace handsel::tls::conformance {

/// Fills a world's pools with zeros, so that everything else in them has been put there since.
void prepare_pools(test::World& world);

/// Throws std::runtime_error that says what of a failed session is still there, before it is destroyed: its own memory
/// holds no key, and its worker's neither.
void expect_no_secret_left(Listened& side, const Session& failed);

/// The same when the session is gone: pools are full, the stage is empty, the cache within its bound, every record's
/// key forgotten, and the handshakes' frames wiped. `frames_only_held_frames` is false where blocks of the pool have
/// held something public as well.
void expect_nothing_left(Listened& side, bool frames_only_held_frames);

}  // namespace handsel::tls::conformance
