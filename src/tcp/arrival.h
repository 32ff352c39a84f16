#pragma once
/// A segment on its way through the connection. Internal to the tcp layer.

#include "tcp/connection.h"

namespace handsel::tcp {

/// What is left of the segment after each check has taken its part, and what came of it.
struct Connection::Arrival {
  const wire::TcpHeader& header;
  Bytes payload;
  wire::SeqNum seq;  // of the payload's first byte (a SYN's number is behind us by then)
  std::uint8_t flags;
  std::uint8_t ip_ecn;
  Instant now;
  bool window_changed = false;
  Outcome out{};

  bool has(wire::TcpFlag flag) const { return (flags & flag) != 0; }
  void drop(wire::TcpFlag flag) { flags = static_cast<std::uint8_t>(flags & ~flag); }
  /// SEG.LEN
  std::uint32_t length() const {
    return static_cast<std::uint32_t>(payload.size()) + (has(wire::kSyn) ? 1 : 0) + (has(wire::kFin) ? 1 : 0);
  }
  wire::SeqNum end() const { return seq + length(); }
};

}  // namespace handsel::tcp
