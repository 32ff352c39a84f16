#pragma once
/// Recorded handshakes as the control socket's answer to `trace`. Control thread.

#include <nlohmann/json_fwd.hpp>

#include "flow/trace.h"

namespace handsel::engine {

/// One recorded flow: {"id", "client", "server", "worker", "handshake_ms", "tls": {…}, "events": […]}; the shape that
/// engine/ladder.h reads.
nlohmann::json to_json(const flow::TraceRecord& record, std::uint64_t id);

}  // namespace handsel::engine
