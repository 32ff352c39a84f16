#pragma once
/// A recorded handshake drawn for people: one line a segment, sequence numbers from X and Y, the ISNs of the two sides.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace handsel::engine {

/// A segment as the engine saw it.
struct LadderEvent {
  std::int64_t t_ns = 0;  ///< since the flow's first segment
  bool received = true;   ///< from the client
  std::string flags;      ///< "SYN ACK"
  std::uint32_t seq = 0;
  std::optional<std::uint32_t> ack;
  std::uint32_t payload_bytes = 0;
  std::uint32_t window = 0;      ///< as on the wire
  std::string options;           ///< "mss=1460 ws=7 sack ts"
  std::vector<std::string> tls;  ///< "ClientHello", in order
  std::string drop;              ///< the reason's name; empty: taken
  bool retransmission = false;
};

/// A flow and what was recorded of it.
struct Ladder {
  std::uint64_t id = 0;
  std::string client;  ///< "10.77.0.1:51234"
  std::string server;
  unsigned worker = 0;
  std::optional<double> handshake_ms;
  std::string tls;  ///< "TLS 1.3 X25519 TLS_AES_128_GCM_SHA256"; empty: plain TCP or not agreed
  std::string server_name;
  std::uint64_t events_lost = 0;
  std::vector<LadderEvent> events;
};

/// Reads the control socket's answer to `trace`, {"traces": [...]}. The error names the member that is not as agreed.
std::expected<std::vector<Ladder>, std::string> ladders_from_json(const nlohmann::json& answer);

/// The drawing. Every line of a ladder is equally wide: at least `min_columns`, more when a segment says more.
std::string render_ladder(const Ladder& ladder, std::size_t min_columns = 85);

}  // namespace handsel::engine
