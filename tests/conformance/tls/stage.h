#pragma once
/// Plays one case: two ends over memory, the rules between them, and what is expected of the engine.

#include "script.h"

namespace handsel::tls::conformance {

/// Throws std::runtime_error that says what was otherwise than the case has it.
void play(const Case& script);

}  // namespace handsel::tls::conformance
