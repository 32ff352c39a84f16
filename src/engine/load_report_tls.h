#pragma once
/// The part of a load run's report that is about TLS, drawn from the engine's own counters. Control thread.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "engine/stats_json.h"

namespace handsel::engine {

/// Lines for the table: handshakes, what was agreed on, what went wrong and what may help.
std::string render_load_tls(const NamedGroups& engine);
/// The same as one object; README describes its names, which stay.
nlohmann::json load_tls_json(const NamedGroups& engine);

}  // namespace handsel::engine
