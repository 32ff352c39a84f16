#pragma once
/// What the crypto stages have done, for `handsel crypto`: as JSON, and drawn for people.

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "crypto/stage.h"

namespace handsel::engine {

/// An object a kind of operation, summed over the stages, all of which have the same kernels: "kind", "kernel",
/// "lanes", "operations", "batches", "failures", "refused", "cycles", "fill" (how many batches had 1, 2, … lanes
/// filled), "wait_p50_ns", "wait_p99_ns". Control thread; the stages go on meanwhile.
nlohmann::json crypto_kinds(std::span<const crypto::Stage* const> stages);

/// An object a bank: "kind", "level", "capacity", "filled", "taken", "empty", "spoiled", "cycles", summed likewise.
nlohmann::json crypto_banks(std::span<const crypto::Stage* const> stages);

/// The engine's answer to "crypto" in at most 80 columns: a line each for "kernels", "available", "records" and
/// "runs", then a table of the "kinds" that were asked for, and one of
/// the "banks".
std::string render_crypto(const nlohmann::json& answer);

}  // namespace handsel::engine
