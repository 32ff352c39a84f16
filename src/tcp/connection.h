#pragma once
/// One TCP connection as a state machine without I/O (RFC 9293). Segments, time and bytes go in as values;
/// what to send, when to wake and what became of the connection come out as values.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/chunk_pool.h"
#include "base/drop.h"
#include "base/time.h"
#include "wire/tcp.h"

namespace handsel::tcp {

/// RFC 9293 3.3.2.
enum class State : std::uint8_t {
  closed, listen, syn_sent, syn_received, established, fin_wait_1, fin_wait_2, close_wait, closing, last_ack, time_wait,
};
std::string_view name_of(State state);

/// What a connection is told once, when it is made.
struct Config {
  std::uint16_t mss = 1460;              ///< largest payload we accept: MTU less IP and TCP headers (our MSS option)
  std::uint16_t path_mss = 1460;         ///< largest payload our own path carries
  std::size_t send_buffer_bytes = 256 * 1024;
  std::size_t receive_buffer_bytes = 256 * 1024;
  bool nagle = false;
  bool timestamps = true;
  bool sack = true;
  bool window_scaling = true;
  std::uint32_t timestamp_offset = 0;    ///< added to our TSval clock, by RFC 7323 5.4 random per connection
  Duration syn_timeout = std::chrono::seconds(30);    ///< half-open life
  Duration user_timeout = std::chrono::seconds(120);  ///< data unacknowledged for this long aborts (RFC 9293 3.8.3)
  Duration time_wait = std::chrono::seconds(60);      ///< 2 MSL
};

/// Why a connection is over.
enum class End : std::uint8_t { none, closed, reset_by_peer, aborted, timed_out, refused };

/// What a segment or a timer brought about.
struct Outcome {
  bool established = false;       ///< the handshake has just completed
  bool readable = false;          ///< readable() gives bytes
  bool peer_finished = false;     ///< the peer's FIN has just come into order
  bool acknowledged = false;      ///< SND.UNA moved: send_room() grew
  bool wants_output = false;      ///< next_segment() has something to say
  End ended = End::none;          ///< the connection has just left the synchronised states (or entered time_wait: see state())
  std::optional<Drop> dropped;    ///< why (part of) the segment was not taken
};

/// A segment to be sent. Ports are the caller's business and left zero.
struct OutSegment {
  wire::TcpHeader header;
  std::uint32_t payload_offset = 0;  ///< from SND.UNA's byte in the send queue
  std::uint32_t payload_bytes = 0;
  bool retransmission = false;
};

class Connection;  // see the brief: written by the tcp layer

}  // namespace handsel::tcp
